"""Where a card's holder is sent to give their consent: the `next_action` of an intent.

https://docs.stripe.com/payments/3d-secure/authentication-flow. The page is the sandbox's own; what
Stripe's browser library would be told beside it is there in form only.
"""

from typing import Any

from portal.sandbox.account import ACCOUNT
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def next_action(store: Store, intent: StripeObject, source: str, brand: str) -> StripeObject:
    """To the page and back to the address that was given, or by Stripe's library."""
    page = f"{store.address}/authenticate/{intent['id']}"
    if intent.get("_return_url"):
        redirect = {"return_url": intent["_return_url"], "url": page}
        return {"redirect_to_url": redirect, "type": "redirect_to_url"}
    return {"type": "use_stripe_sdk", "use_stripe_sdk": _for_the_library(page, source, brand)}


def _for_the_library(page: str, source: str, brand: str) -> StripeObject:
    """What the library reads; its keys and certificates are the card networks' and empty here."""
    return {
        "directory_server_encryption": {
            "algorithm": "RSA",
            "certificate": "",
            "directory_server_id": "A000000003",
            "root_certificate_authorities": [""],
        },
        "directory_server_name": brand,
        "merchant": ACCOUNT,
        "one_click_authn": None,
        "server_transaction_id": source,
        "stripe_js": page,
        "three_d_secure_2_source": source,
        "three_ds_frontend_optimizations": "",
        "three_ds_method_url": "",
        "type": "stripe_3ds2_fingerprint",
    }
