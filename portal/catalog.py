"""What the vendor sells, as catalog.toml says it: meters, plans and add-ons as frozen values.

Reading only; nothing here knows Stripe's ids. Amounts are in minor units, like everywhere.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from portal.errors import Misconfigured
from portal.money import exponent

Table = dict[str, Any]
_Part = TypeVar("_Part")
FORMULAS = ("sum", "count", "last")
# https://docs.stripe.com/api/prices/create
_MOST_DECIMALS = 12


class CatalogMissing(Misconfigured):
    """There is no catalog file."""


class CatalogInvalid(Misconfigured):
    """The catalog says something that cannot be used; the message says where."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"The catalog's {where} {problem}.", next_step="Mend catalog.toml.")


@dataclass(frozen=True, slots=True)
class Vendor:
    """Whose portal this is, and where its links lead."""

    name: str
    status_url: str
    help_url: str
    privacy_url: str


@dataclass(frozen=True, slots=True)
class CatalogMeter:
    """How a meter is called and counted; a shown price is for `price_per` units."""

    event_name: str
    display_name: str
    unit_label: str
    unit_label_plural: str
    formula: str
    price_per: int
    visible: bool


@dataclass(frozen=True, slots=True)
class CatalogTier:
    """One graduated tier, `up_to` inclusive, None for the open last one."""

    up_to: int | None
    unit_amount_decimal: Decimal


@dataclass(frozen=True, slots=True)
class UsagePrice:
    """What a plan's usage of one meter costs."""

    event_name: str
    lookup_key: str
    tiers: tuple[CatalogTier, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan or an add-on: `amount` a month in advance; add-ons have no usage of their own."""

    key: str
    name: str
    product_name: str
    lookup_key: str
    amount: int
    usage: tuple[UsagePrice, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The whole offer, each part in the order of the file."""

    currency: str
    vendor: Vendor
    meters: tuple[CatalogMeter, ...]
    plans: tuple[Plan, ...]
    add_ons: tuple[Plan, ...]

    def meter(self, event_name: str) -> CatalogMeter:
        """What the catalog says of a meter; one that it does not list is shown plainly."""
        for meter in self.meters:
            if meter.event_name == event_name:
                return meter
        return CatalogMeter(event_name, event_name, "unit", "units", "sum", 1, visible=True)


def load_catalog(path: Path) -> Catalog:
    """Read the file; raises CatalogMissing or CatalogInvalid with the place and the mend."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogMissing(
            f"The catalog {path} cannot be read.",
            next_step="Set PORTAL_CATALOG to where it is.",
        ) from error
    return parse_catalog(text)


def parse_catalog(text: str) -> Catalog:
    """The catalog that a TOML text describes; raises CatalogInvalid."""
    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogInvalid("text", f"is no TOML: {error}") from error
    currency = _text(root, "currency", "root")
    meters = _each(root, "meters", _meter)
    offers = _Offers(currency, {meter.event_name: meter for meter in meters})
    return Catalog(
        currency=currency,
        vendor=_vendor(root.get("vendor") or {}),
        meters=meters,
        plans=_each(root, "plans", offers.plan),
        add_ons=_each(root, "add_ons", offers.add_on),
    )


@dataclass(frozen=True, slots=True)
class _Offers:
    """Reads plans and add-ons, for which the currency and the meters must be known."""

    currency: str
    meters: dict[str, CatalogMeter]

    def plan(self, table: Table, where: str) -> Plan:
        key, name = _text(table, "key", where), _text(table, "name", where)
        usage = tuple(
            self._usage(part, key, f"{where}.usage[{position}]")
            for position, part in enumerate(table.get("usage", ()))
        )
        return Plan(key, name, f"{name} plan", f"{key}_plan", self._fee(table, where), usage)

    def add_on(self, table: Table, where: str) -> Plan:
        key, name = _text(table, "key", where), _text(table, "name", where)
        return Plan(key, name, name, key, self._fee(table, where), ())

    def _usage(self, table: Table, plan: str, where: str) -> UsagePrice:
        event_name = _text(table, "meter", where)
        meter = self.meters.get(event_name)
        if meter is None:
            raise CatalogInvalid(f"{where}.meter", f"names {event_name!r}, which is no meter")
        tiers = tuple(
            self._tier(tier, meter, f"{where}.tiers[{position}]")
            for position, tier in enumerate(table.get("tiers", ()))
        )
        _check_order([tier.up_to for tier in tiers], f"{where}.tiers")
        slug = meter.display_name.lower().replace(" ", "_")
        return UsagePrice(event_name, f"{plan}_{slug}", tiers)

    def _tier(self, table: Table, meter: CatalogMeter, where: str) -> CatalogTier:
        unit_amount = self._amount(table, "price", where) / meter.price_per
        if unit_amount != round(unit_amount, _MOST_DECIMALS):
            raise CatalogInvalid(
                f"{where}.price", f"per {meter.price_per} needs more than 12 decimals for one unit"
            )
        return CatalogTier(table.get("up_to"), unit_amount)

    def _fee(self, table: Table, where: str) -> int:
        amount = self._amount(table, "amount", where)
        if amount != int(amount):
            raise CatalogInvalid(f"{where}.amount", f"is finer than {self.currency} is")
        return int(amount)

    def _amount(self, table: Table, name: str, where: str) -> Decimal:
        """An amount in whole currency units, as minor ones."""
        try:
            amount = Decimal(_text(table, name, where))
        except InvalidOperation:
            raise CatalogInvalid(f"{where}.{name}", 'is no amount such as "0.40"') from None
        return amount * Decimal(10) ** exponent(self.currency)


def _check_order(bounds: list[int | None], where: str) -> None:
    *closed, last = bounds or [0]
    if last is not None or None in closed:
        raise CatalogInvalid(where, "must end, and only end, in an open tier")
    floor = 0
    for bound in closed:
        if bound is None or bound <= floor:
            raise CatalogInvalid(where, f"must rise from tier to tier, not {floor} to {bound}")
        floor = bound


def _meter(table: Table, where: str) -> CatalogMeter:
    formula = _text(table, "formula", where)
    if formula not in FORMULAS:
        raise CatalogInvalid(f"{where}.formula", f"is {formula!r}; Stripe has {FORMULAS}")
    label = _text(table, "unit_label", where)
    return CatalogMeter(
        event_name=_text(table, "event_name", where),
        display_name=_text(table, "display_name", where),
        unit_label=label,
        unit_label_plural=table.get("unit_label_plural", label),
        formula=formula,
        price_per=int(table.get("price_per", 1)),
        visible=bool(table.get("visible", True)),
    )


def _vendor(table: Table) -> Vendor:
    links = [str(table.get(name, "")) for name in ("status_url", "help_url", "privacy_url")]
    return Vendor(_text(table, "name", "vendor"), *links)


def _each(table: Table, name: str, read: Callable[[Table, str], _Part]) -> tuple[_Part, ...]:
    parts = table.get(name, [])
    return tuple(read(part, f"{name}[{position}]") for position, part in enumerate(parts))


def _text(table: Table, name: str, where: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise CatalogInvalid(f"{where}.{name}", "is missing or no text")
    return value
