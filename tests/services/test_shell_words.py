"""Command lines are split as the shells they were copied from would split them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronpp_app.services.shell_words import UnreadableCommand, split_command_line

WORDS = [
    ("a b  c", ["a", "b", "c"]),
    ("a 'b c' d", ["a", "b c", "d"]),
    ('a "b c" d', ["a", "b c", "d"]),
    ("a'b'\"c\"d", ["abcd"]),
    ("a ''", ["a", ""]),
    ('a ""', ["a", ""]),
    ("a\\ b", ["a b"]),
    ("a \\\n b", ["a", "b"]),
    ("a \\\r\n b", ["a", "b"]),
    ('"a\\"b"', ['a"b']),
    ('"a\\nb"', ["a\\nb"]),
    ("'a\\nb'", ["a\\nb"]),
    ("'it'\\''s'", ["it's"]),
    ("$'it\\'s'", ["it's"]),
    ("$'a\\nb\\tc'", ["a\nb\tc"]),
    ("$'\\x41\\u00e9\\U0001F600\\101'", ["A\u00e9\U0001f600A"]),
    ("'line one\nline two'", ["line one\nline two"]),
    ("a # a comment", ["a"]),
    ("a#b", ["a#b"]),
    ("a >/dev/null 2>&1", ["a"]),
    ("a > /dev/null b", ["a", "b"]),
    ("a &>/dev/null", ["a"]),
    ("a >>log 2>/dev/null", ["a"]),
    ("price: $5", ["price:", "$5"]),
    ("a 'b|c;d&e>f'", ["a", "b|c;d&e>f"]),
]


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_words_are_those_of_a_posix_shell(text: str, words: list[str]) -> None:
    assert split_command_line(text).commands == (tuple(words),)


@pytest.mark.parametrize("text", ["cd /srv && run it", "cd /srv; run it", "cd /srv\nrun it"])
def test_commands_are_told_apart(text: str) -> None:
    assert split_command_line(text).commands == (("cd", "/srv"), ("run", "it"))


def test_a_pipe_ends_a_command() -> None:
    assert split_command_line("get it | jq .").commands[0] == ("get", "it")


def test_known_variables_are_filled_in_and_unknown_ones_named() -> None:
    line = split_command_line("a $KNOWN \"${KNOWN}/$OTHER\" '$KNOWN'", {"KNOWN": "x y"})
    assert line.commands == (("a", "x y", "x y/$OTHER", "$KNOWN"),)
    assert line.unknown_variables == ("OTHER",)


@pytest.mark.parametrize("text", ["a 'b", 'a "b', "a $'b", "a $'b\\'", 'a ^"b'])
def test_a_quote_that_is_never_closed_is_told(text: str) -> None:
    with pytest.raises(UnreadableCommand, match="never closed"):
        split_command_line(text)


WINDOWS = [
    ('a ^"b c^" ^\r\n d', ["a", "b c", "d"]),
    ('a "b c" ^\n  d', ["a", "b c", "d"]),
    ('a ^\n "{\\"b\\": 1}"', ["a", '{"b": 1}']),
    ('a ^"^{^\\^"b^\\^":1^}^"', ["a", '{"b":1}']),
    ('a ^"b^&c=^%^20^"', ["a", "b&c=%20"]),
    ('a ^"one^\n\ntwo^"', ["a", "one\ntwo"]),
    ('a ^"C:\\\\dir^"', ["a", "C:\\\\dir"]),
    ('a ^"b\\\\^"', ["a", "b\\"]),
]


@pytest.mark.parametrize(("text", "words"), WINDOWS)
def test_words_copied_for_windows_are_those_of_its_programs(text: str, words: list[str]) -> None:
    assert split_command_line(text).commands == (tuple(words),)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab '\"\\$^\n|&;<>#{}x0%", max_size=40))
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        split_command_line(text)
    except UnreadableCommand:
        return
