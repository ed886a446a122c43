"""Masking by value: whatever form an echo takes, the secret is not in it."""

import base64
import json
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronpp_app.domain.masking import Masker, secret_parts

SECRET = 'sk_live/"quoted"+&<ü>'
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=40)
FORMS = {
    "as it is": SECRET,
    "percent-encoded": quote(SECRET, safe=""),
    "percent-encoded, in small letters": quote(SECRET, safe="").lower(),
    "as a form field": quote_plus(SECRET),
    "as JSON": json.dumps(SECRET),
    "as JSON in UTF-8": json.dumps(SECRET, ensure_ascii=False),
    "as JSON with escaped slashes": json.dumps(SECRET).replace("/", "\\/"),
    "as HTML": escape(SECRET),
    "as Python shows it": repr(SECRET),
    "in Base64": base64.b64encode(SECRET.encode()).decode(),
    "in Base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "in hexadecimal": SECRET.encode().hex(),
    "in hexadecimal, in capitals": SECRET.encode().hex().upper(),
    "in capitals": SECRET.upper(),
    "as JSON in JSON": json.dumps(json.dumps(SECRET)),
    "as JSON of Go": r"sk_live/\"quoted\"+\u0026\u003cü\u003e",
    "as JSON of .NET": r"sk_live/\u0022quoted\u0022\u002B\u0026\u003C\u00FC\u003E",
    "as HTML of Go": "sk_live/&#34;quoted&#34;+&amp;&lt;ü&gt;",
}


@pytest.mark.parametrize("echo", FORMS.values(), ids=FORMS)
def test_an_echo_of_a_secret_is_masked_in_every_form(echo: str) -> None:
    masked = Masker([SECRET]).text(f"you sent {echo}.")
    assert echo not in masked
    assert masked.startswith("you sent ")
    assert "••••" in masked


@settings(max_examples=80)
@given(secret=TEXTS, before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_a_secret_inside_of_base64_cannot_be_read(secret: str, before: bytes, after: bytes) -> None:
    data = secret.encode()
    echo = base64.b64encode(before + data + after).decode()
    # Without the characters at both ends, which depend on what is around the secret.
    inside = base64.b64encode(bytes(len(before) % 3) + data).decode()[4:-4]
    assert inside == "" or inside not in Masker([secret]).text(echo)


@settings(max_examples=100)
@given(st.lists(TEXTS, min_size=1, max_size=4), st.text(), st.text())
def test_no_secret_survives_whatever_is_around_it(
    secrets: list[str], before: str, after: str
) -> None:
    text = before + after.join(secrets)
    masked = Masker(secrets).text(text)
    for secret in secrets:
        assert secret not in masked


def test_a_short_secret_is_masked_only_where_it_stands_alone() -> None:
    masker = Masker(["1234"])
    assert masker.text("pin=1234, id=912345") == "pin=••••, id=912345"


def test_the_beginning_of_a_secret_at_the_end_of_a_cut_text_is_masked() -> None:
    masker = Masker(["sk_live_0123456789"])
    assert masker.text("token: sk_live_0123", cut=True) == "token: ••••6789"
    assert masker.text("token: sk_live_0123") == "token: sk_live_0123"


@pytest.mark.parametrize(
    ("header", "value", "parts"),
    [
        ("Authorization", "Bearer abcdef", {"Bearer abcdef", "abcdef"}),
        ("X-Api-Key", "abcdef", {"abcdef"}),
        ("Cookie", "a=first; b=second", {"a=first; b=second", "first", "second"}),
        (
            "authorization",
            "Basic " + base64.b64encode(b"ada:lovelace").decode(),
            {"Basic YWRhOmxvdmVsYWNl", "YWRhOmxvdmVsYWNl", "ada:lovelace", "lovelace"},
        ),
    ],
)
def test_the_parts_of_a_header_that_are_secrets_in_themselves(
    header: str, value: str, parts: set[str]
) -> None:
    assert set(secret_parts(header, value)) == parts
