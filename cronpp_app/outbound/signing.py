"""Signatures by which a target can tell that a call is ours (Standard Webhooks 1.0)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix, not a secret


def signing_key(secret: str) -> bytes:
    """Return the key that `secret` spells: Base64 after `whsec_`; raise ValueError if it is not."""
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)


def signature_headers(
    keys: Sequence[bytes], *, message_id: str, sent_at: datetime, body: str | None
) -> dict[str, str]:
    """Return `webhook-id`, `webhook-timestamp` and `webhook-signature` of one call.

    `message_id` is the same for all attempts of a run, `sent_at` is that of the attempt. Each
    of `keys` signs; a receiver that knows one of them accepts the call.
    """
    timestamp = str(int(sent_at.timestamp()))
    signed = f"{message_id}.{timestamp}.{body or ''}".encode()
    digests = (hmac.digest(key, signed, hashlib.sha256) for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(digest).decode('ascii')}" for digest in digests
        ),
    }
