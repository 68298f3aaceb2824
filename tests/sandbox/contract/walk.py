"""Someone who walks through the API over HTTP and keeps every answer."""

from dataclasses import dataclass
from typing import Any

import httpx
from stripe._encode import _api_encode

from tests.sandbox.objects import fresh, wait_for


@dataclass(frozen=True)
class Exchange:
    """What was asked and what was answered."""

    method: str
    path: str
    status: int
    answer: Any


class Walk:
    """Asks as Stripe's clients do: forms in v1, JSON in v2."""

    def __init__(self, http: httpx.Client) -> None:
        self.exchanges: list[Exchange] = []
        self._http = http

    def get(self, path: str, **params: Any) -> Any:
        return self._ask("GET", path, params=dict(_api_encode(params)))

    def delete(self, path: str, **params: Any) -> Any:
        return self._ask("DELETE", path, params=dict(_api_encode(params)))

    def post(self, path: str, *, key: str | None = None, **params: Any) -> Any:
        """Ask for a change; `key` is another secret key than the usual one."""
        form = {"data": dict(_api_encode(params))} if path.startswith("/v1/") else {"json": params}
        if key is not None:
            form |= {"headers": {"Authorization": f"Bearer {key}"}, "auth": None}
        return self._ask("POST", path, **form)

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        response = self._http.request(method, path, **content)
        answer = response.json()
        path = path.partition("?")[0]
        self.exchanges.append(Exchange(method, path, response.status_code, answer))
        return answer

    # What most of the ways begin with.

    def payer(self, card: str = "pm_card_visa", **changes: Any) -> Any:
        """A customer with a card as their default."""
        customer = self.post("/v1/customers", name="Ann", **changes)
        attached = self.post(f"/v1/payment_methods/{card}/attach", customer=customer["id"])
        settings = {"default_payment_method": attached["id"]}
        return self.post(f"/v1/customers/{customer['id']}", invoice_settings=settings)

    def plan(self, amount: int = 2500, **changes: Any) -> Any:
        """A price with a product of its own, by the month."""
        asked = {"currency": "usd", "unit_amount": amount, "recurring": {"interval": "month"}}
        return self.post("/v1/prices", product_data={"name": "Build"}, **asked | changes)

    def metered(self, **changes: Any) -> tuple[Any, Any]:
        """A meter, and a price of what it counts."""
        name = fresh("calls")
        aggregation = {"formula": "sum"}
        meter = self.post(
            "/v1/billing/meters",
            display_name="Calls",
            event_name=name,
            default_aggregation=aggregation,
        )
        recurring = {"interval": "month", "usage_type": "metered", "meter": meter["id"]}
        return meter, self.plan(2, recurring=recurring, **changes)

    def subscription(self, payer: Any, *prices: Any, **changes: Any) -> Any:
        items = [{"price": price["id"]} for price in prices]
        return self.post("/v1/subscriptions", customer=payer["id"], items=items, **changes)

    def advance(self, clock: Any, moment: int) -> None:
        """Move a test clock and wait until it stands there."""
        path = f"/v1/test_helpers/test_clocks/{clock['id']}"
        self.post(f"{path}/advance", frozen_time=moment)
        wait_for(lambda: self.get(path)["status"] != "advancing", "the clock to arrive")
