"""Stripe's bracket notation."""

import pytest

from portal.sandbox.http.form import decode
from portal.sandbox.refusals import Refused


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("email=a%40b.c&name=", {"email": "a@b.c", "name": ""}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("items[0][price]=x&items[1][price]=y", {"items": [{"price": "x"}, {"price": "y"}]}),
        ("items[1]=y&items[0]=x", {"items": ["x", "y"]}),
        (
            "items[][price]=x&items[][quantity]=2&items[][price]=y",
            {"items": [{"price": "x", "quantity": "2"}, {"price": "y"}]},
        ),
        ("a[][b][c]=1&a[][b][d]=2", {"a": [{"b": {"c": "1"}}, {"b": {"d": "2"}}]}),
        ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}),
        ("expand%5B0%5D=a", {"expand": ["a"]}),
        ("metadata[1]=x&metadata[0]=y", {"metadata": {"1": "x", "0": "y"}}),
        ("items[0][metadata][7]=x", {"items": [{"metadata": {"7": "x"}}]}),
        ("payload[2024]=5", {"payload": {"2024": "5"}}),
    ],
)
def test_brackets_become_dicts_and_lists(text, found):
    assert decode(text) == found


@pytest.mark.parametrize("text", ["a=1&a[b]=2", "a[b]=2&a=1", "[]=1", "a[b]=1&a[b][c]=2"])
def test_a_contradictory_form_is_refused(text):
    with pytest.raises(Refused):
        decode(text)
