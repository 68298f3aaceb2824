"""`python -m portal rate PRICE.json QUANTITY`: what Stripe bills for a quantity at a price."""

import json
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from portal.rating.rate import RatedAmount, RatedLine

_STDIN = "-"


def register(app: typer.Typer) -> None:
    """Add the command. A quantity below zero must not be taken for an option."""
    app.command(context_settings={"ignore_unknown_options": True})(rate)


def rate(
    price: Annotated[
        str,
        typer.Argument(
            metavar="PRICE.json",
            help="A Stripe price, its tiers expanded; - is the standard input.",
        ),
    ],
    quantity: Annotated[
        str, typer.Argument(metavar="QUANTITY", help="How much was used: 1500, 0.25.")
    ],
    currency: Annotated[
        str | None, typer.Option(help="One of the price's currency_options instead of its own.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As data, one object.")] = False,
) -> None:
    """Show the invoice lines of a quantity, each rounded, and their total in minor units.

    The lines are Stripe's, in Stripe's order. Below zero a quantity is billed as 0.
    """
    from portal.rating.price import price_from_stripe
    from portal.rating.rate import rate as rate_price

    rated = rate_price(price_from_stripe(_read_price(price), currency), _quantity(quantity))
    typer.echo(json.dumps(_as_data(rated)) if as_json else _as_text(rated))


def _quantity(text: str) -> Decimal:
    try:
        quantity = Decimal(text)
    except InvalidOperation:
        quantity = Decimal("NaN")
    if not quantity.is_finite():
        raise typer.BadParameter(
            f"{text!r} is no quantity. Give a number such as 1500 or 0.25.", param_hint="QUANTITY"
        )
    return quantity


def _read_price(path: str) -> dict[str, Any]:
    from portal.errors import InvalidInput

    name = "The standard input" if path == _STDIN else path
    next_step = "Give a price as Stripe's API returns it: GET /v1/prices/price_…?expand[]=tiers."
    try:
        # Decimals that are written as numbers keep their digits.
        found = json.loads(_text(path), parse_float=Decimal)
    except ValueError as error:
        raise InvalidInput(f"{name} is no JSON: {error}.", next_step=next_step) from None
    kind = found.get("object", "price") if isinstance(found, dict) else type(found).__name__
    if kind != "price":
        raise InvalidInput(f"{name} holds no price but a {kind}.", next_step=next_step)
    return dict(found)


def _text(path: str) -> str:
    if path == _STDIN:
        return sys.stdin.read()
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(
            f"{path} cannot be read: {error.strerror}.", param_hint="PRICE"
        ) from None


def _as_data(rated: "RatedAmount") -> dict[str, object]:
    return {"lines": [_line_data(line) for line in rated.lines], "total": rated.amount}


def _line_data(line: "RatedLine") -> dict[str, object]:
    return {
        "quantity": f"{line.quantity:f}",
        "unit_amount_decimal": _digits(line.unit_amount_decimal),
        "flat_amount_decimal": _digits(line.flat_amount_decimal),
        "amount": line.amount,
    }


def _digits(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _as_text(rated: "RatedAmount") -> str:
    """The explanation on the left, each line's amount in minor units on the right."""
    from portal.rating.explain import explain

    rows = explain(rated)
    # A row about the quantity itself has no amount.
    blanks = len(rows) - len(rated.lines)
    amounts = [*[""] * blanks, *(str(line.amount) for line in rated.lines)]
    table = [*zip(rows, amounts, strict=True), (f"total, {rated.price.currency}", rated.amount)]
    width = max(len(row) for row, _ in table)
    return "\n".join(f"{row:<{width}}  {amount:>12}".rstrip() for row, amount in table)
