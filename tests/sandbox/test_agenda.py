from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portal.sandbox.store import Store

CLOCKS = [None, "clock_a", "clock_b"]


def thing(id: str, due_at: int | None, clock: str | None = None) -> dict[str, Any]:
    return {"id": id, "object": "invoice", "test_clock": clock, "_due_at": due_at}


def first(store: Store, clock: str | None = None) -> str | None:
    found = store.first_due(clock)
    return found["id"] if found else None


def test_what_is_due_first_is_found_first_on_its_own_clock() -> None:
    store = Store()
    store.put(thing("later", 20))
    store.put(thing("sooner", 10))
    store.put(thing("elsewhere", 5, "clock_a"))

    assert (first(store), first(store, "clock_a"), first(store, "clock_b")) == (
        "sooner",
        "elsewhere",
        None,
    )


def test_what_is_done_or_gone_is_not_due_any_more() -> None:
    store = Store()
    store.put(thing("done", 10))
    store.put(thing("gone", 20))
    store.put(thing("left", 30))
    store.put(thing("done", None))
    store.delete("invoice", "gone")

    assert first(store) == "left"


def test_a_rollback_brings_back_what_was_due() -> None:
    store = Store()
    store.put(thing("one", 10))
    store.commit()
    store.put(thing("one", 99))
    assert store.first_due(None) == thing("one", 99)
    store.rollback()

    assert store.first_due(None) == thing("one", 10)


changes = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.one_of(st.none(), st.integers(0, 50)),
        st.sampled_from(CLOCKS),
        st.booleans(),
    ),
    max_size=30,
)


@given(changes)
def test_after_any_changes_the_first_is_the_earliest(
    changes: list[tuple[str, int | None, str | None, bool]],
) -> None:
    store, known = Store(), {}
    for id, due_at, clock, is_deleted in changes:
        if is_deleted:
            store.delete("invoice", id)
            known.pop(id, None)
        else:
            store.put(thing(id, due_at, clock))
            known[id] = (due_at, clock)
        for each in CLOCKS:
            due = [at for at, of in known.values() if of == each and at is not None]
            found = store.first_due(each)
            assert (found["_due_at"] if found else None) == min(due, default=None)
