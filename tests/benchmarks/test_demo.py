"""How long the demo company takes to be made."""

import gc
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal.catalog import load_catalog
from portal.clock import FrozenClock
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.company import BUYERS
from portal.sandbox.demo.seed import seed
from portal.sandbox.store import Store

CATALOG = load_catalog(Path(__file__).parents[2] / "catalog.toml")
NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)


@pytest.fixture(autouse=True)
def without_a_search_for_garbage() -> Iterator[None]:
    """As when the sandbox starts."""
    gc.disable()
    yield
    gc.enable()


def made(customers: int) -> Store:
    """A store with the demo company and so many more customers."""
    store = Store(FrozenClock(NOW), seed=1)
    seed(store, UsageLedger(store), CATALOG, customers=customers)
    return store


def seconds_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long it kept a processor busy, whatever else the machine had to do."""
    began = time.process_time()
    done = work()
    return time.process_time() - began, done


@pytest.mark.bench
def test_the_demo_company_is_made_in_less_than_10_seconds() -> None:
    seconds, store = seconds_of(lambda: made(0))

    assert len(store.every("customer")) == len(BUYERS)
    assert seconds < 10


@pytest.mark.bench
def test_ten_thousand_customers_more_take_less_than_90_seconds() -> None:
    seconds, store = seconds_of(lambda: made(10_000))

    assert len(store.every("customer")) == len(BUYERS) + 10_000
    assert seconds < 90
