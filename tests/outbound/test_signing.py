"""Signed calls: what a receiver checks with the published libraries."""

from datetime import UTC, datetime

import pytest

from cronpp_app.outbound.signing import signature_headers, signing_key

SENT_AT = datetime.fromtimestamp(1_614_265_330, UTC)


def test_the_signature_is_that_of_the_reference_libraries() -> None:
    headers = signature_headers(
        [signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        sent_at=SENT_AT,
        body='{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_call_without_a_body_is_signed_as_an_empty_one() -> None:
    signed = [
        signature_headers([b"secret"], message_id="m", sent_at=SENT_AT, body=body)
        for body in (None, "", "x")
    ]
    assert signed[0] == signed[1] != signed[2]


def test_a_secret_that_is_not_base64_is_refused() -> None:
    with pytest.raises(ValueError, match=r"(?i)base64|padding"):
        signing_key("whsec_***")


def test_while_a_secret_is_replaced_both_sign() -> None:
    def signature(*keys: bytes) -> str:
        headers = signature_headers(keys, message_id="m", sent_at=SENT_AT, body="x")
        return headers["webhook-signature"]

    assert signature(b"new", b"old") == f"{signature(b'new')} {signature(b'old')}"
