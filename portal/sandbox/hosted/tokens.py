"""The word in every form that shows it came from a page of ours, and that it was not sent before.

Without it another site open in the same browser could pay, cancel or delete here by posting a form.
"""

import secrets

# A page that is older than so many others has to be opened again.
_MOST_OPEN = 10_000


class FormTokens:
    """The words of the pages that are open; each is good once, for the address it was made for."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}

    def issue(self, path: str) -> str:
        """A new word for a page at this address."""
        token = secrets.token_urlsafe(24)
        self._open[token] = path
        while len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]
        return token

    def take(self, path: str, token: str) -> bool:
        """Whether the word belongs to the address; from now on it does not any more."""
        if self._open.get(token) != path:
            return False
        del self._open[token]
        return True
