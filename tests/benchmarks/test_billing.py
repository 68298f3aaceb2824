"""How long the sandbox takes over a year of usage."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.clock import to_epoch
from portal.sandbox.http.paging import Listing, page
from portal.sandbox.resources.invoice_previews import create_preview
from tests.sandbox.billing.company import Company

START = datetime(2025, 12, 1, tzinfo=UTC)
HOURS_OF_A_YEAR = 365 * 24
MILLISECOND = 0.001


class Year:
    """A company whose one customer has used something in every hour of a year."""

    def __init__(self) -> None:
        self.company = Company(START)
        self.meter, self.customer = self.company.meter(), self.company.customer()
        self.subscription = self.company.subscribe(
            self.customer, self.company.metered(self.meter), self.company.licensed()
        )
        for hour in range(HOURS_OF_A_YEAR):
            self.company.clock.advance(timedelta(hours=1))
            self.company.use(self.customer, hour % 100)
        self.end = to_epoch(self.company.clock.now()) + 3600

    def summaries(self, window: str | None) -> Listing:
        found = self.company.ledger.summaries(
            self.meter, self.customer["id"], to_epoch(START), self.end, window
        )
        return Listing(found, "billing.meter_event_summary")


@pytest.fixture(scope="module")
def year() -> Year:
    made = Year()
    made.summaries(None)
    return made


@pytest.mark.bench
@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_a_page_of_a_hundred_hours_takes_less_than_5_ms(
    year: Year, benchmark: Any, position: str
) -> None:
    rows = list(year.summaries("hour").objects)
    after = {"first": None, "middle": rows[len(rows) // 2]["id"], "last": rows[-102]["id"]}
    cursor = after[position]
    params = {"limit": 100} | ({"starting_after": cursor} if cursor else {})

    found = benchmark(lambda: page(year.summaries("hour"), params))

    assert len(found.objects) == 100
    assert benchmark.stats.stats.median < 5 * MILLISECOND


@pytest.mark.bench
def test_the_sum_of_a_year_takes_less_than_20_ms(year: Year, benchmark: Any) -> None:
    (row,) = benchmark(lambda: list(year.summaries(None).objects))

    assert row["aggregated_value"] > 0
    assert benchmark.stats.stats.median < 20 * MILLISECOND


@pytest.mark.bench
def test_a_preview_takes_less_than_10_ms(year: Year, benchmark: Any) -> None:
    preview = benchmark(lambda: year.company.preview(year.subscription))

    assert len(preview["lines"]) == 2
    assert benchmark.stats.stats.median < 10 * MILLISECOND


@pytest.mark.bench
@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice"])
def test_a_preview_of_a_changed_plan_takes_less_than_10_ms(
    year: Year, benchmark: Any, behavior: str
) -> None:
    company, id = year.company, year.subscription["id"]
    company.run_to(year.end)
    plan = company.store.every("subscription_item", subscription=id)[0]["id"]
    dearer = company.licensed(99_900, "Big plan")
    details = {"items": [{"id": plan, "price": dearer}], "proration_behavior": behavior}
    call = company.call(subscription=id, subscription_details=details)

    preview = benchmark(lambda: create_preview(call))

    assert [line["amount"] < 0 for line in preview["lines"]][:2] == [True, False]
    assert benchmark.stats.stats.median < 10 * MILLISECOND
