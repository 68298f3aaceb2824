"""Every answer of every endpoint is what Stripe's client says it is."""

from collections import defaultdict
from dataclasses import dataclass

import pytest

from portal.sandbox.resources import ROUTES
from portal.sandbox.routes import Endpoint, Router
from tests.sandbox.contract import ways_of_billing, ways_of_paying, ways_of_selling
from tests.sandbox.contract.checking import problems
from tests.sandbox.contract.walk import Exchange, Walk
from tests.sandbox.objects import raw

ENDPOINTS = Router(ROUTES).endpoints
# Since 2025 no request gives a customer a discount, so there is never one to take away.
ALWAYS_REFUSED = {"DELETE /v1/customers/:id/discount"}
WAYS = (*ways_of_selling.WAYS, *ways_of_paying.WAYS, *ways_of_billing.WAYS)


def shown(endpoint: Endpoint) -> str:
    """The endpoint as the documentation writes it."""
    path = endpoint.path.pattern.replace(r"(?!search(?:/|$))[^/]+", "")
    return f"{endpoint.method} {path.replace('(?P<', ':').replace('>)', '')}"


@dataclass
class Walked:
    """Every answer by its endpoint, and the ways that could not be gone to their end."""

    answers: defaultdict[str, list[Exchange]]
    broken_off: dict[str, Exception]


@pytest.fixture(scope="module")
def walked(sandbox) -> Walked:
    """The answers to everything that can be asked."""
    broken_off: dict[str, Exception] = {}
    answers: defaultdict[str, list[Exchange]] = defaultdict(list)
    router = Router(ROUTES)
    with raw(sandbox) as http:
        walk = Walk(http)
        for way in WAYS:
            try:
                way(walk)
            except (KeyError, ValueError, IndexError, AssertionError) as error:
                broken_off[way.__name__] = error
    for exchange in walk.exchanges:
        found = router.find(exchange.method, exchange.path)
        answers[shown(found[0]) if found else "nowhere"].append(exchange)
    return Walked(answers, broken_off)


def test_every_way_can_be_gone_to_its_end(walked):
    assert walked.broken_off == {}
    assert walked.answers["nowhere"] == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=shown)
def test_an_endpoint_answers_what_the_client_expects(walked, endpoint):
    name = shown(endpoint)
    answers = walked.answers[name]

    is_answered = any(one.status == 200 for one in answers)
    assert is_answered is (name not in ALWAYS_REFUSED), [one.answer for one in answers]
    assert sorted({text for one in answers for text in problems(one.answer)}) == []
