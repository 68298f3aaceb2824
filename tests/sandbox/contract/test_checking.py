"""What is wrong with an answer is found, and named by its path."""

import copy

import pytest

from tests.sandbox.contract.checking import problems

CLOCK = {
    "object": "test_helpers.test_clock", "id": "clock_1", "created": 1, "deletes_after": 2,
    "frozen_time": 1, "livemode": False, "name": None, "status": "ready", "status_details": {},
}  # fmt: skip
LINE = {"object": "list", "url": "/v1/x", "has_more": False, "data": [CLOCK]}


def changed(value, *path, to):
    """A copy of the value with one part replaced."""
    value = copy.deepcopy(value)
    node = value
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = to
    return value


def without(name):
    return {key: value for key, value in CLOCK.items() if key != name}


@pytest.mark.parametrize("right", [CLOCK, LINE, {"object": "customer", "id": "a", "deleted": True}])
def test_what_is_right_has_no_problems(right):
    assert list(problems(right)) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (without("frozen_time"), ".frozen_time is missing"),
        (without("name"), None),
        (changed(CLOCK, "status", to="sleeping"), ".status is 'sleeping', not one of"),
        (changed(CLOCK, "created", to="1"), ".created is '1', not <class 'int'>"),
        (changed(CLOCK, "created", to=True), ".created is True"),
        (changed(CLOCK, "livemode", to=0), ".livemode is 0"),
        (changed(CLOCK, "_secret", to=0), "._secret is the sandbox's own"),
        (changed(CLOCK, "status_details", to={"advancing": {}}),
         ".status_details.advancing.target_frozen_time is missing"),
        (changed(LINE, "data", 0, "status", to="x"), ".data[0].status is 'x'"),
        (changed(LINE, "url", to=None), ".url is None"),
        ({"object": "test_clock"}, ". is of no kind that the client knows: 'test_clock'"),
        ({"error": {"type": "api_error"}}, ".error.message is missing"),
        ({"error": {"code": 5, "message": ""}}, ".error.code is 5"),
        ({"data": [without("id")], "next_page_url": None}, ".data[0].id is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_path(wrong, told):
    found = list(problems(wrong))

    assert len(found) == (told is not None)
    assert all(one.startswith(told) for one in found)
