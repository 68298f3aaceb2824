"""Which test card to pay with: https://docs.stripe.com/testing#cards."""

from typing import Any

from portal.sandbox.hosted.markup import Html, html
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.cards import card_behind

StripeObject = dict[str, Any]
_CHOICES = {
    "pm_card_visa": "Pays",
    "pm_card_mastercard": "Pays",
    "pm_card_amex": "Pays",
    "pm_card_authenticationRequired": "Asks for authentication every time",
    "pm_card_authenticationRequiredOnSetup": "Asks for authentication once",
    "pm_card_chargeCustomerFail": "Can be kept, is declined when charged",
    "pm_card_chargeDeclined": "Is declined",
    "pm_card_chargeDeclinedInsufficientFunds": "Has insufficient funds",
    "pm_card_chargeDeclinedExpiredCard": "Has expired",
}
_BRANDS = {"amex": "American Express", "jcb": "JCB", "unionpay": "UnionPay"}


def card_choice(known: list[StripeObject]) -> Html:
    """The customer's own cards, and a choice of test cards; the first card is marked."""
    own = [(one["id"], card_name(one), f"Expires {expiry(one)}") for one in known]
    tests = [(token, _token_name(token), what) for token, what in _CHOICES.items()]
    if not own:
        return _group("Test card", tests, marked=tests[0][0])
    return html(
        "{own}<details><summary>Use a test card</summary>{tests}</details>",
        own=_group("Your cards", own, marked=own[0][0]),
        tests=_group("Test card", tests),
    )


def chosen_card(form: StripeObject, known: list[StripeObject]) -> str:
    """The id or the token that the form names, if it is one of those that were offered."""
    wanted = str(form.get("card", ""))
    if wanted not in _CHOICES and wanted not in {one["id"] for one in known}:
        raise Refused("Choose one of the cards.")
    return wanted


def card_name(payment_method: StripeObject) -> str:
    """A card as people know it: `Visa ending 4242`."""
    card = payment_method["card"]
    return f"{_brand(card['brand'])} ending {card['last4']}"


def expiry(payment_method: StripeObject) -> str:
    """When a card runs out: `03 / 2028`."""
    card = payment_method["card"]
    return f"{card['exp_month']:02d} / {card['exp_year']}"


def _group(title: str, options: list[tuple[str, str, str]], marked: str | None = None) -> Html:
    rows = [
        html(
            '<label class="choice"><input type="radio" name="card" value="{value}"{checked}>'
            '<span class="choice-name">{name}</span><span class="choice-note">{what}</span>'
            "</label>",
            value=value,
            name=name,
            what=what,
            checked=Html(" checked") if value == marked else "",
        )
        for value, name, what in options
    ]
    return html(
        '<fieldset class="choices"><legend>{title}</legend>{rows}</fieldset>',
        title=title,
        rows=rows,
    )


def _token_name(token: str) -> str:
    card = card_behind(token)
    return f"{_brand(card.brand)} ending {card.last4}" if card else token


def _brand(word: str) -> str:
    return _BRANDS.get(word, word.capitalize())
