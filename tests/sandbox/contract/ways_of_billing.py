"""Ways through subscriptions, their invoices and what is told of both."""

from tests.sandbox.contract.walk import Walk

START = 1_767_225_600
DAY = 86_400


def subscriptions(walk: Walk) -> None:
    payer, (_, metered) = walk.payer(), walk.metered()
    expand = ["latest_invoice.payments", "pending_setup_intent", "default_payment_method"]
    made = walk.subscription(payer, walk.plan(), metered, expand=expand, metadata={"a": "b"})
    path = f"/v1/subscriptions/{made['id']}"
    walk.get("/v1/subscriptions", customer=payer["id"], expand=["data.items.data.price"])
    walk.get(path, expand=["customer", "latest_invoice.lines"])
    walk.post(path, description="Ours", cancel_at_period_end=True)
    walk.post(path, cancel_at_period_end=False)
    item = made["items"]["data"][0]["id"]
    walk.post(
        path,
        items=[{"id": item, "price": walk.plan(9900)["id"], "quantity": 2}],
        proration_behavior="always_invoice",
        expand=["latest_invoice"],
    )
    walk.delete(path, invoice_now=True, prorate=True)


def trials(walk: Walk) -> None:
    made = walk.subscription(walk.payer(), walk.plan(), trial_period_days=10)
    walk.get(f"/v1/invoices/{made['latest_invoice']}")
    walk.post(f"/v1/subscriptions/{made['id']}", trial_end="now")


def subscription_items(walk: Walk) -> None:
    made = walk.subscription(walk.payer(), walk.plan())
    asked = {"subscription": made["id"], "proration_behavior": "none"}
    item = walk.post("/v1/subscription_items", price=walk.plan(700)["id"], quantity=3, **asked)
    walk.get("/v1/subscription_items", subscription=made["id"])
    path = f"/v1/subscription_items/{item['id']}"
    walk.get(path)
    walk.post(path, quantity=2, proration_behavior="create_prorations")
    walk.delete(path)


def pauses(walk: Walk) -> None:
    made = walk.subscription(walk.payer(), walk.plan(), billing_mode={"type": "classic"})
    path = f"/v1/subscriptions/{made['id']}"
    walk.post(path, pause_collection={"behavior": "void"})
    walk.post(path, pause_collection="")
    walk.post(f"{path}/migrate", billing_mode={"type": "flexible"})
    walk.post(f"{path}/pause", type="subscription")
    walk.post(f"{path}/resume", expand=["latest_invoice"])


def schedules(walk: Walk) -> None:
    path, payer, plan = "/v1/subscription_schedules", walk.payer(), walk.plan()
    for end in ("release", "cancel"):
        made = walk.subscription(payer, plan)
        schedule = walk.post(path, from_subscription=made["id"])
        [phase] = schedule["phases"]
        now = {name: phase[name] for name in ("start_date", "end_date")}
        items = [{"price": plan["id"], "quantity": 1}]
        later = {"items": items, "duration": {"interval": "month", "interval_count": 2}}
        walk.post(
            f"{path}/{schedule['id']}",
            phases=[now | {"items": items}, later],
            end_behavior="release",
        )
        walk.get(path, customer=payer["id"])
        walk.get(f"{path}/{schedule['id']}", expand=["subscription", "customer"])
        walk.post(f"{path}/{schedule['id']}/{end}")


def credit_notes(walk: Walk) -> None:
    payer, path = walk.payer(), "/v1/credit_notes"
    made = walk.post("/v1/invoices", customer=payer["id"], collection_method="send_invoice",
                     days_until_due=10)  # fmt: skip
    asked = {"amount": 700, "currency": "usd", "description": "Work"}
    walk.post("/v1/invoiceitems", customer=payer["id"], invoice=made["id"], **asked)
    walk.post(f"/v1/invoices/{made['id']}/finalize")
    asked = {"invoice": made["id"], "amount": 200}
    walk.get(f"{path}/preview", **asked)
    walk.get(f"{path}/preview/lines", **asked)
    note = walk.post(path, reason="duplicate", memo="Sorry", **asked)
    walk.get(path, customer=payer["id"])
    walk.get(f"{path}/{note['id']}", expand=["invoice"])
    walk.get(f"{path}/{note['id']}/lines")
    walk.post(f"{path}/{note['id']}", memo="So sorry")
    walk.post(f"{path}/{note['id']}/void")


def previews(walk: Walk) -> None:
    payer, (_, metered) = walk.payer(), walk.metered()
    made = walk.subscription(payer, walk.plan(), metered)
    walk.post("/v1/invoices/create_preview", subscription=made["id"])
    walk.post(
        "/v1/invoices/create_preview",
        customer=payer["id"],
        subscription_details={"items": [{"price": walk.plan(500)["id"]}]},
    )


def invoices(walk: Walk) -> None:
    payer = walk.payer()
    walk.subscription(payer, walk.plan())
    [invoice] = walk.get("/v1/invoices", customer=payer["id"])["data"]
    path = f"/v1/invoices/{invoice['id']}"
    walk.get(path, expand=["payments.data.payment.payment_intent", "confirmation_secret"])
    walk.get(f"{path}/lines", limit=5)
    [payment] = walk.get("/v1/invoice_payments", invoice=invoice["id"])["data"]
    walk.get(f"/v1/invoice_payments/{payment['id']}", expand=["payment.payment_intent"])


def invoices_by_hand(walk: Walk) -> None:
    payer = walk.payer()

    def drafted(**changes: object) -> str:
        made = walk.post("/v1/invoices", customer=payer["id"], **changes)
        asked = {"amount": 700, "currency": "usd", "description": "Work"}
        walk.post("/v1/invoiceitems", customer=payer["id"], invoice=made["id"], **asked)
        return f"/v1/invoices/{made['id']}"

    path = drafted(description="Ours", custom_fields=[{"name": "PO", "value": "1"}])
    walk.post(path, footer="Thanks", metadata={"a": "b"})
    added = walk.post(f"{path}/add_lines", lines=[{"description": "More", "amount": 500}])
    line = added["lines"]["data"][0]["id"]
    walk.post(f"{path}/update_lines", lines=[{"id": line, "amount": 600}])
    walk.post(f"{path}/lines/{line}", description="Most")
    walk.post(f"{path}/remove_lines", lines=[{"id": line, "behavior": "delete"}])
    walk.post(f"{path}/finalize")
    walk.post(f"{path}/pay")
    walk.delete(drafted())
    by_post = drafted(collection_method="send_invoice", days_until_due=10)
    walk.post(f"{by_post}/send")
    walk.post(f"{by_post}/mark_uncollectible")
    walk.post(f"{by_post}/void")
    open_one = drafted(collection_method="send_invoice", days_until_due=10)
    walk.post(f"{open_one}/finalize")
    asked = {"amount": 700, "currency": "usd", "customer": payer["id"]}
    intent = walk.post("/v1/payment_intents", **asked)
    walk.post(f"{open_one}/attach_payment", payment_intent=intent["id"])


def invoice_items(walk: Walk) -> None:
    payer, path = walk.payer(), "/v1/invoiceitems"
    asked = {"customer": payer["id"], "amount": 500, "currency": "usd"}
    made = walk.post(path, description="Work", **asked)
    walk.get(path, customer=payer["id"])
    walk.get(f"{path}/{made['id']}")
    walk.post(f"{path}/{made['id']}", amount=600)
    walk.delete(f"{path}/{made['id']}")


def cycles(walk: Walk) -> None:
    """A paid and a failing customer, taken through two periods with usage."""
    clock = walk.post("/v1/test_helpers/test_clocks", frozen_time=START)
    meter, metered = walk.metered()
    for card in ("pm_card_visa", "pm_card_chargeCustomerFail"):
        payer = walk.payer(card, test_clock=clock["id"])
        walk.subscription(payer, metered, walk.plan(), payment_behavior="allow_incomplete")
        payload = {"stripe_customer_id": payer["id"], "value": "12"}
        walk.post("/v1/billing/meter_events", event_name=meter["event_name"], payload=payload)
    walk.advance(clock, START + 31 * DAY)
    walk.get("/v1/invoices", customer=payer["id"], expand=["data.payments"])
    walk.advance(clock, START + 33 * DAY)
    walk.get("/v1/invoices", customer=payer["id"], expand=["data.payments"])
    walk.get("/v1/subscriptions", test_clock=clock["id"], expand=["data.latest_invoice"])


def events(walk: Walk) -> None:
    walk.subscription(walk.payer(), walk.plan())
    listed = walk.get("/v1/events", limit=100)["data"]
    walk.get(f"/v1/events/{listed[0]['id']}")
    thin = walk.get("/v2/core/events", limit=100)["data"]
    walk.get(f"/v2/core/events/{thin[0]['id']}")


# The events come last: they tell of everything that was done on the ways before.
WAYS = (
    subscriptions, trials, subscription_items, pauses, schedules, previews, invoices,
    invoices_by_hand, invoice_items, credit_notes, cycles, events,
)  # fmt: skip
