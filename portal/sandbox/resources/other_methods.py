"""Payment methods that are no cards: https://docs.stripe.com/api/payment_methods/object.

They are made and shown as Stripe does. The sandbox moves no money but that of cards, so nobody can
attach them or pay with them.
"""

from collections.abc import Callable
from typing import Any

from portal.sandbox.ids import fingerprint
from portal.sandbox.refusals import NotSupported, Refused

StripeObject = dict[str, Any]
# https://docs.stripe.com/payments/ideal
_BICS = {
    "abn_amro": "ABNANL2A",
    "asn_bank": "ASNBNL21",
    "bunq": "BUNQNL2A",
    "ing": "INGBNL2A",
    "knab": "KNABNL2H",
    "n26": "NTSBDEB1",
    "nn": "NNBANL2G",
    "rabobank": "RABONL2U",
    "regiobank": "RBRBNL21",
    "revolut": "REVOLT21",
    "sns_bank": "SNSBNL2A",
    "triodos_bank": "TRIONL2U",
    "van_lanschot": "FVLBNL22",
}
# Where an IBAN tells the bank and where the branch, https://www.iban.com/structure.
_BANK_AND_BRANCH = {
    "AT": (slice(4, 9), slice(0)),
    "BE": (slice(4, 7), slice(0)),
    "DE": (slice(4, 12), slice(0)),
    "DK": (slice(4, 8), slice(0)),
    "ES": (slice(4, 8), slice(8, 12)),
    "FI": (slice(4, 7), slice(0)),
    "FR": (slice(4, 9), slice(9, 14)),
    "IE": (slice(4, 8), slice(8, 14)),
    "IT": (slice(5, 10), slice(10, 15)),
    "LU": (slice(4, 7), slice(0)),
    "NL": (slice(4, 8), slice(0)),
    "PT": (slice(4, 8), slice(8, 12)),
}


def is_other(kind: str) -> bool:
    """Whether this is a kind of payment method, besides cards, that can be made here."""
    return kind in _DETAILS


def details_of(kind: str, params: StripeObject) -> StripeObject:
    """What is told of a payment method under the name of its kind."""
    if kind in _NOT_WITHOUT and kind not in params:
        raise Refused(f"Missing required param: {kind}.", code="parameter_missing", param=kind)
    return _DETAILS[kind](params.get(kind, {}))


def check_kind(kind: str, params: StripeObject) -> None:
    """Refuse what describes a payment method of another kind than the one that is asked for."""
    for name in ("card", *_DETAILS):
        if name in params and name != kind:
            raise Refused(f"You can only pass `{name}` with the type {name}.", param=name)


def require_card(payment_method: StripeObject, param: str = "payment_method") -> None:
    """Refuse what is no card: the sandbox cannot take money by it."""
    if payment_method["type"] != "card":
        raise NotSupported("This sandbox attaches and charges cards only.", param=param)


def _nothing(_asked: StripeObject) -> StripeObject:
    return {}


def _bank(asked: StripeObject) -> StripeObject:
    return {"bank": asked.get("bank")}


def _fpx(asked: StripeObject) -> StripeObject:
    return {"account_holder_type": "individual", "bank": asked["bank"]}


def _ideal(asked: StripeObject) -> StripeObject:
    bank = asked.get("bank")
    if bank is not None and bank not in _BICS:
        raise NotSupported(f"This sandbox does not know the bank {bank}.", param="ideal[bank]")
    return {"bank": bank, "bic": _BICS[bank] if bank else None}


def _sofort(asked: StripeObject) -> StripeObject:
    return {"country": asked["country"]}


def _boleto(asked: StripeObject) -> StripeObject:
    tax_id = asked["tax_id"]
    return {"fingerprint": fingerprint(f"boleto/{tax_id}"), "tax_id": tax_id}


def _acss_debit(asked: StripeObject) -> StripeObject:
    parts = [asked[name] for name in ("institution_number", "transit_number", "account_number")]
    return {
        "bank_name": "STRIPE TEST BANK",
        "fingerprint": fingerprint("/".join(["acss_debit", *parts])),
        "institution_number": parts[0],
        "last4": parts[2][-4:],
        "transit_number": parts[1],
    }


def _sepa_debit(asked: StripeObject) -> StripeObject:
    iban = asked["iban"].replace(" ", "").upper()
    if not _is_iban(iban):
        raise Refused(
            "The IBAN you entered is invalid.",
            code="invalid_bank_account_iban",
            param="sepa_debit[iban]",
        )
    country = iban[:2]
    if country not in _BANK_AND_BRANCH:
        raise NotSupported(f"This sandbox has no IBANs of {country}.", param="sepa_debit[iban]")
    bank, branch = _BANK_AND_BRANCH[country]
    return {
        "bank_code": iban[bank],
        "branch_code": iban[branch],
        "country": country,
        "fingerprint": fingerprint(f"sepa_debit/{iban}"),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": iban[-4:],
    }


def _is_iban(iban: str) -> bool:
    """Whether the check digits are right, by ISO 13616."""
    if not (iban.isascii() and iban.isalnum() and 15 <= len(iban) <= 34):
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


_DETAILS: dict[str, Callable[[StripeObject], StripeObject]] = {
    "acss_debit": _acss_debit,
    "afterpay_clearpay": _nothing,
    "alipay": _nothing,
    "bancontact": _nothing,
    "boleto": _boleto,
    "eps": _bank,
    "fpx": _fpx,
    "giropay": _nothing,
    "grabpay": _nothing,
    "ideal": _ideal,
    "oxxo": _nothing,
    "p24": _bank,
    "sepa_debit": _sepa_debit,
    "sofort": _sofort,
    "wechat_pay": _nothing,
}
# The kinds that nothing is known of without more being told.
_NOT_WITHOUT = ("acss_debit", "boleto", "fpx", "sepa_debit", "sofort")
OTHER_KINDS = " ".join(_DETAILS)
