"""Whole loops through the sandbox: what the SDK does to Stripe is what the overview then tells."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stripe

from portal.clock import Period
from portal.errors import NotAllowed
from portal.services import overview
from portal.wiring import Wiring, wire
from tests.fixtures.stripe_account import StripeAccount
from tests.journeys.looking import copy_what_stripe_has, look, owner

ROOT = Path(__file__).resolve().parents[2]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
SCALE = [{"up_to": 1000, "unit_amount": 0}, {"up_to": "inf", "unit_amount_decimal": "0.4"}]


def subscribe(account: StripeAccount, clock: str) -> tuple[str, stripe.billing.Meter]:
    """A customer on a plan of $499.00 with metered requests, 1,000 of them included."""
    customer = account.customer(test_clock=clock)
    meter = account.meter()
    metered = account.price(meter, billing_scheme="tiered", tiers_mode="graduated", tiers=SCALE)
    plan = account.price(unit_amount=49900, product_data={"name": "Scale plan"})
    account.subscribe(customer, [plan, metered])
    return customer, meter


async def test_a_meter_event_becomes_a_figure_on_the_overview(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    customer, meter = subscribe(prompt_account, prompt_account.clock(OCTOBER))
    prompt_account.report(meter, customer, 1500, at=int(OCTOBER.timestamp()))

    found, view = await look(portal, customer)

    assert found.usage is not None
    assert [one.quantity for one in found.usage.meters] == [1500]
    assert view.spend.amount.whole + view.spend.amount.cents == "$501.00"
    assert view.invoice.total == "$501.00"


async def test_what_the_overview_tells_is_what_the_invoice_then_charges(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    clock = prompt_account.clock(OCTOBER)
    customer, meter = subscribe(prompt_account, clock)
    prompt_account.report(meter, customer, 12_345, at=int(OCTOBER.timestamp()) + 60)
    before, _ = await look(portal, customer)

    prompt_account.advance(clock, NOVEMBER + timedelta(hours=2))

    invoices = prompt_account.client.v1.invoices.list({"customer": customer})
    assert before.upcoming is not None
    assert before.upcoming.total.amount == invoices.data[0].total == 49900 + 4538


async def test_the_next_period_compares_itself_with_the_one_that_was_billed(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    clock = prompt_account.clock(OCTOBER)
    customer, meter = subscribe(prompt_account, clock)
    prompt_account.report(meter, customer, 12_345, at=int(OCTOBER.timestamp()) + 60)
    prompt_account.advance(clock, NOVEMBER + timedelta(hours=2))
    await copy_what_stripe_has(portal, customer)

    found, _ = await look(portal, customer)

    assert found.usage is not None
    previous = found.usage.previous
    assert found.usage.period.start == NOVEMBER
    assert previous is not None
    assert previous.period == Period(OCTOBER, NOVEMBER)
    assert previous.spend.amount == previous.curve[-1].amount == 49900 + 4538
    assert found.usage.meters[0].previous_quantity == 12_345


async def test_without_a_subscription_there_is_nothing_to_tell(portal: Wiring) -> None:
    found = await overview.report(owner(portal, "cus_nobody"))
    assert (found.usage, found.upcoming) == (None, None)


async def test_a_role_without_rights_is_told_nothing(portal: Wiring) -> None:
    with pytest.raises(NotAllowed):
        await overview.report(owner(portal, "cus_1", role="stranger"))


async def test_when_stripe_falls_silent_the_last_figures_stay_and_say_so(
    portal: Wiring, prompt_account: StripeAccount, unused_tcp_port: int, tmp_path: Path
) -> None:
    customer, meter = subscribe(prompt_account, prompt_account.clock(OCTOBER))
    prompt_account.report(meter, customer, 1500, at=int(OCTOBER.timestamp()))
    await look(portal, customer)
    silent = wire(
        portal.settings.model_copy(
            update={"stripe_api_base": f"http://127.0.0.1:{unused_tcp_port}"}
        )
    )

    found, view = await look(silent, customer)

    assert found.stripe_answers is False
    assert view.invoice.total == "$501.00"
    assert view.silent_since
    await silent.gateway.close()
    await silent.database.close()


VOLUME = {
    "billing_scheme": "tiered",
    "tiers_mode": "volume",
    "tiers": [{"up_to": 1000, "unit_amount": 2}, {"up_to": "inf", "unit_amount": 1}],
}
PACKAGE = {"unit_amount": 500, "transform_quantity": {"divide_by": 1000, "round": "up"}}
YEARLY = {"unit_amount": 120000, "recurring": {"interval": "year"}}


@pytest.mark.parametrize(
    ("metered", "plan", "total"),
    [
        (VOLUME, {"unit_amount": 49900}, "$512.45"),
        (PACKAGE, {"unit_amount": 49900}, "$509.00"),
        ({"unit_amount": 3, "currency": "jpy"}, {"unit_amount": 980, "currency": "jpy"}, "¥5,015"),
    ],
    ids=["volume", "package", "yen"],
)
async def test_any_price_and_currency_comes_to_stripes_own_total(
    portal: Wiring, prompt_account: StripeAccount, metered: dict, plan: dict, total: str
) -> None:
    meter = prompt_account.meter()
    customer = prompt_account.customer(test_clock=prompt_account.clock(OCTOBER))
    prices = [prompt_account.price(**plan), prompt_account.price(meter, **metered)]
    prompt_account.subscribe(customer, prices)
    prompt_account.report(meter, customer, 1345, at=int(OCTOBER.timestamp()))

    found, view = await look(portal, customer)

    assert found.usage is not None
    assert found.upcoming is not None
    assert view.invoice.total == total
    assert found.usage.spend_to_date == found.upcoming.total


async def test_a_yearly_plan_is_spent_in_the_month_in_which_it_was_charged(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    meter = prompt_account.meter()
    customer = prompt_account.customer(test_clock=prompt_account.clock(OCTOBER))
    prompt_account.subscribe(
        customer, [prompt_account.price(**YEARLY), prompt_account.price(meter)]
    )
    prompt_account.report(meter, customer, 50, at=int(OCTOBER.timestamp()))

    found, view = await look(portal, customer)

    assert found.usage is not None
    assert found.usage.spend_to_date.amount == 120000 + 50
    assert view.invoice.total == "$0.50"


async def test_of_two_subscriptions_the_older_is_told_whole_and_alone(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    clock = prompt_account.clock(OCTOBER)
    customer, meter = subscribe(prompt_account, clock)
    prompt_account.advance(clock, OCTOBER + timedelta(hours=1))
    prompt_account.subscribe(customer, [prompt_account.price(unit_amount=700)])
    prompt_account.report(meter, customer, 1500, at=int(OCTOBER.timestamp()))

    found, view = await look(portal, customer)

    assert found.usage is not None
    assert found.upcoming is not None
    assert found.usage.spend_to_date == found.upcoming.total
    assert view.invoice.total == "$501.00"


async def test_a_cancelled_subscription_leaves_nothing_to_tell(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    customer, _ = subscribe(prompt_account, prompt_account.clock(OCTOBER))
    subscription = prompt_account.client.v1.subscriptions.list({"customer": customer}).data[0]
    await look(portal, customer)
    prompt_account.client.v1.subscriptions.cancel(subscription.id)
    await copy_what_stripe_has(portal, customer)

    found, _ = await look(portal, customer)

    assert (found.usage, found.upcoming) == (None, None)
