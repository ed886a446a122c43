"""curl commands, as browsers, Postman and documentation give them to be copied."""

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote_plus

from cronpp_app.services.pasted_calls import CERTIFICATES, PastedCall

# Short options of curl(1) and what they are short for; those that take a value stand apart.
_SHORT_WITH_VALUE = {
    "A": "user-agent", "b": "cookie", "c": "cookie-jar", "C": "continue-at", "d": "data",
    "D": "dump-header", "e": "referer", "E": "cert", "F": "form", "h": "help", "H": "header",
    "K": "config", "m": "max-time", "o": "output", "P": "ftp-port", "Q": "quote", "r": "range",
    "t": "telnet-option", "T": "upload-file", "u": "user", "U": "proxy-user", "w": "write-out",
    "x": "proxy", "X": "request", "y": "speed-time", "Y": "speed-limit", "z": "time-cond",
}  # fmt: skip
_SHORT_FLAGS = {"G": "get", "I": "head", "k": "insecure", "L": "location"}
_OTHERS_WITH_VALUE = """
abstract-unix-socket alt-svc aws-sigv4 cacert capath cert-type ciphers connect-timeout connect-to
crlfile curves data-ascii data-binary data-raw data-urlencode dns-servers doh-url etag-compare
etag-save expect100-timeout form-string happy-eyeballs-timeout-ms hsts interface json
keepalive-time key key-type limit-rate local-port max-filesize max-redirs noproxy oauth2-bearer
pass pinnedpubkey preproxy proto proto-default proto-redir proxy-header rate request-target resolve
retry retry-delay retry-max-time socks4 socks5 socks5-hostname stderr tls-max tls13-ciphers trace
trace-ascii unix-socket url url-query variable
"""
_LONG_WITH_VALUE = frozenset([*_SHORT_WITH_VALUE.values(), *_OTHERS_WITH_VALUE.split()])
_NEEDS_FILE = "{option} reads a file, which Cron++ does not have; the content is left out."


def read_curl(words: Sequence[str], *, standard_input: str = "") -> PastedCall:
    """Return what a curl command calls; `words` are those behind the name of the program.

    `standard_input` is what `@-` stands for. Options without meaning for a call from afar
    (output, progress, …) are passed over; what cannot be done is told in the notes.
    """
    call = _Curl(standard_input)
    for option, value in _options(words):
        call.take(option, value)
    return call.finished()


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each option by its long name, with its value; URLs as "url"."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            yield from (("url", url) for url in rest)
            return
        if word.startswith("--"):
            yield _long(word[2:], rest)
        elif word.startswith("-") and len(word) > 1:
            yield from _short(word[1:], rest)
        elif word.strip():
            yield "url", word


def _long(option: str, rest: list[str]) -> tuple[str, str]:
    name, equals, value = option.partition("=")
    if name not in _LONG_WITH_VALUE:
        return name, ""
    return name, value if equals else _shift(rest)


def _short(letters: str, rest: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the options of "-sSLXPOST": flags, and at most one with a value, the last."""
    for position, letter in enumerate(letters):
        if letter in _SHORT_WITH_VALUE:
            glued = letters[position + 1 :]
            yield _SHORT_WITH_VALUE[letter], glued or _shift(rest)
            return
        yield _SHORT_FLAGS.get(letter, letter), ""


def _shift(rest: list[str]) -> str:
    return rest.pop(0) if rest else ""


class _Curl:
    """Takes one option after the other."""

    def __init__(self, standard_input: str) -> None:
        self._call = PastedCall()
        self._input = standard_input
        self._data: list[str] = []
        self._json: list[str] = []
        self._query: list[str] = []
        self._is_get = self._is_head = False
        self._sends = ""
        call = self._call
        self._takers: dict[str, Callable[[str], None]] = {
            "url": call.add_url,
            "request": call.set_method,
            "header": self._header,
            "data": self._text,
            "data-ascii": self._text,
            "data-binary": lambda value: self._text(value, strips=False),
            "data-raw": self._data.append,
            "data-urlencode": self._encoded,
            "json": self._json_text,
            "user": call.sign_in,
            "url-query": lambda value: self._query.append(_url_encoded(value)),
            "oauth2-bearer": lambda value: call.offer_header("Authorization", f"Bearer {value}"),
            "cookie": self._cookie,
            "referer": lambda value: call.set_header("Referer", value),
            "user-agent": lambda value: call.set_header("User-Agent", value),
            "max-time": call.set_timeout,
            "retry": call.set_retries,
            "insecure": lambda _: call.note(CERTIFICATES),
            "proxy": lambda _: call.note("The proxy is left out: calls go out directly."),
            "location": self._location,
            "get": self._get,
            "head": self._head,
            "form": self._form,
            "form-string": self._form,
            "upload-file": lambda _: self._miss("--upload-file", method="PUT"),
            "config": lambda _: call.note(_NEEDS_FILE.format(option="--config")),
            "cert": lambda _: call.note("The client certificate is left out."),
        }

    def take(self, option: str, value: str) -> None:
        """Take an option by its long name."""
        taker = self._takers.get(option)
        if taker is not None:
            taker(value)

    def finished(self) -> PastedCall:
        """Return the call, its query and body put together."""
        call, data = self._call, "&".join(self._data)
        if self._is_get:
            self._query += [data] if data else []
        elif self._json:
            call.body = "".join(self._json)
            call.offer_header("Content-Type", "application/json")
            call.offer_header("Accept", "application/json")
        elif self._data:
            call.add_form_body(data)
        if self._query and call.url:
            call.url += ("&" if "?" in call.url else "?") + "&".join(self._query)
        call.method = call.method or self._own_method()
        return call

    def _own_method(self) -> str:
        """Return the method that options imply; "" leaves it to the body."""
        if self._is_head:
            return "HEAD"
        return "GET" if self._is_get else self._sends

    def _miss(self, option: str, *, method: str = "POST") -> None:
        """Note that a file would be sent; how it is sent is known without it."""
        self._sends = method
        self._call.note(_NEEDS_FILE.format(option=option))

    def _header(self, line: str) -> None:
        if line.startswith("@"):
            self._call.note(_NEEDS_FILE.format(option="--header @file"))
        else:
            self._call.add_header(line)

    def _text(self, value: str, *, strips: bool = True) -> None:
        if not value.startswith("@"):
            self._data.append(value)
        elif value == "@-" and self._input:
            # From a file, -d drops the ends of lines; --data-binary keeps them.
            self._data.append(re.sub(r"[\r\n]", "", self._input) if strips else self._input)
        else:
            self._miss(f"--data {value}")

    def _json_text(self, value: str) -> None:
        if not value.startswith("@"):
            self._json.append(value)
        elif value == "@-" and self._input:
            self._json.append(self._input)
        else:
            self._miss(f"--json {value}")

    def _encoded(self, value: str) -> None:
        if "=" not in value and "@" in value:
            self._miss(f"--data-urlencode {value}")
        else:
            self._data.append(_url_encoded(value))

    def _cookie(self, value: str) -> None:
        if "=" in value:
            self._call.set_header("Cookie", value)
        else:
            self._call.note(_NEEDS_FILE.format(option="--cookie"))

    def _form(self, _: str) -> None:
        self._call.method = self._call.method or "POST"
        self._call.note("Parts of a multipart form (-F) are left out; give the body as text.")

    def _location(self, _: str) -> None:
        self._call.follow_redirects = True

    def _get(self, _: str) -> None:
        self._is_get = True

    def _head(self, _: str) -> None:
        self._is_head = True


def _url_encoded(value: str) -> str:
    """Return "name=content" with its content encoded; without a name, all of it."""
    name, equals, content = value.partition("=")
    if not equals:
        return quote_plus(value)
    return f"{name}={quote_plus(content)}" if name else quote_plus(content)
