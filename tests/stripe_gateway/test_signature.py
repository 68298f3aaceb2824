"""The webhook signature, held against the one that Stripe's own SDK makes."""

from datetime import timedelta

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import to_epoch
from portal.stripe_gateway.signature import UntrustedWebhook, sign, verify
from tests.fixtures.database import NOON

BODY = '{"id": "evt_1", "name": "Müller"}'
SECRET = "whsec_now"


def stripes_own(body: str = BODY, secret: str = SECRET, age_seconds: int = 0) -> str:
    stamp = to_epoch(NOON) - age_seconds
    return stripe.WebhookSignature.generate_signature_header(body, secret, stamp)


def is_trusted(header: str, *secrets: str, body: str = BODY) -> bool:
    try:
        verify(body.encode(), header, secrets or (SECRET,), NOON)
    except UntrustedWebhook:
        return False
    return True


def test_the_sdks_signature_is_accepted():
    assert is_trusted(stripes_own())


@given(body=st.text(max_size=200), secret=st.text(min_size=1, max_size=40))
def test_our_signatures_are_accepted_by_the_sdk_and_by_us(body: str, secret: str):
    secret = f"whsec_{secret}".encode("utf-8", "replace").decode()
    header = sign(body.encode(), secret, NOON)

    verify(body.encode(), header, [secret], NOON)
    assert stripe.WebhookSignature.verify_header(body, header, secret)


def test_either_secret_is_accepted_while_one_is_being_rolled():
    assert is_trusted(stripes_own(secret="whsec_old"), "whsec_new", "whsec_old")
    assert is_trusted(stripes_own(secret="whsec_new"), "whsec_new", "whsec_old")


def test_one_good_signature_of_several_is_enough():
    good = stripes_own()
    stamp, _, signature = good.partition(",")

    assert is_trusted(f"{stamp},v1={'0' * 64},{signature},v0=abc")


def test_a_changed_body_is_refused():
    assert not is_trusted(stripes_own(), body=BODY + " ")


def test_a_signature_by_another_secret_is_refused():
    assert not is_trusted(stripes_own(secret="whsec_other"))


def test_without_any_secret_nothing_is_trusted():
    with pytest.raises(UntrustedWebhook):
        verify(BODY.encode(), stripes_own(), [], NOON)


@pytest.mark.parametrize("age_seconds", [300, 0, -300])
def test_a_stamp_within_five_minutes_is_accepted(age_seconds: int):
    assert is_trusted(stripes_own(age_seconds=age_seconds))


@pytest.mark.parametrize("age_seconds", [301, -301])
def test_a_stamp_more_than_five_minutes_old_or_ahead_is_refused(age_seconds: int):
    assert not is_trusted(stripes_own(age_seconds=age_seconds))


def test_a_replay_is_refused_once_its_time_has_passed():
    header = sign(BODY.encode(), SECRET, NOON)

    with pytest.raises(UntrustedWebhook, match="300 seconds"):
        verify(BODY.encode(), header, [SECRET], NOON + timedelta(minutes=6))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "v1=abc",
        "t=1,t=2,v1=abc",
        "t=now,v1=abc",
        "t=²,v1=abc",
        f"t={'9' * 5000},v1=abc",
        "t=-1,v1=abc",
        "t=1764000000",
        "t=1764000000,v0=abc",
        "t=1764000000,v1=",
        "t=1764000000,v1=ü",
        ",,,=,",
    ],
)
def test_an_unreadable_header_is_refused(header: str):
    assert not is_trusted(header)


@given(header=st.text(max_size=120))
def test_no_header_at_all_breaks_the_check(header: str):
    assert not is_trusted(header)
