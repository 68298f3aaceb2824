"""The one account of a sandbox: whose customers they are, and what it is called."""

from portal.sandbox.store import Store

ACCOUNT = "acct_sandbox"


def open_account(store: Store, name: str) -> None:
    """Keep the account under its name."""
    store.put({"id": ACCOUNT, "object": "account", "business_profile": {"name": name}})


def account_name(store: Store) -> str | None:
    """What the account is called, as far as it is known."""
    account = store.look("account", ACCOUNT) or {}
    name: str | None = (account.get("business_profile") or {}).get("name")
    return name
