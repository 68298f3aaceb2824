"""Ids in Stripe's form, the same for the same seed."""

import hashlib
import secrets

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
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
        return f"{prefix}_{self._text(prefix)}"

    def letters(self, length: int) -> str:
        """The next run of capitals and digits, as in an invoice prefix."""
        self.made += 1
        return self._text("letters", length=length, alphabet=_ALPHABET[:36])

    def _text(self, prefix: str, *, length: int = 0, alphabet: str = _ALPHABET) -> str:
        wanted = length or (14 if prefix in _SHORT else 24)
        digest = hashlib.sha256(f"{self._seed}/{prefix}/{self.made}".encode()).digest()
        number = int.from_bytes(digest, "big")
        letters = []
        for _ in range(wanted):
            number, position = divmod(number, len(alphabet))
            letters.append(alphabet[position])
        return "".join(letters)
