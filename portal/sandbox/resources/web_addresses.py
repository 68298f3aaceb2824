"""Addresses that a request hands in, to which a customer's browser will be sent."""

from urllib.parse import urlsplit

from portal.sandbox.refusals import Refused

_LONGEST = 5000


def checked_address(text: str, param: str) -> str:
    """The address, if it is one of the web's: nothing else may stand in a link or a redirect."""
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or len(text) > _LONGEST or not text.isprintable() or " " in text:
        raise Refused("Not a valid URL", code="url_invalid", param=param)
    return text
