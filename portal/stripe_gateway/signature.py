"""Whether a webhook is Stripe's own: the signature over its raw bytes, and its age.

The scheme is that of https://docs.stripe.com/webhooks#verify-manually. It is written out here
because the portal's endpoint checks thousands of events a second against several secrets.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime

from portal.clock import to_epoch
from portal.errors import PortalError

TOLERANCE_SECONDS = 300
_SCHEME = "v1"


class UntrustedWebhook(PortalError):
    """A webhook's signature is missing, unreadable, too old, too new or not made with a secret."""


def verify(
    body: bytes,
    header: str,
    secrets: Sequence[str],
    now: datetime,
    tolerance: int = TOLERANCE_SECONDS,
) -> None:
    """Return if the header signs these very bytes with one of the secrets; UntrustedWebhook if not.

    Several secrets are valid while one is being rolled, and one good signature of many is enough.
    A stamp from the future is refused like an old one: Stripe's clock is right, so one of the two
    is not who or what we think.
    """
    timestamp, signatures = _parse(header)
    expected = [_signature(body, timestamp, secret) for secret in secrets]
    if not any(hmac.compare_digest(one, given) for one in expected for given in signatures):
        raise UntrustedWebhook(
            "No signature matches this body.",
            next_step="Check STRIPE_WEBHOOK_SECRET against the endpoint's signing secret.",
        )
    if abs(to_epoch(now) - int(timestamp)) > tolerance:
        raise UntrustedWebhook(
            f"The signature's time is more than {tolerance} seconds from now.",
            next_step="If this is a fresh delivery, set the clock of this machine.",
        )


def sign(body: bytes, secret: str, moment: datetime) -> str:
    """The Stripe-Signature header that `verify` accepts for these bytes at that moment."""
    timestamp = str(to_epoch(moment)).encode()
    return f"t={timestamp.decode()},{_SCHEME}={_signature(body, timestamp, secret).decode()}"


def _parse(header: str) -> tuple[bytes, list[bytes]]:
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value.encode() for name, _, value in parts if name == _SCHEME]
    if len(stamps) != 1 or not _is_epoch(stamps[0]) or not signatures:
        raise UntrustedWebhook(
            "The Stripe-Signature header is missing or unreadable.",
            next_step="Only Stripe posts here, and it signs each event.",
        )
    return stamps[0].encode(), signatures


def _is_epoch(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


def _signature(body: bytes, timestamp: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), timestamp + b"." + body, "sha256").hex().encode()
