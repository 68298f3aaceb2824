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


def differences(**changes: Any) -> list[str]:
    ours = {name: value for name, value in {**SAME, **changes}.items() if value is not ...}
    return list(Comparison({}).differences(ANSWER, deepcopy(ours)))


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
