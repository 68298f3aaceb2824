"""The comparison of answers finds what differs, and nothing else."""

from copy import deepcopy
from typing import Any

import pytest

from tests.sandbox.recordings.comparing import Comparison
from tests.sandbox.recordings.spans import moved_along

# The 31st of January 2026 and the 28th of February; the 10th of November 2025 and a month on.
OURS, OUR_MONTH_LATER = 1_769_853_600, 1_772_272_800
RECORDED, MONTH_LATER = 1_762_799_411, 1_765_391_411

ANSWER = {
    "id": "sub_1SRzqtKXBGcbgpbZ8kne01Xe",
    "object": "subscription",
    "created": RECORDED,
    "ends": MONTH_LATER,
    "amount": 2500,
    "percent": 10.0,
    "text": "Unused time on Build after 10 Nov 2025",
    "url": "/v1/items?subscription=sub_1SRzqtKXBGcbgpbZ8kne01Xe",
    "number": "9OVNAHHV-0002",
    "nothing": None,
    "flag": True,
    "lines": [{"object": "line", "subscription": "sub_1SRzqtKXBGcbgpbZ8kne01Xe"}],
}
SAME = {
    **ANSWER,
    "id": "sub_ours0000000000000000",
    "created": OURS + 2,
    "ends": OUR_MONTH_LATER,
    "percent": 10,
    "text": "Unused time on Build after 31 Jan 2026",
    "url": "/v1/items?subscription=sub_ours0000000000000000",
    "number": "ABCDEFGH-0002",
    "lines": [{"object": "line", "subscription": "sub_ours0000000000000000"}],
    "newer": "a key that came later",
}

CHARGE, OTHER_CHARGE = "ch_3UNe9MKXBGcbgpbZ1nP7P4mt", "ch_3UNe9QKXBGcbgpbZ0r1h1T6A"
OUR_CHARGE, OUR_OTHER = "ch_nCiGjqotIIRiCt04PW7SlBXO", "ch_BYfegqaOa2A5pkOkxGLOZJ31"
PAGE = "https://pay.stripe.com/receipts/payment/CAcaFwoVYWNjdF8x"


def differences(**changes: Any) -> list[str]:
    ours = {name: value for name, value in {**SAME, **changes}.items() if value is not ...}
    return list(Comparison({}).differences(ANSWER, deepcopy(ours)))


def differing(recorded: dict[str, object], ours: dict[str, object]) -> list[str]:
    """The names of the fields that are not the same."""
    found = Comparison({"default": "price_PE7qXT89cj5NXpoowQXiqZ3p"}).differences(recorded, ours)
    return [one.partition(":")[0].lstrip(".") for one in found]


def test_ids_dates_and_moments_may_differ_and_keys_may_be_added():
    assert differences() == []


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 2501},
        {"amount": "2500"},
        {"amount": ...},
        {"flag": 1},
        {"nothing": 0},
        {"number": "ABCDEFGH-0003"},
        {"text": "Remaining time on Build after 31 Jan 2026"},
        {"ends": OUR_MONTH_LATER + 3600},
        {"ends": None},
        {"url": "/v1/items?subscription=sub_another000000000000000"},
        {"lines": []},
        {"lines": [{"object": "line", "subscription": "sub_another000000000000000"}]},
    ],
)
def test_everything_else_is_a_difference_that_names_its_place(change):
    [found] = differences(**change)

    assert f".{next(iter(change))}" in found


def test_a_time_in_a_request_is_as_many_months_and_seconds_away_as_it_was():
    assert moved_along(MONTH_LATER + 60, RECORDED, OURS) == OUR_MONTH_LATER + 60
    assert moved_along(RECORDED, RECORDED, OURS) == OURS


@pytest.mark.parametrize(
    ("recorded", "ours"),
    [
        ({"charge": CHARGE, "source": CHARGE}, {"charge": OUR_CHARGE, "source": OUR_CHARGE}),
        (
            {"charge": CHARGE, "reference": CHARGE[:25]},
            {"charge": OUR_CHARGE, "reference": OUR_CHARGE},
        ),
        ({"price": "default"}, {"price": "price_PE7qXT89cj5NXpoowQXiqZ3p"}),
        ({"font_family": "default"}, {"font_family": "default"}),
        ({"receipt_url": PAGE}, {"receipt_url": "http://127.0.0.1:8420/receipts/1"}),
        ({"next_action": {"use_stripe_sdk": {"type": "a"}}}, {"next_action": {}}),
    ],
)
def test_what_only_the_moment_or_the_account_decides_is_no_difference(recorded, ours):
    assert differing(recorded, ours) == []


@pytest.mark.parametrize(
    ("recorded", "ours"),
    [
        ({"charge": CHARGE, "source": CHARGE}, {"charge": OUR_CHARGE, "source": OUR_OTHER}),
        ({"charge": CHARGE, "source": OTHER_CHARGE}, {"charge": OUR_CHARGE, "source": OUR_CHARGE}),
        ({"source": CHARGE}, {"source": "pi_3UNdsjKXBGcbgpbZ1CsxN9aF"}),
        ({"source": "if_required"}, {"source": "always"}),
        ({"source": "http://localhost:3000/"}, {"source": "http://localhost:3000/other"}),
        ({"source": None}, {}),
    ],
)
def test_what_stripe_decides_must_be_the_same(recorded, ours):
    assert differing(recorded, ours) == ["source"]
