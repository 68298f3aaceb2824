import pytest

from portal.rating.minimums import chargeable


@pytest.mark.parametrize(
    ("amount", "currency", "charged"),
    [
        (49, "usd", 0),
        (50, "usd", 50),
        (49, "jpy", 0),
        (29, "gbp", 0),
        (1, "xyz", 1),
        (0, "usd", 0),
        # The last digit of a dinar's fils, and the last two of Iceland's króna, must be 0.
        (1234, "kwd", 1230),
        (1235, "kwd", 1240),
        (150, "isk", 200),
    ],
)
def test_what_cannot_be_charged_is_left_out(amount: int, currency: str, charged: int) -> None:
    assert chargeable(amount, currency) == charged
