"""Whatever happens to a customer, the books agree to the cent."""

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.clock import from_epoch
from portal.sandbox.answering import Answer, Answering
from portal.sandbox.faults import Faults
from portal.sandbox.http.form import bracketed
from portal.sandbox.http.rate_limit import Limiter, RateLimit
from portal.sandbox.http.request import Request
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.ledgers import Ledger

START = at(2026, 1, 31, 9, 30)
DAY = 24 * 3600
CARDS = ("pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_threeDSecure2Required")
BEHAVIORS = ("always_invoice", "create_prorations", "none")
Json = dict[str, Any]

actions = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 45)),
    st.tuples(st.just("use"), st.integers(1, 5_000)),
    st.tuples(st.just("switch"), st.integers(0, 2), st.sampled_from(BEHAVIORS)),
    st.tuples(st.just("quantity"), st.integers(1, 9), st.sampled_from(BEHAVIORS)),
    st.tuples(st.just("card"), st.sampled_from(CARDS)),
    st.tuples(
        st.just("settle"),
        st.sampled_from(["pay", "pay?paid_out_of_band=true", "void", "mark_uncollectible"]),
    ),
    st.tuples(st.just("balance"), st.integers(-9_000, 9_000).filter(bool)),
    st.tuples(st.just("grant"), st.integers(1, 3_000)),
    st.tuples(st.just("discount"), st.integers(1, 100)),
    st.tuples(st.just("note"), st.integers(1, 2_000)),
    st.tuples(st.just("cancel"), st.booleans(), st.booleans()),
)


class Life:
    """A customer whose vendor sends requests at random; a refused one changes nothing."""

    def __init__(self, mode: str, *, inclusive: bool) -> None:
        self.company = Company(from_epoch(START))
        limiter = Limiter(RateLimit.OFF, lambda: 0.0)
        self._answering = Answering(self.company.store, self.company.ledger, limiter, Faults())
        meter = self.company.meter()
        self._seats = [self.company.licensed(amount) for amount in (1_990, 4_933)]
        self._seats.append(self.company.licensed(39_999, interval="year"))
        self._calls = self.company.metered(meter)
        self._mode = mode
        rate = {"display_name": "VAT", "percentage": "19", "inclusive": inclusive}
        self._tax = self.ask("/v1/tax_rates", **rate)["id"]
        self.customer = self.company.customer()["id"]
        self._subscription = self._subscribe()

    def ask(self, path: str, method: str = "POST", **asked: Any) -> Json:
        """What the sandbox answers, be it a refusal; never a failure of its own."""
        self.company.store.commit()
        answer = self._answer(method, path, urlencode(list(_form(asked))))
        assert answer.status != 500, (path, asked)
        told: Json = json.loads(answer.body)
        return told

    def wait(self, days: int) -> None:
        self.company.run_to(self.company.store.now() + days * DAY)

    def use(self, calls: int) -> None:
        self.company.use(self.company.get("customer", self.customer), calls)

    def switch(self, seat: int, behavior: str) -> None:
        self._change(behavior, price=self._seats[seat])

    def quantity(self, seats: int, behavior: str) -> None:
        self._change(behavior, quantity=seats)

    def card(self, token: str) -> None:
        self.company.give_card(self.customer, token)

    def settle(self, how: str) -> None:
        verb, _, more = how.partition("?")
        for invoice in self.company.store.every("invoice", customer=self.customer, status="open"):
            name, _, value = more.partition("=")
            self.ask(f"/v1/invoices/{invoice['id']}/{verb}", **({name: value} if name else {}))

    def balance(self, amount: int) -> None:
        path = f"/v1/customers/{self.customer}/balance_transactions"
        self.ask(path, amount=amount, currency="usd")

    def grant(self, cents: int) -> None:
        self.ask(
            "/v1/billing/credit_grants",
            customer=self.customer,
            amount={"type": "monetary", "monetary": {"currency": "usd", "value": cents}},
            applicability_config={"scope": {"price_type": "metered"}},
            category="promotional",
        )

    def discount(self, percent: int) -> None:
        coupon = self.ask("/v1/coupons", percent_off=percent, duration="once")["id"]
        self.ask(f"/v1/subscriptions/{self._subscription}", discounts=[{"coupon": coupon}])

    def note(self, cents: int) -> None:
        """Make the latest finalised invoice smaller; what was paid too much becomes credit."""
        every = self.company.store.every("invoice", customer=self.customer)
        for invoice in [one for one in every if one["status"] in ("open", "paid")][:1]:
            line = {"type": "custom_line_item", "description": "Sorry", "quantity": 1}
            lines = [{**line, "unit_amount": cents}]
            too_much = max(cents - invoice["amount_remaining"], 0)
            asked = {"credit_amount": too_much} if too_much else {}
            self.ask("/v1/credit_notes", invoice=invoice["id"], lines=lines, **asked)

    def cancel(self, invoice_now: bool, prorate: bool) -> None:
        """End the subscription and start anew."""
        asked = {"invoice_now": invoice_now, "prorate": prorate}
        self.ask(f"/v1/subscriptions/{self._subscription}", "DELETE", **asked)
        self._subscription = self._subscribe()

    def _subscribe(self) -> str:
        asked = {
            "customer": self.customer,
            "items": [{"price": self._seats[0]}, {"price": self._calls}],
            "billing_mode": {"type": self._mode},
            "default_tax_rates": [self._tax],
        }
        return str(self.ask("/v1/subscriptions", **asked)["id"])

    def _change(self, behavior: str, **change: Any) -> None:
        items = self.company.store.every("subscription_item", subscription=self._subscription)
        seat = next((item["id"] for item in items if item["price"] != self._calls), None)
        if seat is not None:
            asked = {"items": [{"id": seat, **change}], "proration_behavior": behavior}
            self.ask(f"/v1/subscriptions/{self._subscription}", **asked)

    def _answer(self, method: str, path: str, form: str) -> Answer:
        headers = {"authorization": "Bearer sk_test_any"}
        query, body = ("", form) if method == "POST" else (form, "")
        return self._answering.answer(Request(method, path, query, headers, body.encode()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    mode=st.sampled_from(["flexible", "classic"]),
    inclusive=st.booleans(),
    done=st.lists(actions, min_size=1, max_size=12),
)
def test_whatever_happens_every_cent_is_in_the_books(
    mode: str, inclusive: bool, done: list[tuple[Any, ...]]
):
    life = Life(mode, inclusive=inclusive)
    for name, *how in done:
        getattr(life, name)(*how)
        Ledger(life.company, life.customer).check()


def _form(asked: Any, path: tuple[object, ...] = ()) -> Any:
    """The parameters in Stripe's bracket notation."""
    parts: Any = asked.items() if isinstance(asked, dict) else None
    if isinstance(asked, list):
        parts = enumerate(asked)
    if parts is None:
        yield bracketed(path), str(asked).lower() if isinstance(asked, bool) else asked
        return
    for name, part in parts:
        yield from _form(part, (*path, name))
