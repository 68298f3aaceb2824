"""The sandbox's objects in a SQLite file, so that they outlive the process."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from portal.errors import Misconfigured

_PATIENCE_SECONDS = 1
_SCHEMA = """
create table if not exists stripe_object (
    kind text not null, id text not null, position integer not null, body text not null,
    primary key (kind, id)
) without rowid;
create table if not exists counter (name text primary key, value integer not null);
"""


class StoreFile:
    """Reads everything at the start; afterwards each commit of the store is one transaction."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connected(path)
        except (OSError, sqlite3.DatabaseError) as error:
            raise Misconfigured(
                f"{path} cannot be used by the sandbox ({error}).",
                next_step="Name another file with --data; one that is in use is locked.",
            ) from error

    @property
    def ids_made(self) -> int:
        """How many ids the store has ever made."""
        found = self._connection.execute("select value from counter where name = 'ids'").fetchone()
        return int(found[0]) if found else 0

    def read(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every object with its position, in the order of creation."""
        rows = self._connection.execute("select position, body from stripe_object order by 1")
        for position, body in rows:
            yield position, json.loads(body)

    def write(
        self, changes: Iterable[tuple[tuple[str, str], int, Any | None]], *, ids_made: int
    ) -> None:
        """Keep the changed objects and forget those that are None, all or nothing."""
        kept, gone = [], []
        for (kind, id), position, obj in changes:
            if obj is None:
                gone.append((kind, id))
            else:
                kept.append((kind, id, position, json.dumps(obj, separators=(",", ":"))))
        with self._connection:
            self._connection.execute("begin immediate")
            self._connection.executemany("replace into stripe_object values (?, ?, ?, ?)", kept)
            self._connection.executemany(
                "delete from stripe_object where kind = ? and id = ?", gone
            )
            self._connection.execute("replace into counter values ('ids', ?)", (ids_made,))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_SECONDS)
    try:
        # Two sandboxes on one file would each undo what the other has written.
        connection.execute("pragma locking_mode=exclusive")
        # An answer promises its change even after kill -9; a power cut is not our concern.
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=normal")
        connection.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
