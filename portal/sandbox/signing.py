"""How a webhook is signed, and how an endpoint's secret is replaced by a new one.

https://docs.stripe.com/webhooks/signature and https://docs.stripe.com/webhooks#roll-endpoint-secrets
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Any

StripeObject = dict[str, Any]
LONGEST_OVERLAP_SECONDS = 24 * 3600


def new_secret() -> str:
    """A signing secret; it is no id, so it does not come of the seed."""
    return f"whsec_{secrets.token_hex(16)}"


def rotated(listener: StripeObject, now: int, old_expires_in: int) -> StripeObject:
    """The endpoint with a new secret; what it had before goes on signing for some seconds."""
    return listener | {
        "_secret": new_secret(),
        "_old_secret": listener["_secret"],
        "_old_secret_expires_at": now + old_expires_in,
    }


def secrets_of(listener: StripeObject, now: int) -> list[str]:
    """The secrets that sign at a moment, the newest first."""
    is_rolling = listener.get("_old_secret_expires_at", now) > now
    return [listener["_secret"]] + ([listener["_old_secret"]] if is_rolling else [])


def signature(body: bytes, keys: Iterable[str], now: int) -> str:
    """The Stripe-Signature header: one signature for each secret."""
    signed = f"{now}.".encode() + body
    digests = (hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in keys)
    return ",".join([f"t={now}", *(f"v1={digest}" for digest in digests)])
