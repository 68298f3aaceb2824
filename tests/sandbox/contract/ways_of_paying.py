"""Ways through what customers pay with and what is taken from them."""

from tests.sandbox.contract.walk import Walk
from tests.sandbox.objects import fresh

_CARDS = {"enabled": True, "allow_redirects": "never"}


def customers(walk: Walk) -> None:
    payer = walk.payer(
        email=f"{fresh('ann')}@example.com",
        phone="+49 1",
        address={"country": "DE", "city": "Ulm"},
        shipping={"name": "Ann", "address": {"country": "DE"}},
        balance=-500,
    )
    path = f"/v1/customers/{payer['id']}"
    asked = ["tax", "sources", "subscriptions", "tax_ids", "invoice_credit_balance"]
    walk.get(path, expand=asked)
    walk.get("/v1/customers", limit=3, expand=["data.invoice_settings.default_payment_method"])
    moved = walk.post(f"{path}/balance_transactions", amount=-700, currency="usd")
    walk.get(f"{path}/balance_transactions", limit=2)
    walk.get(f"{path}/balance_transactions/{moved['id']}")
    walk.post(f"{path}/balance_transactions/{moved['id']}", description="Sorry")
    walk.get(f"{path}/payment_methods", type="card")
    methods = walk.get("/v1/payment_methods", customer=payer["id"])["data"]
    walk.get(f"{path}/payment_methods/{methods[0]['id']}")
    walk.delete(path)
    walk.get(path)


def payment_methods(walk: Walk) -> None:
    customer = walk.post("/v1/customers")
    card = {"token": "tok_visa"}
    made = walk.post("/v1/payment_methods", type="card", card=card, billing_details={"name": "A"})
    path = f"/v1/payment_methods/{made['id']}"
    walk.post(f"{path}/attach", customer=customer["id"])
    walk.get(path, expand=["customer"])
    walk.post(path, metadata={"a": "b"})
    walk.post(f"{path}/detach")
    walk.post("/v1/payment_methods/pm_card_chargeDeclined/attach", customer=customer["id"])


def setup_intents(walk: Walk) -> None:
    customer = walk.post("/v1/customers")
    made = walk.post("/v1/setup_intents", customer=customer["id"], usage="off_session")
    path = f"/v1/setup_intents/{made['id']}"
    walk.get("/v1/setup_intents", limit=2)
    walk.get(path)
    walk.post(path, description="Card")
    walk.post(f"{path}/confirm", payment_method="pm_card_visa", expand=["payment_method"])
    for card in ("pm_card_authenticationRequired", "pm_card_chargeDeclined"):
        other = walk.post("/v1/setup_intents", customer=customer["id"])
        path = f"/v1/setup_intents/{other['id']}"
        walk.post(f"{path}/confirm", payment_method=card, return_url="https://shop.example")
        walk.post(f"{path}/cancel")


def payment_intents(walk: Walk) -> None:
    payer = walk.payer()
    asked = {"amount": 900, "currency": "usd", "customer": payer["id"]}
    made = walk.post("/v1/payment_intents", capture_method="manual", **asked)
    path = f"/v1/payment_intents/{made['id']}"
    walk.get("/v1/payment_intents", limit=2)
    walk.get(path, expand=["customer"])
    walk.post(path, description="Once")
    walk.post(f"{path}/confirm", payment_method="pm_card_visa", return_url="https://shop.example")
    walk.post(f"{path}/capture", amount_to_capture=800, expand=["latest_charge"])
    for card in ("pm_card_authenticationRequired", "pm_card_chargeCustomerFail"):
        other = walk.post("/v1/payment_intents", **asked)
        path = f"/v1/payment_intents/{other['id']}"
        walk.post(f"{path}/confirm", payment_method=card, return_url="https://shop.example")
        walk.post(f"{path}/cancel")


def charges(walk: Walk) -> None:
    payer = walk.payer()
    walk.post(
        "/v1/payment_intents",
        amount=900,
        currency="usd",
        customer=payer["id"],
        payment_method=walk.get("/v1/payment_methods", customer=payer["id"])["data"][0]["id"],
        automatic_payment_methods=_CARDS,
        confirm=True,
    )
    [charge] = walk.get("/v1/charges", customer=payer["id"])["data"]
    path = f"/v1/charges/{charge['id']}"
    walk.get(path, expand=["balance_transaction", "payment_intent"])
    walk.post(path, description="Once")
    refund = walk.post("/v1/refunds", charge=charge["id"], amount=100)
    walk.get("/v1/refunds", limit=2)
    walk.get(f"/v1/refunds/{refund['id']}")
    walk.post(f"/v1/refunds/{refund['id']}", metadata={"a": "b"})
    walk.get(f"{path}/refunds")
    [newest] = walk.get("/v1/balance_transactions", limit=1)["data"]
    walk.get(f"/v1/balance_transactions/{newest['id']}", expand=["source"])


def credit_grants(walk: Walk) -> None:
    payer = walk.payer()
    amount = {"type": "monetary", "monetary": {"currency": "usd", "value": 1000}}
    scope = {"scope": {"price_type": "metered"}}
    asked = {"amount": amount, "applicability_config": scope, "customer": payer["id"]}
    grants = [
        walk.post("/v1/billing/credit_grants", category=category, name="Welcome", **asked)
        for category in ("promotional", "paid", "paid")
    ]
    paths = [f"/v1/billing/credit_grants/{grant['id']}" for grant in grants]
    walk.get("/v1/billing/credit_grants", customer=payer["id"])
    walk.get(paths[0])
    walk.post(paths[0], metadata={"a": "b"})
    kind = {"type": "applicability_scope", "applicability_scope": {"price_type": "metered"}}
    walk.get("/v1/billing/credit_balance_summary", customer=payer["id"], filter=kind)
    listed = walk.get("/v1/billing/credit_balance_transactions", customer=payer["id"])["data"]
    walk.get(f"/v1/billing/credit_balance_transactions/{listed[0]['id']}")
    walk.post(f"{paths[1]}/expire")
    walk.post(f"{paths[2]}/void")


def checkout(walk: Walk) -> None:
    payer, path = walk.payer(), "/v1/checkout/sessions"
    urls = {"success_url": "https://shop.example/done", "cancel_url": "https://shop.example"}
    walk.post(path, mode="setup", currency="usd", customer=payer["id"], **urls)
    bought = [{"price": walk.plan()["id"], "quantity": 2}]
    made = walk.post(path, mode="subscription", customer=payer["id"], line_items=bought, **urls)
    walk.get(path, limit=2)
    walk.get(f"{path}/{made['id']}", expand=["line_items"])
    walk.post(f"{path}/{made['id']}", metadata={"a": "b"})
    walk.get(f"{path}/{made['id']}/line_items")
    walk.post(f"{path}/{made['id']}/expire")


def customer_portal(walk: Walk) -> None:
    path = "/v1/billing_portal/configurations"
    features = {"invoice_history": {"enabled": True}}
    made = walk.post(path, features=features, business_profile={"headline": "Ours"})
    walk.get(path, limit=2)
    walk.get(f"{path}/{made['id']}")
    walk.post(f"{path}/{made['id']}", default_return_url="https://shop.example")
    asked = {"customer": walk.payer()["id"], "return_url": "https://shop.example"}
    walk.post("/v1/billing_portal/sessions", configuration=made["id"], **asked)


WAYS = (
    customers, payment_methods, setup_intents, payment_intents, charges, credit_grants, checkout,
    customer_portal,
)  # fmt: skip
