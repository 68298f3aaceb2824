"""A payment method as Stripe shows it, and which card a request describes."""

from datetime import timedelta
from typing import Any

from portal.clock import from_epoch
from portal.sandbox import lookup
from portal.sandbox.fields import ADDRESS
from portal.sandbox.ids import fingerprint
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.cards import Card, Decline, card_behind, card_numbered
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# The brands that Stripe displays under a longer name.
_DISPLAYED = {"amex": "american_express", "diners": "diners_club", "unionpay": "union_pay"}


def asked_card(asked: StripeObject) -> Card:
    """The test card that a request describes."""
    if "number" in asked:
        card = card_numbered(asked["number"])
        missing = next((name for name in ("exp_month", "exp_year") if name not in asked), None)
        if missing is not None:
            raise Refused(
                f"Missing required param: card[{missing}].",
                code="parameter_missing",
                param=f"card[{missing}]",
            )
    else:
        card = card_behind(asked.get("token", ""))
        if card is None:
            raise lookup.no_such("token", asked.get("token", ""), param="card[token]")
    if card is None:
        raise Refused(
            "Your card number is incorrect.",
            status=402,
            type="card_error",
            code="incorrect_number",
            param="number",
        )
    return card


def new_payment_method(store: Store, card: Card) -> StripeObject:
    """A card that nobody has yet.

    `_charge` is why a charge will fail, None if it will not; `_after_consent` why it fails even
    when the holder consented; `_refused` why a setup of it fails.
    """
    expires = from_epoch(store.now()) + timedelta(days=365)
    details = _card(card, expires.month, expires.year)
    return method_of_kind(store, "card", details) | {
        "_after_consent": _reason(card.after_consent),
        "_asks_once": card.asks_once,
        "_charge": _reason(card.charge),
        "_refused": _reason(card.attach),
    }


def method_of_kind(store: Store, kind: str, details: StripeObject) -> StripeObject:
    """A payment method of any kind that nobody has yet; `details` are told under its name."""
    return {
        "id": store.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": dict.fromkeys(ADDRESS),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        kind: details,
        "created": store.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "shared_payment_granted_token": None,
        "type": kind,
        "_detached": False,
    }


def _reason(decline: Decline | None) -> StripeObject | None:
    return None if decline is None else {**decline.fields(), "message": decline.message}


def _card(card: Card, exp_month: int, exp_year: int) -> StripeObject:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": card.country,
        "display_brand": _DISPLAYED.get(card.brand, card.brand),
        "exp_month": exp_month,
        "exp_year": exp_year,
        # The same card has the same one, whoever's it is.
        "fingerprint": fingerprint(f"{card.brand}/{card.last4}"),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
