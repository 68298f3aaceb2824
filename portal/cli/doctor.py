"""`python -m portal doctor`: compare what Stripe will bill with our own rating, to the cent."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from portal.services.billing_drift import Checked, Drift
    from portal.settings import Settings
    from portal.stripe_gateway.client import Gateway
    from portal.stripe_gateway.facts import CustomerFacts
    from portal.stripe_gateway.next_bill.reads import NextBillReader

# Customers that are looked at together; the gateway's budget keeps the pace.
_AT_ONCE = 8


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    customer: Annotated[str | None, typer.Option(help="Only this customer: cus_…")] = None,
) -> None:
    """Compare Stripe's preview of every next invoice with our own rating, line by line.

    Changes nothing. Prints each difference with its customer, line and reason, and ends with 1 if
    there is one. What changes while it is read is told, but is no difference.
    """
    from portal.settings import read_settings

    raise typer.Exit(asyncio.run(_doctor(read_settings(), customer)))


@dataclass(frozen=True, slots=True)
class _Visit:
    """A customer and what was found; `failure` says why nothing could be."""

    customer: "CustomerFacts"
    checked: "Checked | None"
    failure: str = ""


async def _doctor(settings: "Settings", customer: str | None) -> int:
    from portal.cli.gateway import open_gateway

    visits = []
    async with open_gateway(settings) as gateway:
        async for visit in _visits(gateway, customer):
            visits.append(visit)
            for line in _findings(visit):
                typer.echo(line)
    typer.echo(_summary(visits))
    return 1 if any(_is_ill(visit) for visit in visits) else 0


async def _visits(gateway: "Gateway", customer: str | None) -> AsyncIterator[_Visit]:
    from portal.stripe_gateway.client import together
    from portal.stripe_gateway.next_bill.reads import NextBillReader

    reader, waiting = NextBillReader(gateway), []
    async for one in _customers(gateway, customer):
        waiting.append(one)
        if len(waiting) == _AT_ONCE:
            for visit in await together(_visit(reader, each) for each in waiting):
                yield visit
            waiting.clear()
    for visit in await together(_visit(reader, each) for each in waiting):
        yield visit


async def _customers(gateway: "Gateway", customer: str | None) -> AsyncIterator["CustomerFacts"]:
    from portal.errors import NotFound
    from portal.stripe_gateway.facts import Gone
    from portal.stripe_gateway.lists import list_every_customer
    from portal.stripe_gateway.reads import retrieve_customer

    if customer is None:
        async for one in list_every_customer(gateway):
            yield one
        return
    found = await retrieve_customer(gateway, customer)
    if isinstance(found, Gone):
        raise NotFound(f"Stripe has no customer {customer}.")
    yield found


async def _visit(reader: "NextBillReader", customer: "CustomerFacts") -> _Visit:
    from portal.errors import PortalError
    from portal.services.billing_drift import check

    try:
        return _Visit(customer, await check(reader, customer.id))
    except PortalError as error:
        return _Visit(customer, None, str(error))


def _findings(visit: _Visit) -> list[str]:
    name = f"{visit.customer.id} ({visit.customer.name or 'no name'})"
    if visit.checked is None:
        return [f"{name}: could not be checked: {visit.failure}"]
    if not visit.checked.is_settled:
        return [f"{name}: changed each time that it was read; look again later"]
    return [f"{name} {_drift_text(drift)}" for drift in visit.checked.drifts]


def _drift_text(drift: "Drift") -> str:
    found = drift.difference
    sides = f"Stripe says {found.stripe or 'nothing'}, we say {found.ours or 'nothing'}"
    return f"{drift.subscription}, {found.where}: {found.reason}: {sides}"


def _is_ill(visit: _Visit) -> bool:
    return visit.checked is None or bool(visit.checked.drifts)


def _summary(visits: list[_Visit]) -> str:
    invoices = sum(visit.checked.invoices for visit in visits if visit.checked)
    drifts = sum(len(visit.checked.drifts) for visit in visits if visit.checked)
    failures = sum(visit.checked is None for visit in visits)
    said = f"Compared {invoices} next invoices of {len(visits)} customers: {drifts} differences"
    return f"{said}, {failures} not checked." if failures else f"{said}."
