"""A failure in one line that may be kept and shown: no bodies, no rows, no secrets."""

import re
from pathlib import Path
from traceback import extract_tb

from portal.errors import PortalError

_LONGEST = 300
_HOUSE = Path(__file__).parents[1]
_SECRET = re.compile(r"\b(?:(?:sk|rk|pk)_(?:test|live)|whsec)_\w+")


def failure_text(error: BaseException) -> str:
    """The error's type, the first line of what it says, and where it arose if it is a bug.

    Only the first line, because database errors go on with whole rows.
    """
    said = next(iter(str(error).splitlines()), "")
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if not isinstance(error, PortalError):
        text = f"{_cut(text)} ({_place(error)})"
    return _SECRET.sub("[secret]", _cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _place(error: BaseException) -> str:
    frames = extract_tb(error.__traceback__)
    own = [frame for frame in frames if _HOUSE in Path(frame.filename).parents] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "unknown place"
