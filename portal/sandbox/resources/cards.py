"""Stripe's test cards: by number or as `pm_card_…` and `tok_…`, and what happens when they pay.

https://docs.stripe.com/testing#cards
"""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a card is refused, in the error's own fields."""

    code: str = "card_declined"
    decline_code: str | None = "generic_decline"
    message: str = "Your card was declined."
    advice_code: str | None = "try_again_later"
    network_decline_code: str | None = "01"

    def fields(self) -> dict[str, Any]:
        """The decline as fields of an error; what does not apply is left out."""
        found = {name: getattr(self, name) for name in self.__slots__ if name != "message"}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it shows, and why it is refused when attached or when charged.

    `asks_once`: once its holder has consented it is charged without asking. `after_consent`: why
    it is refused even then.
    """

    brand: str
    last4: str
    funding: str = "credit"
    country: str = "US"
    attach: Decline | None = None
    charge: Decline | None = None
    asks_once: bool = False
    after_consent: Decline | None = None


_VISA = Card("visa", "4242")
_GENERIC = Decline()
_NO_FUNDS = Decline(decline_code="insufficient_funds", message="Your card has insufficient funds.")
_NEEDS_AUTHENTICATION = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    None,
    None,
)


def _declined(last4: str, code: str, message: str) -> Card:
    """A visa that is refused with an error code of its own."""
    decline = Decline(code, None, message, None, None)
    return replace(_VISA, last4=last4, attach=decline, charge=decline)


def _refused(last4: str, decline_code: str, message: str = _GENERIC.message) -> Card:
    """A visa that is declined for a reason of its own."""
    decline = replace(_GENERIC, decline_code=decline_code, message=message)
    return replace(_VISA, last4=last4, attach=decline, charge=decline)


_CARDS = {
    "visa": _VISA,
    "us": _VISA,
    "visa_debit": Card("visa", "5556", "debit"),
    "mastercard": Card("mastercard", "4444"),
    "mastercard_debit": Card("mastercard", "8210", "debit"),
    "mastercard_prepaid": Card("mastercard", "5100", "prepaid"),
    "amex": Card("amex", "8431"),
    "discover": Card("discover", "9424"),
    "diners": Card("diners", "0004"),
    "jcb": Card("jcb", "0505"),
    "unionpay": Card("unionpay", "0005"),
    "gb": Card("visa", "0000", country="GB"),
    "de": Card("visa", "0016", country="DE"),
    "fr": Card("visa", "0003", country="FR"),
    "chargeDeclined": _refused("0002", "generic_decline"),
    "chargeDeclinedInsufficientFunds": _refused(
        "9995", "insufficient_funds", "Your card has insufficient funds."
    ),
    "chargeDeclinedLostCard": _refused("9987", "lost_card"),
    "chargeDeclinedStolenCard": _refused("9979", "stolen_card"),
    "chargeDeclinedVelocityLimitExceeded": _refused(
        "6975",
        "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its "
        "amount limit.",
    ),
    "chargeDeclinedExpiredCard": _declined("0069", "expired_card", "Your card has expired."),
    "chargeDeclinedIncorrectCvc": _declined(
        "0127", "incorrect_cvc", "Your card's security code is incorrect."
    ),
    "chargeDeclinedProcessingError": _declined(
        "0119", "processing_error", "An error occurred while processing your card. Try again."
    ),
    "chargeCustomerFail": replace(_VISA, last4="0341", charge=_GENERIC),
    "authenticationRequiredOnSetup": replace(
        _VISA, last4="3155", charge=_NEEDS_AUTHENTICATION, asks_once=True
    ),
    "authenticationRequired": replace(_VISA, last4="3184", charge=_NEEDS_AUTHENTICATION),
    "authenticationRequiredChargeDeclinedInsufficientFunds": replace(
        _VISA, last4="3178", charge=_NEEDS_AUTHENTICATION, after_consent=_NO_FUNDS
    ),
    "threeDSecure2Required": replace(_VISA, last4="3220", charge=_NEEDS_AUTHENTICATION),
    "threeDSecureRequiredChargeDeclined": replace(
        _VISA, last4="1629", charge=_NEEDS_AUTHENTICATION, after_consent=_GENERIC
    ),
}
_NUMBERS = {
    "4242424242424242": "visa",
    "4000056655665556": "visa_debit",
    "5555555555554444": "mastercard",
    "5200828282828210": "mastercard_debit",
    "5105105105105100": "mastercard_prepaid",
    "371449635398431": "amex",
    "378282246310005": "amex",
    "6011000990139424": "discover",
    "6011111111111117": "discover",
    "3056930009020004": "diners",
    "3566002020360505": "jcb",
    "6200000000000005": "unionpay",
    "4000008260000000": "gb",
    "4000002760000016": "de",
    "4000002500000003": "fr",
    "4000000000000002": "chargeDeclined",
    "4000000000009995": "chargeDeclinedInsufficientFunds",
    "4000000000009987": "chargeDeclinedLostCard",
    "4000000000009979": "chargeDeclinedStolenCard",
    "4000000000006975": "chargeDeclinedVelocityLimitExceeded",
    "4000000000000069": "chargeDeclinedExpiredCard",
    "4000000000000127": "chargeDeclinedIncorrectCvc",
    "4000000000000119": "chargeDeclinedProcessingError",
    "4000000000000341": "chargeCustomerFail",
    "4000002500003155": "authenticationRequiredOnSetup",
    "4000002760003184": "authenticationRequired",
    "4000008260003178": "authenticationRequiredChargeDeclinedInsufficientFunds",
    "4000000000003220": "threeDSecure2Required",
    "4000008400001629": "threeDSecureRequiredChargeDeclined",
}


def card_behind(token: str) -> Card | None:
    """The card behind `pm_card_visa` or `tok_visa`, or None when there is no such token."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            name = token.removeprefix(prefix)
            # Stripe spells most declined cards with the brand, and used to without.
            return _CARDS.get(name) or _CARDS.get(name.removeprefix("visa_"))
    return None


def card_numbered(number: str) -> Card | None:
    """The test card with this number, or None; a real card's number is never taken."""
    digits = number.replace(" ", "")
    name = _NUMBERS.get(digits)
    return replace(_CARDS[name], last4=digits[-4:]) if name else None
