"""Whatever is special about an account, the overview adds up to what Stripe's own preview says."""

from decimal import Decimal

import pytest
import stripe

from portal.inbox.handlers import concerned
from portal.inbox.reread import read_again
from portal.mirror import queries
from portal.mirror.apply import apply
from portal.money import Money, money_text
from portal.pages.overview.view import OverviewView
from portal.services.billing_drift import check
from portal.services.overview import Overview
from portal.stripe_gateway.next_bill.reads import NextBillReader
from portal.stripe_ids import CustomerId
from portal.wiring import Wiring
from tests.fixtures.stripe_account import StripeAccount
from tests.journeys.looking import copy_what_stripe_has, look
from tests.journeys.unusual_accounts import ACCOUNTS, OCTOBER, Unusual

# What the portal does not keep, and whose effects other events tell of.
IGNORED = {
    "billing.credit_balance_transaction",
    "charge",
    "coupon",
    "payment_intent",
    "plan",
    "promotion_code",
    "tax_rate",
}


async def told(portal: Wiring, made: Unusual) -> tuple[Overview, OverviewView]:
    await copy_what_stripe_has(portal, made.customer)
    return await look(portal, made.customer)


def shown(text: str) -> Decimal:
    """An amount on the page back as a number."""
    digits = "".join(letter for letter in text if letter.isdigit() or letter == ".")
    return Decimal(digits) * (-1 if text.startswith("−") else 1)


def preview_of(made: Unusual) -> stripe.Invoice | None:
    try:
        return made.v1.invoices.create_preview({"subscription": made.subscription})
    except stripe.InvalidRequestError as refused:
        if refused.code == "invoice_upcoming_none":
            return None
        raise


@pytest.mark.parametrize("name", ACCOUNTS)
async def test_the_card_adds_up_to_stripes_own_preview(
    portal: Wiring, prompt_account: StripeAccount, name: str
) -> None:
    made = Unusual(prompt_account)
    ACCOUNTS[name](made)

    found, view = await told(portal, made)

    expected, card = preview_of(made), view.invoice
    assert card.available == (expected is not None)
    if expected is None:
        return
    assert card.total == money_text(Money(expected.total, expected.currency))
    due = card.amount_due or card.total
    assert due == money_text(Money(expected.amount_due, expected.currency))
    subtotal = sum(shown(row.amount) for row in card.lines)
    assert subtotal == shown(card.subtotal)
    assert subtotal + sum(shown(row.amount) for row in card.deductions) == shown(card.total)
    assert shown(card.total) + sum(shown(row.amount) for row in card.settlement) == shown(due)
    assert found.upcoming is not None
    assert found.upcoming.adjustment.amount == 0
    rows = [*view.make_up.meters, *view.make_up.charges]
    assert sum(shown(row.amount) for row in rows) == shown(view.make_up.total)


@pytest.mark.parametrize("name", ACCOUNTS)
async def test_our_own_rating_agrees_with_stripe(
    portal: Wiring, prompt_account: StripeAccount, name: str
) -> None:
    made = Unusual(prompt_account)
    ACCOUNTS[name](made)

    checked = await check(NextBillReader(portal.gateway), CustomerId(made.customer))

    assert checked.is_settled
    assert checked.drifts == ()


@pytest.mark.parametrize(
    ("name", "strong"),
    [
        ("on_trial", "Trial until 31 Oct, 30 days left."),
        ("on_trial_that_ends_it", "Trial until 31 Oct."),
        ("ending", "The subscription ends on 1 Nov."),
        ("ending_within_the_period", "The subscription ends on 15 Oct."),
        ("not_collected", "Payments are paused."),
        ("past_due", "The last payment failed."),
        ("discounted", ""),
    ],
)
async def test_the_page_says_how_it_is_with_the_subscription(
    portal: Wiring, prompt_account: StripeAccount, name: str, strong: str
) -> None:
    made = Unusual(prompt_account)
    ACCOUNTS[name](made)

    _, view = await told(portal, made)

    assert view.standing.strong == strong


async def test_names_of_discounts_and_taxes_come_from_stripe(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    names = {}
    for name in ("discounted", "item_discounted", "taxed", "taxed_within"):
        made = Unusual(prompt_account)
        ACCOUNTS[name](made)
        _, view = await told(portal, made)
        rows = (*view.invoice.lines[2:], *view.invoice.deductions, *view.invoice.included)
        names[name] = [row.name for row in rows]

    assert names == {
        "discounted": ["Partner, 12.5%", "Welcome"],
        "item_discounted": ["On the plan, 33%", "Discount, 10%"],
        "taxed": ["State tax, 8.875%", "City tax, 1%"],
        "taxed_within": ["VAT, 19%, within the total"],
    }


async def test_in_a_trial_nothing_was_spent(portal: Wiring, prompt_account: StripeAccount) -> None:
    made = Unusual(prompt_account)
    ACCOUNTS["on_trial"](made)

    found, view = await told(portal, made)

    assert found.usage is not None
    assert found.usage.spend_to_date.amount == 0
    assert found.usage.meters[0].quantity == 4_321
    assert view.first_steps.title == "Nothing to pay in the trial"


async def test_past_due_says_what_is_open(portal: Wiring, prompt_account: StripeAccount) -> None:
    made = Unusual(prompt_account)
    ACCOUNTS["past_due"](made)

    _, view = await told(portal, made)

    [invoice] = made.v1.invoices.list({"customer": made.customer, "status": "open"}).data
    assert money_text(Money(invoice.amount_remaining, "usd")) in view.standing.rest
    assert view.standing.warns


async def test_paused_incomplete_and_ended_subscriptions_are_told_of(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    paused = Unusual(prompt_account)
    paused.subscribe()
    paused.v1.subscriptions.pause(paused.subscription, {"type": "subscription"})
    incomplete = Unusual(prompt_account)
    incomplete.subscribe(payment_behavior="default_incomplete")
    ended = Unusual(prompt_account)
    ended.subscribe()
    ended.v1.subscriptions.cancel(ended.subscription)

    words = [(await told(portal, one))[1].standing.strong for one in (paused, incomplete, ended)]

    assert words == [
        "The subscription is paused.",
        "The first payment is not complete",
        "The subscription ended on 1 Oct 2026",
    ]


async def test_invoices_that_belong_to_no_subscription_are_kept(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    made = Unusual(prompt_account)
    item = {"customer": made.customer, "amount": -700, "currency": "usd"}
    made.v1.invoice_items.create(item)
    invoice = made.v1.invoices.create(
        {"customer": made.customer, "pending_invoice_items_behavior": "include"}
    )

    await copy_what_stripe_has(portal, made.customer)

    async with portal.database.reading() as session:
        [kept] = await queries.list_invoices(session, CustomerId(made.customer))
    assert (kept.id, kept.total, kept.subscription_id) == (invoice.id, -700, None)


async def test_an_amount_beyond_all_bounds_leaves_usage_alone(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    made = Unusual(prompt_account)
    made.subscribe()
    monstrous = made.account.price(made.meter, unit_amount=99_999_999)
    made.v1.subscription_items.create({"subscription": made.subscription, "price": monstrous})
    made.account.report(made.meter, made.customer, 10**14, at=int(OCTOBER.timestamp()) + 60)

    found, view = await told(portal, made)

    assert found.stripe_answers
    assert found.usage is not None
    assert not view.invoice.available


async def test_every_event_that_stripe_sends_is_understood_or_ignored(
    portal: Wiring, prompt_account: StripeAccount
) -> None:
    for name in ("discounted", "credited", "past_due", "with_a_schedule", "charged_once"):
        ACCOUNTS[name](Unusual(prompt_account))
    events = prompt_account.client.v1.events.list({"limit": 100}).auto_paging_iter()
    by_type = {event.type: event.to_dict(for_json=True) for event in events}

    about = {kind: concerned(event) for kind, event in by_type.items()}

    for one in {one for one in about.values() if one}:
        facts = await read_again(portal.gateway, portal.database, one)
        async with portal.database.transaction() as session:
            await apply(session, facts)
    ignored = {by_type[kind]["data"]["object"]["object"] for kind in about if not about[kind]}
    assert ignored <= IGNORED
