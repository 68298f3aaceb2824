"""Ways through what a vendor sets up: catalog, meters, discounts, taxes, endpoints, clocks."""

from tests.sandbox.contract.walk import Walk
from tests.sandbox.objects import fresh

START = 1_767_225_600
DAY = 86_400


def products_and_prices(walk: Walk) -> None:
    product = walk.post(
        "/v1/products",
        name="Build",
        images=["https://shop.example/a.png"],
        marketing_features=[{"name": "Fast"}],
        default_price_data={
            "currency": "usd",
            "unit_amount": 900,
            "recurring": {"interval": "month"},
        },
        expand=["default_price"],
    )
    path = f"/v1/products/{product['id']}"
    walk.get("/v1/products", limit=3)
    walk.get(path)
    walk.post(path, description="For teams", metadata={"a": "b"})
    tiers = [{"up_to": 10, "flat_amount": 500}, {"up_to": "inf", "unit_amount_decimal": "0.5"}]
    recurring = {"interval": "month", "usage_type": "licensed"}
    for extra in (
        {"unit_amount_decimal": "1.25", "recurring": recurring, "lookup_key": fresh("key")},
        {"billing_scheme": "tiered", "tiers_mode": "graduated", "tiers": tiers,
         "recurring": recurring, "expand": ["tiers"]},
        {"unit_amount": 100, "transform_quantity": {"divide_by": 10, "round": "up"},
         "recurring": recurring},
        {"unit_amount": 400},
    ):  # fmt: skip
        price = walk.post("/v1/prices", currency="usd", product=product["id"], **extra)
    walk.get("/v1/prices", product=product["id"], expand=["data.product", "data.tiers"])
    path = f"/v1/prices/{price['id']}"
    walk.get(path, expand=["product"])
    walk.post(path, nickname="Once", active=False)
    unused = walk.post("/v1/products", name="Unused")
    walk.delete(f"/v1/products/{unused['id']}")


def plans(walk: Walk) -> None:
    made = walk.post(
        "/v1/plans", currency="usd", interval="month", amount=900, product={"name": "Old"}
    )
    walk.get("/v1/plans", limit=2)
    walk.get(f"/v1/plans/{made['id']}")


def meters(walk: Walk) -> None:
    meter, _ = walk.metered()
    payer = walk.payer()
    path = f"/v1/billing/meters/{meter['id']}"
    walk.get("/v1/billing/meters", limit=2)
    walk.get(path)
    walk.post(path, display_name="Requests")
    payload = {"stripe_customer_id": payer["id"], "value": "7"}
    usage = {"event_name": meter["event_name"], "payload": payload}
    sent = walk.post("/v1/billing/meter_events", **usage)
    cancel = {"identifier": sent["identifier"]}
    asked = {"event_name": meter["event_name"], "type": "cancel", "cancel": cancel}
    walk.post("/v1/billing/meter_event_adjustments", **asked)
    sent = walk.post("/v2/billing/meter_events", **usage)
    asked["cancel"] = {"identifier": sent["identifier"]}
    walk.post("/v2/billing/meter_event_adjustments", **asked)
    session = walk.post("/v2/billing/meter_event_session")
    key = session["authentication_token"]
    walk.post("/v2/billing/meter_event_stream", key=key, events=[usage, usage])
    start = START + 300 * DAY
    walk.get(
        f"{path}/event_summaries",
        customer=payer["id"],
        start_time=start,
        end_time=start + 30 * DAY,
        value_grouping_window="day",
    )
    walk.post(f"{path}/deactivate")
    walk.post(f"{path}/reactivate")


def alerts(walk: Walk) -> None:
    meter, _ = walk.metered()
    asked = {"meter": meter["id"], "gte": 5, "recurrence": "one_time"}
    made = walk.post(
        "/v1/billing/alerts", title="Much", alert_type="usage_threshold", usage_threshold=asked
    )
    walk.get("/v1/billing/alerts", limit=2)
    path = f"/v1/billing/alerts/{made['id']}"
    walk.get(path)
    for change in ("deactivate", "activate", "archive"):
        walk.post(f"{path}/{change}")


def coupons(walk: Walk) -> None:
    percent = walk.post("/v1/coupons", percent_off=12.5, duration="repeating", duration_in_months=3)
    amount = walk.post("/v1/coupons", amount_off=500, currency="usd", duration="once")
    walk.get("/v1/coupons", limit=2, expand=["data.applies_to"])
    walk.get(f"/v1/coupons/{percent['id']}", expand=["applies_to", "currency_options"])
    walk.post(f"/v1/coupons/{percent['id']}", name="Spring")
    promotion = {"type": "coupon", "coupon": percent["id"]}
    code = walk.post(
        "/v1/promotion_codes", promotion=promotion, code=fresh("SPRING").replace("_", "-")
    )
    walk.get("/v1/promotion_codes", limit=2)
    walk.get(f"/v1/promotion_codes/{code['id']}", expand=["promotion.coupon"])
    walk.post(f"/v1/promotion_codes/{code['id']}", active=False)
    payer = walk.payer()
    made = walk.subscription(
        payer, walk.plan(), discounts=[{"coupon": percent["id"]}], expand=["discounts"]
    )
    walk.get(f"/v1/invoices/{made['latest_invoice']}", expand=["discounts", "payments"])
    walk.delete(f"/v1/subscriptions/{made['id']}/discount")
    walk.delete(f"/v1/customers/{payer['id']}/discount")
    walk.delete(f"/v1/coupons/{amount['id']}")


def taxes(walk: Walk) -> None:
    asked = {"display_name": "VAT", "percentage": 19, "country": "DE", "tax_type": "vat"}
    for inclusive in (True, False):
        rate = walk.post("/v1/tax_rates", inclusive=inclusive, **asked)
        walk.subscription(
            walk.payer(), walk.plan(), default_tax_rates=[rate["id"]], expand=["latest_invoice"]
        )
    walk.get("/v1/tax_rates", limit=2)
    walk.get(f"/v1/tax_rates/{rate['id']}")
    walk.post(f"/v1/tax_rates/{rate['id']}", description="Standard")


def endpoints(walk: Walk) -> None:
    asked = {"url": "http://127.0.0.1:9/unused", "enabled_events": ["invoice.voided"]}
    made = walk.post("/v1/webhook_endpoints", description="Ours", **asked)
    walk.get("/v1/webhook_endpoints", limit=2)
    path = f"/v1/webhook_endpoints/{made['id']}"
    walk.get(path)
    walk.post(path, disabled=True)
    walk.delete(path)


def destinations(walk: Walk) -> None:
    path = "/v2/core/event_destinations"
    for payload in ("snapshot", "thin"):
        made = walk.post(
            path,
            name="Ours",
            type="webhook_endpoint",
            event_payload=payload,
            enabled_events=["v1.invoice.voided"],
            webhook_endpoint={"url": "http://127.0.0.1:9/unused"},
            include=["webhook_endpoint.signing_secret", "webhook_endpoint.url"],
        )
        walk.post(f"{path}/{made['id']}", name="Renamed")
        walk.post(f"{path}/{made['id']}/ping")
        walk.post(f"{path}/{made['id']}/disable")
        walk.post(f"{path}/{made['id']}/enable")
        walk.get(f"{path}/{made['id']}", include=["webhook_endpoint.url"])
        walk.get(path, limit=1)
        walk.delete(f"{path}/{made['id']}")


def clocks(walk: Walk) -> None:
    path = "/v1/test_helpers/test_clocks"
    clock = walk.post(path, frozen_time=START, name="Year")
    walk.get(path, limit=2)
    walk.subscription(walk.payer(test_clock=clock["id"]), walk.plan())
    walk.advance(clock, START + 32 * DAY)
    walk.delete(f"{path}/{clock['id']}")


WAYS = (products_and_prices, plans, meters, alerts, coupons, taxes, endpoints, destinations, clocks)
