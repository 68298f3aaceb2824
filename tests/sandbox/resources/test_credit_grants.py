"""Credit grants and balances over HTTP: what is kept, shown, found and refused."""

import pytest
import stripe

from tests.sandbox.objects import make_customer, make_meter, make_plan

METERED = {"scope": {"price_type": "metered"}}


def usd(value):
    return {"type": "monetary", "monetary": {"currency": "usd", "value": value}}


def grant(client, owner, **terms):
    asked = {"amount": usd(1_000), "applicability_config": METERED, "customer": owner.id}
    return client.v1.billing.credit_grants.create({**asked, **terms})


def summary(client, customer, **filter_):
    asked = {"customer": customer.id, "filter": filter_}
    return client.v1.billing.credit_balance_summary.retrieve(asked).balances


def test_a_grant_is_made_read_listed_and_changed(sandbox_client):
    customer = make_customer(sandbox_client)

    made = grant(sandbox_client, customer, name="Welcome", category="promotional", priority=3)

    assert made.id.startswith("credgr_test_")
    assert (made.category, made.priority, made.expires_at) == ("promotional", 3, None)
    assert made.effective_at == made.created == made.updated
    assert made.applicability_config.to_dict() == METERED
    grants = sandbox_client.v1.billing.credit_grants
    assert grants.retrieve(made.id).name == "Welcome"
    assert [one.id for one in grants.list({"customer": customer.id}).data] == [made.id]
    later = made.created + 3_600
    changed = grants.update(made.id, {"expires_at": later, "metadata": {"a": "b"}})
    assert (changed.expires_at, changed.metadata.to_dict()) == (later, {"a": "b"})
    assert grants.void_grant(made.id).voided_at is not None


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"amount": usd(0)}, "amount[monetary][value]"),
        ({"amount": {"type": "monetary"}}, "amount[monetary]"),
        (
            {"amount": {"type": "monetary", "monetary": {"currency": "zzz", "value": 1}}},
            "amount[monetary][currency]",
        ),
        (
            {"applicability_config": {"scope": {"price_type": "metered", "prices": [{"id": "x"}]}}},
            "applicability_config[scope]",
        ),
        (
            {"applicability_config": {"scope": {"prices": [{"id": "price_none"}]}}},
            "applicability_config[scope][prices][0][id]",
        ),
        ({"priority": 101}, "priority"),
        ({"expires_at": 1}, "expires_at"),
        ({"customer": "cus_none"}, "customer"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(sandbox_client, given, param):
    customer = make_customer(sandbox_client)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        grant(sandbox_client, customer, **given)

    assert (refused.value.http_status, refused.value.param) == (400, param)


def test_credit_is_for_metered_prices_only(sandbox_client):
    plan = make_plan(sandbox_client)

    with pytest.raises(stripe.InvalidRequestError, match="only apply to metered prices"):
        grant(
            sandbox_client,
            make_customer(sandbox_client),
            applicability_config={"scope": {"prices": [{"id": plan.id}]}},
        )


def test_a_summary_counts_by_grant_by_scope_and_by_currency(sandbox_client):
    customer, meter = make_customer(sandbox_client), make_meter(sandbox_client)
    price = sandbox_client.v1.prices.create(
        {
            "currency": "usd",
            "product_data": {"name": "Calls"},
            "recurring": {"interval": "month", "usage_type": "metered", "meter": meter.id},
            "unit_amount": 1,
        }
    )
    euros = {"type": "monetary", "monetary": {"currency": "eur", "value": 700}}
    first = grant(sandbox_client, customer)
    grant(sandbox_client, customer, amount=euros)
    of_price = {"scope": {"prices": [{"id": price.id}]}}
    grant(sandbox_client, customer, amount=usd(50), applicability_config=of_price)

    (one,) = summary(sandbox_client, customer, type="credit_grant", credit_grant=first.id)
    every = summary(
        sandbox_client,
        customer,
        type="applicability_scope",
        applicability_scope={"price_type": "metered"},
    )
    (scoped,) = summary(
        sandbox_client,
        customer,
        type="applicability_scope",
        applicability_scope={"prices": [{"id": price.id}]},
    )

    assert one.available_balance.monetary.value == one.ledger_balance.monetary.value == 1_000
    found = {each.ledger_balance.monetary.currency: each for each in every}
    assert {name: each.available_balance.monetary.value for name, each in found.items()} == {
        "usd": 1_000,
        "eur": 700,
    }
    assert scoped.available_balance.monetary.value == 50


def test_every_change_of_credit_is_a_transaction(sandbox_client):
    customer = make_customer(sandbox_client)
    made = grant(sandbox_client, customer)
    sandbox_client.v1.billing.credit_grants.expire(made.id)

    transactions = sandbox_client.v1.billing.credit_balance_transactions
    debit, credit = transactions.list({"customer": customer.id}).data

    assert (debit.type, debit.debit.type, debit.credit) == ("debit", "credits_expired", None)
    assert (credit.type, credit.credit.type, credit.debit) == ("credit", "credits_granted", None)
    assert debit.debit.amount.monetary.value == 1_000
    assert transactions.retrieve(credit.id).credit_grant == made.id
    of_grant = transactions.list({"customer": customer.id, "credit_grant": made.id})
    assert len(of_grant.data) == 2


def test_a_balance_is_moved_by_transactions(sandbox_client):
    customer = make_customer(sandbox_client)
    transactions = sandbox_client.v1.customers.balance_transactions

    made = transactions.create(
        customer.id, {"amount": -500, "currency": "usd", "description": "sorry"}
    )

    assert (made.type, made.amount, made.ending_balance) == ("adjustment", -500, -500)
    assert sandbox_client.v1.customers.retrieve(customer.id).balance == -500
    changed = transactions.update(customer.id, made.id, {"metadata": {"a": "b"}})
    assert (changed.description, changed.metadata.to_dict()) == ("sorry", {"a": "b"})
    assert transactions.retrieve(customer.id, made.id).id == made.id
    assert [one.id for one in transactions.list(customer.id).data] == [made.id]
    with pytest.raises(stripe.InvalidRequestError) as missing:
        transactions.retrieve(make_customer(sandbox_client).id, made.id)
    assert missing.value.http_status == 404


def test_a_new_customer_may_begin_with_a_balance(sandbox_client):
    made = make_customer(sandbox_client, balance=-250)

    assert (made.balance, made.currency) == (-250, "usd")
    assert sandbox_client.v1.customers.update(made.id, {"balance": 0}).balance == 0
