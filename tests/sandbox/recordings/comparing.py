"""What of an answer must be as recorded, and how a difference is told.

Keys, JSON types, amounts, words and texts must be the same; ids stand for each other; times must
lie in the same relation. The few exceptions are listed here, each with its reason.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from tests.sandbox.recordings.spans import is_time, same_spans

Json = dict[str, Any]
# An id is drawn by lot, so there is more in it than small letters; `if_required` is a word.
_ID = re.compile(r"[a-z]+(_[a-z]+)*_(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{8,}")
_DATE = re.compile(r"\b\d{1,2} [A-Z][a-z]{2} \d{4}\b")
# Pages that Stripe serves for a vendor; ours are at the sandbox's address.
_PAGE = re.compile(r"https://(billing|checkout|dashboard|hooks|invoice|pay)\.stripe\.com/")
_OURS = re.compile(r"https?://")

# What the account or the moment decides. Only the JSON type is compared.
_OF_THE_ACCOUNT = {
    "*account_name": "the vendor's own name",
    "*calculated_statement_descriptor": "made of the vendor's own name",
    "*authorization_code": "the card network's",
    "*network_transaction_id": "the card network's",
    "*risk_score": "Stripe Radar's, different each time",
    "*fingerprint": "a hash of Stripe's own",
    "*.times_redeemed": "how often the account has redeemed the coupon",
    "*exp_month": "a year from when the card was made",
    "*exp_year": "a year from when the card was made",
    "*invoice_prefix": "drawn by lot",
    "*client_secret": "drawn by lot",
    "*.available_on": "a date at midnight, whatever the hour of the charge",
    "*.electronic_commerce_indicator": "the card network's",
}
# Not compared at all.
_ELSEWHERE = {
    "*application": "recorded by an application that acts for other accounts (Connect)",
    "*payment_method_types": "the ways to pay that the account has switched on",
    "*payment_method_options": "the ways to pay that the account has switched on",
    "*payment_method_configuration_details": "the ways to pay that the account has switched on",
    "*use_stripe_sdk": "for Stripe's own browser library only; its shape may change any time",
    "*rendering.pdf.page_size": "the paper that the account prints on",
}


class Comparison:
    """Compares an answer with the recorded one; fills `ids` with what stands for what."""

    def __init__(self, ids: dict[str, str]) -> None:
        self._ids = ids

    def differences(self, recorded: Any, ours: Any, path: str = "") -> Iterator[str]:
        """Every difference as a sentence, the whole answer through."""
        if _is_listed(_ELSEWHERE, path):
            return
        if _json_type(recorded) != _json_type(ours):
            yield f"{path}: {_short(ours)} instead of {_short(recorded)}"
        elif isinstance(recorded, dict):
            yield from self._in_object(recorded, ours, path)
        elif isinstance(recorded, list):
            yield from self._in_list(recorded, ours, path)
        elif not _is_listed(_OF_THE_ACCOUNT, path) and not self._is_same(recorded, ours, path):
            yield f"{path}: {_short(ours)} instead of {_short(recorded)}"

    def _in_object(self, recorded: Json, ours: Json, path: str) -> Iterator[str]:
        if "object" in recorded or not path:
            yield from same_spans(_times(recorded), _times(ours), path)
        for name, value in recorded.items():
            below = f"{path}.{name}"
            if name in ours:
                yield from self.differences(value, ours[name], below)
            elif not _is_listed(_ELSEWHERE, below):
                yield f"{below}: missing, instead of {_short(value)}"

    def _in_list(self, recorded: list[Any], ours: list[Any], path: str) -> Iterator[str]:
        if len(recorded) != len(ours):
            yield f"{path}: {len(ours)} entries instead of {len(recorded)}: {_short(ours)}"
        for position, (value, found) in enumerate(zip(recorded, ours, strict=False)):
            yield from self.differences(value, found, f"{path}[{position}]")

    def _is_same(self, recorded: Any, ours: Any, path: str) -> bool:
        if is_time(recorded):
            return is_time(ours)
        if not isinstance(recorded, str):
            return bool(recorded == ours)
        if _PAGE.match(recorded):
            return bool(_OURS.match(ours))
        if _ID.fullmatch(recorded):
            return self._is_counterpart(recorded, ours)
        # An id that a vendor has chosen may be a word that stands elsewhere for itself.
        return ours in (recorded, self._ids.get(recorded)) or self._is_same_text(
            recorded, ours, path
        )

    def _is_counterpart(self, recorded: str, ours: str) -> bool:
        """Whether our id stands for the recorded one: of its kind, for it alone, everywhere."""
        # Older versions cut the reference of an order off.
        recorded = next((known for known in self._ids if known.startswith(recorded)), recorded)
        if recorded not in self._ids:
            is_taken = ours in self._ids.values()
            if is_taken or recorded.rpartition("_")[0] != ours.rpartition("_")[0]:
                return False
        return self._ids.setdefault(recorded, ours) == ours

    def _is_same_text(self, recorded: str, ours: str, path: str) -> bool:
        return self._text(recorded, path) == _normal(ours, path)

    def _text(self, recorded: str, path: str) -> str:
        """A recorded text with our ids in the place of the recorded ones."""
        pieces = re.split(r"([\w-]+)", recorded)
        return _normal("".join(self._ids.get(piece, piece) for piece in pieces), path)


def _normal(text: str, path: str) -> str:
    """A text without what every moment or customer makes different."""
    if path.endswith(".number"):
        return text.rpartition("-")[2]
    return _DATE.sub("DATE", text)


def _times(obj: Json, inside: str = "") -> dict[str, int]:
    """The times of one object by their place; objects within it have times of their own."""
    found = {}
    for name, value in obj.items():
        if isinstance(value, dict) and "object" not in value:
            found |= _times(value, f"{inside}.{name}")
        elif is_time(value) and not _is_listed(_OF_THE_ACCOUNT, f"{inside}.{name}"):
            found[f"{inside}.{name}"] = value
    return found


def _is_listed(reasons: dict[str, str], path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in reasons)


def _json_type(value: Any) -> str:
    kinds: dict[type, str] = {bool: "boolean", int: "number", float: "number", str: "string"}
    return kinds.get(type(value), type(value).__name__)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 160 else f"{text[:160]}…"
