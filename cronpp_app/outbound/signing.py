"""Signatures by which a target can tell that a call is ours (Standard Webhooks 1.0)."""

import base64
import hashlib
import hmac
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix, not a secret


def signature_headers(
    secret: str, *, message_id: str, sent_at: datetime, body: str | None
) -> dict[str, str]:
    """Return `webhook-id`, `webhook-timestamp` and `webhook-signature` of one call.

    `message_id` is the same for all attempts of a run, `sent_at` is that of the attempt;
    `secret` is Base64 after `whsec_`. Raises ValueError if it is not.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    timestamp = str(int(sent_at.timestamp()))
    signed = f"{message_id}.{timestamp}.{body or ''}".encode()
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
