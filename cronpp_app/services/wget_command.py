"""wget commands, as they stand in many a crontab."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from cronpp_app.services.pasted_calls import CERTIFICATES, PastedCall

_SHORT_WITH_VALUE = {
    "a": "append-output", "B": "base", "e": "execute", "i": "input-file", "l": "level",
    "o": "output-file", "O": "output-document", "P": "directory-prefix", "Q": "quota",
    "t": "tries", "T": "timeout", "U": "user-agent", "w": "wait",
}  # fmt: skip
_OTHERS_WITH_VALUE = """
header post-data post-file body-data body-file method user password http-user http-password referer
read-timeout connect-timeout dns-timeout waitretry max-redirect load-cookies save-cookies
ca-certificate certificate private-key limit-rate
"""
_LONG_WITH_VALUE = frozenset([*_SHORT_WITH_VALUE.values(), *_OTHERS_WITH_VALUE.split()])


def read_wget(words: Sequence[str]) -> PastedCall:
    """Return what a wget command calls; `words` are those behind the name of the program."""
    call = PastedCall(follow_redirects=True)  # unlike curl, wget does by default
    given = dict.fromkeys(("user", "password"), "")
    for option, value in _options(words):
        if option in {"user", "password", "http-user", "http-password"}:
            given[option.removeprefix("http-")] = value
        else:
            _take(call, option, value)
    if given["user"]:
        call.sign_in(f"{given['user']}:{given['password']}")
    return call


def _take(call: PastedCall, option: str, value: str) -> None:
    takers: dict[str, Callable[[str], None]] = {
        "url": call.add_url,
        "header": call.add_header,
        "post-data": call.add_form_body,
        "method": call.set_method,
        "timeout": call.set_timeout,
        "read-timeout": call.set_timeout,
        "tries": partial(call.set_retries, spare=1),
        "referer": partial(call.set_header, "Referer"),
        "user-agent": partial(call.set_header, "User-Agent"),
    }
    if option in takers:
        takers[option](value)
    elif option == "body-data":
        call.body = value
    elif option == "spider":
        call.method = "HEAD"
    else:
        _note(call, option, value)


def _note(call: PastedCall, option: str, value: str) -> None:
    if option == "no-check-certificate":
        call.note(CERTIFICATES)
    elif option in {"post-file", "body-file", "input-file"}:
        call.note(f"--{option} reads a file, which Cron++ does not have; it is left out.")
    elif option == "max-redirect" and value == "0":
        call.follow_redirects = False


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            takes_next = name in _LONG_WITH_VALUE and not equals and rest
            yield name, rest.pop(0) if takes_next else value
        elif word.startswith("-") and len(word) > 1:
            yield from _short(word[1:], rest)
        elif word.strip():
            yield "url", word


def _short(letters: str, rest: list[str]) -> Iterator[tuple[str, str]]:
    for position, letter in enumerate(letters):
        if letter in _SHORT_WITH_VALUE:
            glued = letters[position + 1 :]
            yield _SHORT_WITH_VALUE[letter], glued or (rest.pop(0) if rest else "")
            return
        if letters[position : position + 2] in {"nv", "nc", "nd", "nH", "np"}:  # a flag of two
            return
