"""The looks of the hosted pages: the portal's own tokens, light or dark as the system is."""

import re
from functools import cache
from pathlib import Path

_ASSETS = Path(__file__).parents[3] / "assets"
_FONT = "inter-latin-wght-normal.woff2"
_DARK = re.compile(r"^\.dark \{\n(.*?)^\}\n", re.MULTILINE | re.DOTALL)


@cache
def stylesheet() -> bytes:
    """The tokens, and what the pages do with them.

    Without a script a page cannot choose its mode, so the dark tokens go by the system's.
    """
    tokens = (_ASSETS / "tokens.css").read_text().replace("/fonts/", "/hosted/")
    dark = _DARK.sub(r"@media (prefers-color-scheme: dark) {\n:root {\n\1}\n}\n", tokens)
    return (dark + (Path(__file__).parent / "hosted.css").read_text()).encode()


@cache
def font() -> bytes:
    """The one font of the pages."""
    return (_ASSETS / "fonts" / _FONT).read_bytes()


FONT_PATH = f"/hosted/{_FONT}"
