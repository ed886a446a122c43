"""JSON as we accept it: RFC 8259, and nothing that two readers could understand differently.

Python's own reader takes NaN, the last of two equal keys, half of a surrogate pair, and
fails on deep nesting; all of these are refused here, with the place where they stand.
"""

import json
import re
from itertools import accumulate
from typing import Any, NoReturn

DEEPEST = 100
# Possessive, and the closing quote optional: an unfinished string must not be read again from
# each of its quotes, which would take quadratic time.
_STRING = r'"(?:[^"\\]|\\.)*+"?'
_STRINGS = re.compile(_STRING, re.DOTALL)
_TOKEN = re.compile(_STRING + r"|[{}\[\]]|:", re.DOTALL)
_LONE = re.compile("[\ud800-\udfff]")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_NO_BRACKETS = re.compile(r"[^{}\[\]]+")
_LONGEST_NUMBER = re.compile(r"[0-9]{400}")


class InvalidJson(ValueError):
    """Text is not JSON as we accept it; the message names line and column."""

    def __init__(self, problem: str, text: str, position: int) -> None:
        self.line = text.count("\n", 0, position) + 1
        self.column = position - text.rfind("\n", 0, position)
        super().__init__(f"{problem} (line {self.line}, column {self.column})")


def read_json(text: str) -> object:
    """Return the value of `text`; raise InvalidJson for the first thing that is wrong."""
    if lone := _LONE.search(text):
        raise InvalidJson("half of a surrogate pair cannot be sent", text, lone.start())
    bare = _STRINGS.sub("", text)
    if _LONGEST_NUMBER.search(bare) and (number := _LONGEST_NUMBER.search(_without_texts(text))):
        raise InvalidJson("a number has too many digits", text, number.start())
    if _HALF.search(text) or _depth(bare) > DEEPEST:
        _scan(text)
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_each_once)
    except _GivenTwice as error:
        _scan(text)  # tells which key, and where
        raise InvalidJson("a key is given twice", text, 0) from error
    except json.JSONDecodeError as error:
        raise InvalidJson(_lower(error.msg), text, error.pos) from error
    except _NotANumber as error:
        place = re.search(re.escape(str(error)), _without_texts(text))
        problem = f"{error} is not a number in JSON"
        raise InvalidJson(problem, text, place.start() if place else 0) from error


def _depth(bare: str) -> int:
    """Return how deep brackets are nested in a text without strings."""
    brackets = _NO_BRACKETS.sub("", bare)
    return max(accumulate(1 if sign in "{[" else -1 for sign in brackets), default=0)


class _GivenTwice(Exception):
    pass


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _GivenTwice
    return made


def _scan(text: str) -> None:
    """Raise InvalidJson for deep nesting, a key given twice, or half of a surrogate pair.

    Slow, hence asked only about texts that look as if they had one of these. Knows tokens only;
    whether they stand where they may is for the real reader to say.
    """
    open_keys: list[set[str] | None] = []
    last: re.Match[str] | None = None
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{" | "[":
                open_keys.append(set() if token[0] == "{" else None)
                if len(open_keys) > DEEPEST:
                    problem = f"nested deeper than {DEEPEST} levels"
                    raise InvalidJson(problem, text, token.start())
            case "}" | "]":
                if open_keys:
                    open_keys.pop()
            case ":":
                if last is not None and open_keys and open_keys[-1] is not None:
                    _note_key(open_keys[-1], last, text)
            case _:
                last = token
                _check_text(token, text)


def _note_key(keys: set[str], token: re.Match[str], text: str) -> None:
    key = _value(token)
    if key is None:
        return
    if key in keys:
        shown = key if len(key) <= 50 else f"{key[:50]}…"
        raise InvalidJson(f'the key "{shown}" is given twice', text, token.start())
    keys.add(key)


def _check_text(token: re.Match[str], text: str) -> None:
    if "\\u" not in token[0]:
        return
    value = _value(token)
    if value is not None and _LONE.search(value):
        raise InvalidJson("half of a surrogate pair cannot be sent", text, token.start())


def _value(token: re.Match[str]) -> str | None:
    try:
        return str(json.loads(token[0]))
    except ValueError:  # the real reader names it better
        return None


def _without_texts(text: str) -> str:
    """Return `text` with its strings blanked, everything else at its place."""
    return _STRINGS.sub(lambda found: " " * len(found[0]), text)


class _NotANumber(Exception):
    pass


def _refuse_constant(name: str) -> NoReturn:
    raise _NotANumber(name)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
