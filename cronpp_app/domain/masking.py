"""Masking by value: whatever is kept of a call is searched for the secrets used in it.

A target may echo what it was sent, in another form too: percent-encoded, in Base64, escaped
for JSON or HTML. Each form that a text is likely to take is looked for.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus

from cronpp_app.domain.attempts import AttemptResult, ReceivedResponse
from cronpp_app.domain.secrets import mask

# Shorter values would be found everywhere; they count only where they stand alone.
_SHORT: Final = 6
# Of values this long a part is found in every form, in Base64 too.
_LONG: Final = 12
# Of what was cut off in the middle of a secret, a beginning this long is taken for one.
_CUT_SHORT: Final = 4
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]* +(\S.*)")


class Masker:
    """Replaces secrets by their masks."""

    def __init__(self, values: Iterable[str]) -> None:
        plain = _smallest({value for value in values if value})
        forms = {form: mask(value) for value in reversed(plain) for form in _forms(value)}
        ordered = sorted(forms, key=len, reverse=True)
        self._long = [(form, forms[form]) for form in ordered if len(form) >= _SHORT]
        self._short = [
            (re.compile(rf"(?<![0-9A-Za-z]){re.escape(form)}(?![0-9A-Za-z])"), forms[form])
            for form in ordered
            if len(form) < _SHORT
        ]

    def finds(self, text: str) -> bool:
        """Return whether there is a secret in `text`."""
        return any(form in text for form, _ in self._long) or any(
            pattern.search(text) for pattern, _ in self._short
        )

    def text(self, text: str, *, cut: bool = False) -> str:
        """Return `text` with every secret masked; `cut` if it may end in the middle of one."""
        for form, masked in self._long:
            if form in text:
                text = text.replace(form, masked)
        for pattern, masked in self._short:
            text = pattern.sub(masked, text)
        return self._without_beginning(text) if cut else text

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return `headers` with every secret in their values, and names, masked."""
        return {self.text(name): self.text(value) for name, value in headers.items()}

    def _without_beginning(self, text: str) -> str:
        for form, masked in self._long:
            for length in range(min(len(form) - 1, len(text)), _CUT_SHORT - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + masked
        return text


def secret_parts(header: str, value: str) -> Iterator[str]:
    """Yield the secrets in the value of a secret header: itself, and what stands for itself.

    Of `Bearer …` the token, of Basic credentials the password, of cookies each value.
    """
    yield value
    if header.casefold() == "cookie":
        yield from (pair.partition("=")[2].strip() for pair in value.split(";"))
    elif found := _SCHEME.fullmatch(value):
        yield found[1]
        if value[:6].casefold() == "basic ":
            yield from _basic_parts(found[1])


def masked_result(result: AttemptResult, masker: Masker) -> AttemptResult:
    """Return `result` without the secrets that `masker` knows."""
    request, response, error = result.request, result.response, result.error
    was_cut = response is not None and response.body_truncated
    if not was_cut and not masker.finds("\0".join(_texts(result))):
        return result  # most targets echo nothing, and many small searches cost more than one
    return replace(
        result,
        request=request
        and replace(
            request,
            url=masker.text(request.url),
            headers=masker.headers(request.headers),
            body=request.body and masker.text(request.body),
        ),
        response=response and _masked_response(response, masker),
        error=error
        and replace(
            error,
            message=masker.text(error.message),
            # The beginning of a long trace is cut off, perhaps in the middle of a secret.
            traceback=error.traceback and masker.text(error.traceback),
        ),
    )


def _texts(result: AttemptResult) -> Iterator[str]:
    for part in (result.request, result.response):
        if part is not None:
            yield from part.headers
            yield from part.headers.values()
            yield part.body or ""
    if result.request is not None:
        yield result.request.url
    if result.error is not None:
        yield result.error.message
        yield result.error.traceback or ""


@lru_cache(maxsize=1_024)
def masker_of(values: tuple[str, ...]) -> Masker:
    """Return the masker of these secrets; a job uses the same ones again and again."""
    return Masker(values)


def _masked_response(response: ReceivedResponse, masker: Masker) -> ReceivedResponse:
    return replace(
        response,
        headers=masker.headers(response.headers),
        body=masker.text(response.body, cut=response.body_truncated),
    )


def _basic_parts(credentials: str) -> Iterator[str]:
    try:
        plain = base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        return
    yield plain
    yield plain.partition(":")[2]


def _smallest(values: set[str]) -> list[str]:
    """Return `values`, the longest first, without those that hold another long one.

    Every form of a text holds that form of its parts, so what is in it is found anyway.
    """
    return sorted(
        (
            value
            for value in values
            if not any(
                other != value and len(other) >= _LONG and other in value for other in values
            )
        ),
        key=len,
        reverse=True,
    )


def _forms(value: str) -> Iterator[str]:
    yield value
    if len(value) < _SHORT:
        return  # an encoding of so little would be found everywhere
    yield from (value.lower(), value.upper())  # as a host name, as a CGI variable
    yield from _json_forms(value)
    yield repr(value)[1:-1]
    yield from _html_forms(value)
    for encoded in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), encoded)
    yield from _base64_forms(value.encode())
    yield from (value.encode().hex(), value.encode().hex().upper())


def _json_forms(value: str) -> Iterator[str]:
    """Yield how `value` stands in JSON: plainly, fit for HTML, and in a text that is JSON itself.

    Go escapes what HTML would read, .NET all but letters, digits and some signs.
    """
    for plain in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield from (plain, plain.replace("/", "\\/"))
        yield _escaped(plain, "<>&")
        yield json.dumps(plain)[1:-1]
        yield json.dumps(plain, ensure_ascii=False)[1:-1]
    shy = json.dumps(value)[1:-1].replace('\\"', '"')
    yield re.sub(r"\\u[0-9a-f]{4}", _in_capitals, _escaped(shy, "<>&\"'+`"))


def _escaped(text: str, signs: str) -> str:
    return "".join(f"\\u{ord(char):04x}" if char in signs else char for char in text)


def _in_capitals(found: re.Match[str]) -> str:
    return found[0][:2] + found[0][2:].upper()


def _html_forms(value: str) -> Iterator[str]:
    """Yield how `value` stands in HTML; libraries differ in how they write quotes."""
    for double, single in (("&quot;", "&#x27;"), ("&#34;", "&#39;"), ("&quot;", "&#039;")):
        yield escape(value, quote=False).replace('"', double).replace("'", single)


def _base64_forms(data: bytes) -> Iterator[str]:
    """Yield how `data` looks in Base64, alone or in the middle of other bytes."""
    for before in range(3):
        # Characters that depend on the neighbours are left out at both ends: a bit or two of
        # the first byte and of the last ones.
        first = (0, 2, 3)[before]
        whole = (before + len(data)) // 3 * 4
        inner = base64.b64encode(b"\0" * before + data)[first:whole].decode()
        if len(inner) >= _SHORT:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")
