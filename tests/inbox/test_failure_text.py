"""One line about a failure, with its place, and without what must not be kept."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.database import Database
from portal.errors import StripeRefused
from portal.inbox.arrival import MalformedEvent, read_arrival
from portal.inbox.failure_text import failure_text
from portal.money import Money
from tests.fixtures.database import NOON


def test_an_error_of_ours_is_its_type_and_its_words():
    assert failure_text(StripeRefused("No such price.")) == "StripeRefused: No such price."


def test_a_bug_says_where_it_arose():
    with pytest.raises(ValueError, match="cannot add") as caught:
        Money(1, "usd") + Money(1, "eur")

    assert failure_text(caught.value).startswith("ValueError: cannot add eur to usd (money.py:")


def test_an_error_without_words_is_its_type():
    assert failure_text(KeyError()) == "KeyError (unknown place)"


@pytest.mark.parametrize("secret", ["sk_live_abc123", "rk_test_abc123", "whsec_abc123"])
def test_nothing_that_looks_like_a_secret_is_kept(secret: str):
    assert secret not in failure_text(RuntimeError(f"Invalid key {secret}"))


def test_what_is_said_at_length_is_cut():
    assert len(failure_text(RuntimeError("long " * 1000))) < 400


async def test_the_rows_in_a_database_error_are_not_kept(any_database: Database):
    statement = text("INSERT INTO customer_change (customer_id, version) VALUES (:id, 1)")
    with pytest.raises(IntegrityError) as caught:
        async with any_database.engine.begin() as connection:
            for _ in range(2):
                await connection.execute(statement, {"id": "confidential"})

    said = failure_text(caught.value)
    assert said.startswith("IntegrityError: ")
    assert "confidential" not in said


def test_the_body_of_a_malformed_event_is_not_kept():
    with pytest.raises(MalformedEvent) as caught:
        read_arrival(b'{"confidential": ', NOON)

    assert "confidential" not in failure_text(caught.value)
