"""What a copied command calls: the common result of reading curl and wget."""

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from cronpp_app.services.headers import check_header_name

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_LONGEST_TIMEOUT, _MOST_RETRIES = 3_600, 20
# A scheme or none, and who signs in.
_USER = re.compile(r"((?:[^/?#]*://)?)([^@/?#]+)@")
_FORM = "application/x-www-form-urlencoded"
CERTIFICATES = "Certificates are always checked here; the option to accept any is left out."


@dataclass(slots=True, kw_only=True)
class PastedCall:
    """A call while it is being read; `notes` are sentences for who pasted it."""

    url: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    follow_redirects: bool = False
    timeout_seconds: int | None = None
    max_retries: int | None = None
    notes: list[str] = field(default_factory=list)

    def add_url(self, url: str) -> None:
        """Take `url`; only the first of several is called."""
        if self.url:
            self.note("The command calls several URLs; only the first one is taken over.")
            return
        if found := _USER.match(url):
            self.sign_in(unquote(found[2]))
            url = found[1] + url[found.end() :]
        self.url = url if "://" in url else f"http://{url}"

    def add_header(self, line: str) -> None:
        """Take a header as curl and wget write it: "Name: value"; "Name;" is an empty one."""
        name, colon, value = line.partition(":")
        if not colon and line.endswith(";"):
            name, colon = line[:-1], ":"
        elif colon and not value.strip():  # takes a default header away
            return
        if colon:
            self.set_header(name.strip(), value.strip())
        else:
            self.note(f"“{line}” is not a header and is left out.")

    def set_header(self, name: str, value: str) -> None:
        """Take a header unless it is one that jobs may not set."""
        try:
            check_header_name(name)
        except ValueError as error:
            self.note(f"The header {name} is left out: {_lower_first(str(error))}")
            return
        for known in [known for known in self.headers if known.casefold() == name.casefold()]:
            del self.headers[known]
        self.headers[name] = value

    def has_header(self, name: str) -> bool:
        """Return whether a header was given, in whatever case."""
        return name.casefold() in {known.casefold() for known in self.headers}

    def offer_header(self, name: str, value: str) -> None:
        """Take a header unless there is one of its name."""
        if not self.has_header(name):
            self.headers[name] = value

    def sign_in(self, user_and_password: str) -> None:
        """Take a user and password for HTTP Basic (RFC 7617)."""
        if ":" not in user_and_password:
            self.note("The command would ask for a password; put it in the Authorization header.")
            return
        self.offer_header(
            "Authorization", f"Basic {b64encode(user_and_password.encode()).decode()}"
        )

    def add_form_body(self, body: str) -> None:
        """Take a body that is sent as a form unless a header says otherwise."""
        self.body = body
        if not self.has_header("content-type"):
            self.headers["Content-Type"] = _FORM
            if _is_json(body):
                self.note(
                    "The body looks like JSON, but the command sends it as a form; set "
                    "Content-Type to application/json if the target wants JSON."
                )

    def set_method(self, method: str) -> None:
        """Take a method if it is one that jobs can use."""
        if method.upper() in METHODS:
            self.method = method.upper()
        else:
            self.note(f"{method} is not a method that jobs can use; GET or POST stands instead.")

    def set_timeout(self, seconds: str) -> None:
        """Take the longest time that the whole call may last."""
        number = _number(seconds)
        if number is not None and number > 0:
            self.timeout_seconds = min(max(1, round(number)), _LONGEST_TIMEOUT)

    def set_retries(self, retries: str, *, spare: int = 0) -> None:
        """Take a number of retries, or of tries if `spare` is the first one."""
        number = _number(retries)
        if number is not None:
            self.max_retries = min(max(0, int(number) - spare), _MOST_RETRIES)

    def note(self, words: str) -> None:
        """Add a sentence, once."""
        if words not in self.notes:
            self.notes.append(words)

    def action(self) -> dict[str, Any]:
        """Return the call as the JSON of an action; what it does not say is not in it."""
        method = self.method or ("GET" if self.body is None else "POST")
        if method in {"GET", "HEAD"} and self.body:
            self.note(f"The body is left out: a {method} request cannot have one.")
            self.body = None
        action: dict[str, Any] = {
            "kind": "http",
            "method": method,
            "url": self.url,
            "headers": self.headers,
            "body": self.body or None,
            "follow_redirects": self.follow_redirects,
        }
        if self.timeout_seconds is not None:
            action["timeout_seconds"] = self.timeout_seconds
        return action


def name_for(url: str) -> str:
    """Return a name for a job that calls `url`: its last path segment and its host."""
    try:
        parts = urlsplit(url)
        host, segments = parts.hostname or "", [part for part in parts.path.split("/") if part]
    except ValueError:
        return ""
    return (f"{segments[-1]} · {host}" if segments else host)[:200]


def _is_json(body: str) -> bool:
    if body.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e9 else None


def _lower_first(words: str) -> str:
    return words[:1].lower() + words[1:]
