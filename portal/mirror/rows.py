"""Rows: made from facts, locked, and changed only where they differ.

On SQLite the transaction itself is the lock (it begins by taking the one write lock); on
PostgreSQL it is the row's.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, select

from portal.database import Session

Row = TypeVar("Row", bound=SQLModel)
# When a row was read is no part of what it says.
WATERMARKS = frozenset({"read_at", "as_of"})
_BLANKS: dict[Any, Any] = {
    str: "",
    bool: False,
    int: 0,
    datetime: datetime.fromtimestamp(0, UTC),
    dict[str, Any]: {},
}


def row_of(model: type[Row], facts: object, **others: object) -> Row:
    """A new row with what the facts say under its columns' names, and the other values given."""
    named = {name: getattr(facts, name) for name in model.model_fields if hasattr(facts, name)}
    return model(**{**named, **others})


def blank_row(model: type[Row], **values: object) -> Row:
    """A row that says nothing but the values given: the tombstone of what was never seen."""
    blanks = {
        name: _BLANKS.get(field.annotation)
        for name, field in model.model_fields.items()
        if name not in values
    }
    return model(**blanks, **values)


async def insert_or_lock(session: Session, row: Row) -> Row | None:
    """Insert the row, or lock and give back the one that is there; None when it was inserted.

    Two transactions that do this with one key take turns: the second waits for the first to end.
    """
    model, key = type(row), _key(row)
    held = await session.get(model, key, with_for_update=True, populate_existing=True)
    if held is not None:
        return held
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(model).values(row.model_dump()).on_conflict_do_nothing()
    inserted = await session.exec(statement.returning(*inspect(model).primary_key))
    if inserted.first() is not None:
        return None
    return await session.get(model, key, with_for_update=True, populate_existing=True)


def says_the_same(held: Row, row: Row) -> bool:
    """Whether two rows agree in every column."""
    return not _differing(held, row)


def overwrite(held: Row, row: Row, *, immaterial: Collection[str] = WATERMARKS) -> bool:
    """Make the held row say what the new one says; whether anything material changed."""
    differing = _differing(held, row)
    for name in differing:
        setattr(held, name, getattr(row, name))
    return any(name not in immaterial for name in differing)


async def replace_rows(
    session: Session,
    model: type[Row],
    chosen: ColumnElement[bool],
    rows: Iterable[Row],
    *,
    immaterial: Collection[str] = WATERMARKS,
) -> bool:
    """Let the chosen rows be exactly the given ones; whether anything material changed."""
    found = select(model).where(chosen).execution_options(populate_existing=True)
    held = {_key(row): row for row in await session.exec(found)}
    changed = False
    for row in rows:
        same = held.pop(_key(row), None)
        if same is None:
            session.add(row)
            changed = True
        else:
            changed |= overwrite(same, row, immaterial=immaterial)
    for row in held.values():
        await session.delete(row)
    await session.flush()
    return changed or bool(held)


def _differing(held: Row, row: Row) -> list[str]:
    return [name for name in type(row).model_fields if getattr(held, name) != getattr(row, name)]


def _key(row: SQLModel) -> tuple[Any, ...]:
    return tuple(inspect(type(row)).primary_key_from_instance(row))
