from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import from_epoch
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.subscription_updates import update_subscription
from tests.sandbox.billing.company import Company, at

JANUARY, FEBRUARY = at(2026, 1, 1), at(2026, 2, 1)
GRACE = 3600
# What a preview cannot know or is dated differently.
_OF_THE_REAL_ONE = frozenset(
    "attempt_count attempted amount_paid amount_remaining auto_advance automatically_finalizes_at "
    "billing_reason effective_at ending_balance hosted_invoice_url id invoice_pdf lines "
    "next_payment_attempt number status status_transitions webhooks_delivered_at".split()
)


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(JANUARY))


def test_a_preview_is_a_draft_dated_at_the_renewal(company: Company) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.metered(company.meter()), company.licensed())
    company.use(customer, 300)

    preview = company.preview(subscription)

    assert preview["id"].startswith("upcoming_in_")
    assert (preview["status"], preview["billing_reason"]) == ("draft", "upcoming")
    assert (preview["created"], preview["period_start"]) == (FEBRUARY, JANUARY)
    assert preview["next_payment_attempt"] == FEBRUARY + GRACE
    assert [(line["amount"], line["id"][:6]) for line in preview["lines"]] == [
        (49_900, "il_tmp"),
        (150, "il_tmp"),
    ]
    assert {line["invoice"] for line in preview["lines"]} == {preview["id"]}


def test_a_preview_leaves_nothing_behind(company: Company) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed())
    before = (company.invoices(customer), company.events())

    company.preview(subscription)

    assert (company.invoices(customer), company.events()) == before


@pytest.mark.parametrize("ends", ["cancelled", "with its period"])
def test_without_a_next_invoice_there_is_no_preview(company: Company, ends: str) -> None:
    subscription = company.subscribe(company.customer(), company.licensed())
    if ends == "cancelled":
        company.store.put(subscription | {"status": "canceled"})
    else:
        update_subscription(company.call(cancel_at_period_end=True), subscription["id"])

    with pytest.raises(Refused) as refused:
        company.preview(subscription)

    assert (refused.value.status, refused.value.fields["code"]) == (404, "invoice_upcoming_none")


amounts = st.decimals(min_value=0, max_value=10_000, places=12)
bounds = st.lists(st.integers(1, 10**6), max_size=3, unique=True).map(sorted)


@st.composite
def metered_amounts(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["unit", "package", "tiers"]))
    if kind != "tiers":
        package = {
            "divide_by": draw(st.integers(1, 1000)),
            "round": draw(st.sampled_from(["up", "down"])),
        }
        whole = {"unit_amount_decimal": draw(amounts)}
        return whole | ({"transform_quantity": package} if kind == "package" else {})
    has_fee = draw(st.booleans())
    tiers = [
        {"up_to": bound, "unit_amount_decimal": draw(amounts)}
        | ({"flat_amount_decimal": draw(amounts)} if has_fee else {})
        for bound in [*draw(bounds), "inf"]
    ]
    mode = draw(st.sampled_from(["graduated", "volume"]))
    return {"billing_scheme": "tiered", "tiers_mode": mode, "tiers": tiers}


usages = st.lists(
    st.tuples(
        st.integers(0, FEBRUARY - JANUARY - 1),
        st.decimals(min_value=-100, max_value=10**6, places=3),
    ),
    max_size=5,
)


@given(metered_amounts(), st.integers(0, 10**6), usages)
def test_the_invoice_is_what_the_preview_said(
    metered: dict[str, Any], licensed: int, usage: list[tuple[int, Decimal]]
) -> None:
    company = Company(from_epoch(JANUARY))
    customer = company.customer()
    usage_price = company.metered(company.meter(), **metered)
    subscription = company.subscribe(customer, usage_price, company.licensed(licensed))
    for offset, value in sorted(usage):
        company.run_to(JANUARY + offset)
        company.use(customer, value)
    company.run_to(FEBRUARY - 1)
    preview = company.preview(subscription)

    company.run_to(FEBRUARY + GRACE)

    invoice = company.invoices(customer)[-1]
    assert charged(invoice) == charged(preview)
    lines = company.lines(invoice)
    assert [content(line) for line in lines] == [content(line) for line in preview["lines"]]
    assert invoice["total"] == sum(line["amount"] for line in lines)
    assert invoice["status"] == "paid"


def charged(invoice: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in invoice.items()
        if name not in _OF_THE_REAL_ONE and not name.startswith("_")
    }


def content(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in ("id", "invoice")}
