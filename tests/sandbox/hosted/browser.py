"""A customer's browser without a screen: it opens hosted pages and sends their forms."""

import re

import httpx


class Browser:
    """Looks at the pages of a sandbox; redirects are only followed when a test says so."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False)

    def look(self, address: str) -> httpx.Response:
        """The page at an address."""
        return self.http.get(address)

    def token(self, address: str) -> str:
        """The word that the forms of a page carry."""
        return re.search(r'name="token" value="([^"]+)"', self.look(address).text)[1]

    def send(self, address: str, **fields: str) -> httpx.Response:
        """Open the page and send its form with these fields."""
        return self.http.post(address, data={"token": self.token(address), **fields})


def told(page: httpx.Response) -> list[str]:
    """What a page says about what has just happened."""
    return re.findall(r'role="(?:alert|status)">([^<]*)<', page.text)


def heading(page: httpx.Response) -> str:
    """The page's first heading."""
    return re.search(r"<h1>(.*?)</h1>", page.text)[1]
