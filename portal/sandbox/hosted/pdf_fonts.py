"""The fonts of a PDF: which of them can write a text, and what is done where none can.

A PDF carries the glyphs it uses with it. One font holds the portal's own letters, the next those
of most alphabets, the third Chinese, Japanese and Korean.
"""

import unicodedata
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path

from arabic_reshaper import reshape
from bidi import get_display
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

_FOLDER = Path(__file__).parent / "fonts"
_FILES = {
    "Inter": "Inter-Regular.ttf",
    "Inter-SemiBold": "Inter-SemiBold.ttf",
    "DejaVuSans": "DejaVuSans.ttf",
    "DejaVuSans-Bold": "DejaVuSans-Bold.ttf",
    "DroidSansFallback": "DroidSansFallback.ttf",
}
# ReportLab cannot say what a character beyond the first plane is when text is copied.
_LAST_PLAIN = "\uffff"
REGULAR = ("Inter", "DejaVuSans", "DroidSansFallback")
STRONG = ("Inter-SemiBold", "DejaVuSans-Bold", "DroidSansFallback")


def marked_up(text: str, fonts: tuple[str, ...] = REGULAR) -> str:
    """The text as a paragraph's markup, each stretch in the first of the fonts that has it all.

    What no font has is written as its code point, `[U+0E01]`: it is not left out and not replaced
    by something alike.
    """
    seen = _as_read(text)
    written = "".join(char if _font_of(char, fonts) else _code_point(char) for char in seen)
    words = [written] if _covers(fonts[0], written) else written.split(" ")
    return " ".join(_word(word, fonts) for word in words)


def _as_read(text: str) -> str:
    """Arabic and Hebrew in the order in which a PDF sets its letters, the Arabic ones joined."""
    runs_left = any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)
    return str(get_display(reshape(text))) if runs_left else text


@cache
def _registered(name: str) -> TTFont:
    font = TTFont(name, str(_FOLDER / _FILES[name]))
    registerFont(font)
    return font


def _word(word: str, fonts: tuple[str, ...]) -> str:
    """One font for the whole word if there is one; letters of two fonts in a word look torn."""
    for font in fonts:
        if _covers(font, word):
            return _in_font(font, word)
    stretches = groupby(word, key=lambda char: _font_of(char, fonts))
    return "".join(_in_font(font or fonts[0], "".join(chars)) for font, chars in stretches)


def _in_font(font: str, text: str) -> str:
    return f'<font name="{font}">{escape(text)}</font>' if text else ""


def _covers(font: str, text: str) -> bool:
    return all(_has(font, char) for char in text)


def _font_of(char: str, fonts: tuple[str, ...]) -> str | None:
    return next((font for font in fonts if _has(font, char)), None)


def _has(font: str, char: str) -> bool:
    return char == " " or (char <= _LAST_PLAIN and ord(char) in _registered(font).face.charToGlyph)


def _code_point(char: str) -> str:
    return f"[U+{ord(char):04X}]"
