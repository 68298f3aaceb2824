"""Ids in Stripe's form, the same for the same seed."""

import hashlib
import secrets
from functools import cache

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Customers, products and subscription items have short ids at Stripe, everything else long ones.
_SHORT = frozenset(("cus", "prod", "si", "req"))


class Ids:
    """A row of ids; `made` says how far it has gone, so that it can go on after a restart."""

    def __init__(self, seed: int | None = None, made: int = 0) -> None:
        self._seed = secrets.token_hex(16) if seed is None else str(seed)
        self.made = made

    def make(self, prefix: str) -> str:
        """The next id, `prefix_…`; a prefix may itself hold underscores, as in `credgr_test`."""
        self.made += 1
        length = 14 if prefix in _SHORT else 24
        return f"{prefix}_{_letters(f'{self._seed}/{prefix}/{self.made}', length)}"

    def letters(self, length: int) -> str:
        """The next run of capitals and digits, as in an invoice prefix."""
        self.made += 1
        return _letters(f"{self._seed}/letters/{self.made}", length, _ALPHABET[:36])


def fingerprint(of: str) -> str:
    """Sixteen letters that are always the same for the same thing, such as a card."""
    return _letters(of, 16)


def _letters(source: str, length: int, alphabet: bytes = _ALPHABET) -> str:
    """At most 32, one for each byte of a hash."""
    letters = hashlib.sha256(source.encode()).digest()[:length]
    return letters.translate(_table(alphabet)).decode()


@cache
def _table(alphabet: bytes) -> bytes:
    """Which letter stands for which byte."""
    return bytes(alphabet[byte % len(alphabet)] for byte in range(256))
