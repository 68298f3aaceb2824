"""Sessions for the stream of meter events, and how long their tokens are good for."""

from datetime import timedelta

import pytest

from portal.sandbox.refusals import Refused
from portal.sandbox.resources.meter_streams import check_session, create_meter_event_session
from tests.sandbox.billing.company import Company


def test_a_session_lasts_a_quarter_of_an_hour() -> None:
    company = Company()

    session = create_meter_event_session(company.call())

    assert session["object"] == "v2.billing.meter_event_session"
    assert session["created"] == "2026-01-01T00:00:00.000Z"
    assert session["expires_at"] == "2026-01-01T00:15:00.000Z"
    company.clock.advance(timedelta(minutes=15) - timedelta(seconds=1))
    check_session(company.store, session["authentication_token"])


def test_an_expired_token_says_that_a_new_session_is_needed() -> None:
    company = Company()
    session = create_meter_event_session(company.call())
    company.clock.advance(timedelta(minutes=15))

    with pytest.raises(Refused) as refused:
        check_session(company.store, session["authentication_token"])

    assert refused.value.status == 401
    assert refused.value.fields["type"] == "temporary_session_expired"
    assert refused.value.fields["code"] == "billing_meter_event_session_expired"


@pytest.mark.parametrize("token", ["", "sk_test_sandbox", "mest_other"])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    company = Company()
    create_meter_event_session(company.call())

    with pytest.raises(Refused) as refused:
        check_session(company.store, token)

    assert refused.value.status == 401
    assert "code" not in refused.value.fields


def test_sessions_that_are_long_over_are_forgotten() -> None:
    company = Company()
    for _ in range(3):
        create_meter_event_session(company.call())
        company.clock.advance(timedelta(minutes=30))

    assert len(company.store.every("v2.billing.meter_event_session")) == 1
