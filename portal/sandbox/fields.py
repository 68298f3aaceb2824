"""An object's fields: made of a request's values, written as Stripe writes them, or kept inside."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from portal.sandbox.refusals import Refused

StripeObject = dict[str, Any]
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
# https://docs.stripe.com/metadata
_MOST_KEYS, _LONGEST_KEY, _LONGEST_VALUE = 50, 40, 500
_MOST_DECIMALS = 12


def given(params: StripeObject, names: Iterable[str]) -> StripeObject:
    """Those of the fields that the request names; an empty text clears its field."""
    return {name: params[name] if params[name] != "" else None for name in names if name in params}


def visible(obj: Mapping[str, Any]) -> StripeObject:
    """The object without the fields that are the sandbox's own (docs/sandbox-store.md)."""
    return {name: value for name, value in obj.items() if not name.startswith("_")}


def check_not_emptied(params: StripeObject, *names: str) -> None:
    """Refuse an empty text for a field that cannot be without one."""
    for name in names:
        if params.get(name) == "":
            raise Refused(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt "
                f"to unset a field; however '{name}' cannot be unset. You should remove '{name}' "
                "from your request or supply a non-empty value.",
                code="parameter_invalid_empty",
                param=name,
            )


def group(value: Any, names: Iterable[str], known: Mapping[str, Any] | None = None) -> Any:
    """A nested object with every one of its fields, or None when it was cleared."""
    if value in ("", None):
        return None
    return {name: value.get(name, (known or {}).get(name)) or None for name in names}


def merged_metadata(known: Mapping[str, str], asked: Any) -> dict[str, str]:
    """Metadata after a request: keys are set one by one, an empty value takes its key away."""
    if asked == "":
        return {}
    merged = {**known, **(asked or {})}
    kept = {key: value for key, value in merged.items() if value != ""}
    for key, value in kept.items():
        _check_length(key, key, "keys", _LONGEST_KEY)
        _check_length(key, value, "values", _LONGEST_VALUE)
    if len(kept) > _MOST_KEYS:
        raise Refused(f"Metadata can have at most {_MOST_KEYS} keys.", param="metadata")
    return kept


def amount_fields(params: StripeObject, name: str, param: str = "") -> StripeObject:
    """`unit_amount` and `unit_amount_decimal` (or `flat_…`) from whichever of them was given.

    The whole one is None when the decimal one is not whole.
    """
    where = f"{param}[{name}]" if param else name
    whole, exact = params.get(name), params.get(f"{name}_decimal")
    if whole is not None and exact is not None:
        raise Refused(
            f"You may only specify one of these parameters: {name}, {name}_decimal.", param=where
        )
    given_amount = exact if whole is None else whole
    if given_amount is None:
        return {name: None, f"{name}_decimal": None}
    amount = Decimal(given_amount)
    if amount < 0:
        raise Refused("This value must be greater than or equal to 0.", param=where)
    if -int(amount.as_tuple().exponent) > _MOST_DECIMALS:
        raise Refused(
            f"Invalid decimal: {amount}; it may have at most {_MOST_DECIMALS} decimal places.",
            param=f"{where}_decimal",
        )
    is_whole = amount == amount.to_integral_value()
    return {name: int(amount) if is_whole else None, f"{name}_decimal": decimal_text(amount)}


def decimal_text(value: Decimal) -> str:
    """A decimal as Stripe writes it: every digit, no exponent, no zeros at the end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _check_length(key: str, text: str, what: str, longest: int) -> None:
    if len(text) > longest:
        raise Refused(
            f"Metadata {what} can be at most {longest} characters long; '{key}' is too long.",
            param=f"metadata[{key}]",
        )
