"""The store: what is put can be got, undone until it is committed, and found again in its file."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.clock import FrozenClock
from portal.errors import Misconfigured
from portal.sandbox.events import differences
from portal.sandbox.store import Store
from tests.fixtures.database import NOON

IDS = st.sampled_from(["a", "b", "c", "d"])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), IDS, st.integers(0, 3)),
        st.tuples(st.just("delete"), IDS),
        st.tuples(st.just("commit")),
        st.tuples(st.just("rollback")),
    ),
    max_size=30,
)


def product(id: str, owner: int) -> dict:
    return {"object": "product", "id": id, "customer": f"cus_{owner}", "tags": [owner]}


def seen(store: Store) -> tuple:
    """Everything that can be asked of the products, in the order of the answers."""
    by_owner = [store.every("product", customer=f"cus_{owner}") for owner in range(4)]
    return store.every("product"), by_owner, [store.get("product", id) for id in "abcd"]


@given(CHANGES)
@settings(max_examples=200, deadline=None)
def test_a_rollback_leaves_what_was_there_at_the_last_commit(changes):
    store = Store(FrozenClock(NOON))
    committed = seen(store)
    for change, *about in changes:
        if change == "put":
            store.put(product(*about))
        elif change == "delete":
            store.delete("product", about[0])
        elif change == "commit":
            store.commit()
            committed = seen(store)
        else:
            store.rollback()
            assert seen(store) == committed
    store.rollback()
    assert seen(store) == committed


STEPS = CHANGES.map(lambda all: [one for one in all if one[0] in ("put", "delete")])


def carry_out(store: Store, steps: list) -> None:
    for change, *about in steps:
        if change == "put":
            store.put(product(*about))
        else:
            store.delete("product", about[0])


@given(STEPS, STEPS, STEPS, STEPS)
@settings(max_examples=100, deadline=None)
def test_what_was_only_tried_out_leaves_no_trace(committed, before, tried, further):
    store = Store(FrozenClock(NOON))
    carry_out(store, committed)
    store.commit()
    at_commit = seen(store)
    carry_out(store, before)
    known = seen(store)
    with store.speculating():
        carry_out(store, tried)
        inside = seen(store)
        with store.speculating():
            carry_out(store, further)
        assert seen(store) == inside
    assert seen(store) == known
    store.rollback()
    assert seen(store) == at_commit


def test_what_is_tried_out_emits_nothing_and_cannot_be_committed():
    store, heard = Store(FrozenClock(NOON)), []
    store.after_commit.append(heard.extend)
    with store.speculating():
        store.emit("product.created", store.put(product("a", 1)))
        with pytest.raises(RuntimeError, match="tried out"):
            store.commit()
    store.commit()

    assert (heard, store.every("event")) == ([], [])


@given(changes=CHANGES)
@settings(max_examples=40, deadline=None)
def test_a_file_gives_back_what_was_committed(tmp_path_factory, changes):
    file = tmp_path_factory.mktemp("store") / "sandbox.db"
    store = Store(FrozenClock(NOON), file=file)
    for change, *about in changes:
        if change == "put":
            store.put(product(*about))
        elif change == "delete":
            store.delete("product", about[0])
        else:
            getattr(store, change)()
    store.rollback()
    store.close()

    again = Store(FrozenClock(NOON), file=file)

    assert seen(again) == seen(store)
    again.close()


def test_what_is_handed_out_is_a_copy():
    store = Store(FrozenClock(NOON))
    given_in = product("a", 1)
    store.put(given_in)
    given_in["tags"].append(2)

    store.get("product", "a")["tags"].append(3)
    store.every("product")[0]["tags"].append(4)

    assert store.get("product", "a")["tags"] == [1]


def test_ids_go_on_after_a_restart(tmp_path):
    made = set()
    for _ in range(3):
        store = Store(FrozenClock(NOON), file=tmp_path / "sandbox.db", seed=1)
        for _ in range(5):
            made.add(store.put({"object": "product", "id": store.new_id("prod")})["id"])
        store.commit()
        store.close()

    assert len(made) == 15


def test_an_event_that_was_rolled_back_was_never_there():
    store, heard = Store(FrozenClock(NOON)), []
    store.after_commit.append(heard.extend)
    store.emit("product.created", store.put(product("a", 1)))

    store.rollback()
    store.commit()

    assert heard == []
    assert store.every("event") == []


def test_a_customer_on_a_test_clock_lives_at_its_time():
    clock = FrozenClock(NOON)
    store = Store(clock)
    store.put({"object": "test_helpers.test_clock", "id": "clock_1", "frozen_time": 1000})
    store.put({"object": "customer", "id": "cus_1", "test_clock": "clock_1"})
    store.put({"object": "customer", "id": "cus_2", "test_clock": None})
    clock.advance(timedelta(hours=1))

    assert store.now("cus_1") == 1000
    assert store.now({"test_clock": "clock_1"}) == 1000
    assert store.now("cus_2") == store.now() == int(NOON.timestamp()) + 3600


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("this is not a database, whatever its name may be" * 40)

    with pytest.raises(Misconfigured, match="--data"):
        Store(file=file)


def test_differences_name_the_earlier_values_of_what_changed():
    before = {"name": "Ada", "settings": {"card": None, "note": "x"}, "tags": [1], "same": 1}
    after = {"name": "Eve", "settings": {"card": "pm_1", "note": "x"}, "tags": [1, 2], "same": 1}

    assert differences(before, after) == {"name": "Ada", "settings": {"card": None}, "tags": [1]}
