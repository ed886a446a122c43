"""Command lines as people copy them: from text to the words a shell would make of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SIMPLE_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v",
    "e": "\x1b", "E": "\x1b", "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
# $'…' of bash: \xHH, \uHHHH, \UHHHHHHHH, \NNN, or a single character.
_ANSI_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.S
)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
# $(…) with one level of brackets within, and `…`.
_SUBSTITUTION = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`")
# An & before the name of another parameter: somebody left out the quotes of a URL.
_CUTS = re.compile(r"&[\w.\[\]%-]+=")
_ENDS_COMMAND = frozenset(";|&\n()")
_REDIRECTION = re.compile(r"(?:\d*|&)(?:>>|>\||>&|<&|>|<<<|<<-?|<)")
_BLANK = frozenset(" \t\r")


class UnreadableCommand(ValueError):
    """A command line that no shell would take; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """The commands of a line, each as its words, and what only a shell could fill in.

    `substitutions` are the commands whose output would stand in their place, as written; `is_cut`
    says that an & in the middle of a word ended a command, as in a URL without quotes.
    """

    commands: tuple[tuple[str, ...], ...]
    unknown_variables: tuple[str, ...] = ()
    substitutions: tuple[str, ...] = ()
    is_cut: bool = False


def split_command_line(text: str, variables: Mapping[str, str] | None = None) -> CommandLine:
    """Return the commands of `text`, copied from a POSIX shell or from Windows' cmd.

    Redirections are left out. Known `variables` are filled in, unknown ones stay as they are
    written. Raises UnreadableCommand for a quote that is never closed.
    """
    if _is_windows(text):
        return CommandLine(commands=(_windows_words(_without_carets(text)),))
    return _Reader(text.replace("\r\n", "\n"), variables or {}).read()


@dataclass(slots=True)
class _Word:
    parts: list[str] = field(default_factory=list)
    is_begun: bool = False

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.is_begun = True


class _Reader:
    """Reads a POSIX command line once, from its beginning to its end."""

    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self._text = text
        self._variables = variables
        self._at = 0
        self._unknown: dict[str, None] = {}
        self._substitutions: dict[str, None] = {}
        self._is_cut = False
        self._commands: list[list[str]] = [[]]
        self._word = _Word()
        self._skips_next = False

    def read(self) -> CommandLine:
        while self._at < len(self._text):
            self._step()
        self._end_word()
        return CommandLine(
            commands=tuple(tuple(words) for words in self._commands if words),
            unknown_variables=tuple(self._unknown),
            substitutions=tuple(self._substitutions),
            is_cut=self._is_cut,
        )

    def _step(self) -> None:
        char = self._text[self._at]
        if char in _BLANK:
            self._end_word()
            self._at += 1
        elif char == "#" and not self._word.is_begun:
            self._at = self._next("\n", otherwise=len(self._text))
        elif not self._word.is_begun and self._redirection():
            return
        elif char in _ENDS_COMMAND:
            self._is_cut |= _CUTS.match(self._text, self._at) is not None and self._word.is_begun
            self._end_word()
            self._commands.append([])
            self._at += 1
        else:
            self._part(char)

    def _redirection(self) -> bool:
        found = _REDIRECTION.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        self._skips_next = True
        return True

    def _part(self, char: str) -> None:
        if char == "\\":
            self._escaped()
        elif char == "'":
            self._word.add(self._until("'"))
        elif char == '"':
            self._at += 1
            self._double_quoted()
        elif char == "$" and self._text.startswith("$'", self._at):
            self._at += 1
            self._word.add(_ANSI_ESCAPE.sub(_ansi, self._ansi_quoted()))
        elif char in "$`":
            self._word.add(self._filled_in())
        elif char in "<>":
            self._end_word()
        else:
            self._word.add(char)
            self._at += 1

    def _escaped(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 2
        if following != "\n":  # a line that goes on
            self._word.add(following)

    def _until(self, quote: str) -> str:
        """Return what stands between this quote and the next, and go behind that."""
        begin = self._at + 1
        end = self._text.find(quote, begin)
        if end < 0:
            raise UnreadableCommand(f"A quote ({quote}) is opened and never closed.")
        self._at = end + 1
        return self._text[begin:end]

    def _ansi_quoted(self) -> str:
        begin = end = self._at + 1
        while self._text[end : end + 1] not in ("'", ""):
            end += 2 if self._text[end] == "\\" else 1
        if end >= len(self._text):
            raise UnreadableCommand("A quote ($') is opened and never closed.")
        self._at = end + 1
        return self._text[begin:end]

    def _double_quoted(self) -> None:
        self._word.add("")
        while (char := self._text[self._at : self._at + 1]) != '"':
            if not char:
                raise UnreadableCommand('A quote (") is opened and never closed.')
            following = self._text[self._at + 1 : self._at + 2]
            if char == "\\" and following and following in '\\"$`\n':
                self._word.add("" if following == "\n" else following)
                self._at += 2
            elif char in "$`":
                self._word.add(self._filled_in())
            else:
                self._word.add(char)
                self._at += 1
        self._at += 1

    def _filled_in(self) -> str:
        """Return what a variable stands for; a command in its place stays as it is written."""
        found = _SUBSTITUTION.match(self._text, self._at)
        if found is None:
            return self._variable()
        self._at = found.end()
        self._substitutions[found[0]] = None
        return found[0]

    def _variable(self) -> str:
        found = _VARIABLE.match(self._text, self._at)
        if found is None:
            self._at += 1
            return self._text[self._at - 1]
        self._at = found.end()
        name = found[1] or found[2]
        if name not in self._variables:
            self._unknown[name] = None
        return self._variables.get(name, found[0])

    def _end_word(self) -> None:
        if not self._word.is_begun:
            return
        if not self._skips_next:
            self._commands[-1].append("".join(self._word.parts))
        self._skips_next = False
        self._word = _Word()

    def _next(self, char: str, *, otherwise: int) -> int:
        found = self._text.find(char, self._at)
        return otherwise if found < 0 else found


def _ansi(escape: re.Match[str]) -> str:
    for digits, base in ((1, 16), (2, 16), (3, 16), (4, 8)):
        if escape[digits]:
            code = int(escape[digits], base)
            return chr(code) if code <= 0x10FFFF else "\ufffd"
    return _SIMPLE_ESCAPES.get(escape[5], escape[0])


def _is_windows(text: str) -> bool:
    """Return whether `text` was copied for cmd: carets escape quotes or end its lines."""
    return '^"' in text or re.search(r"\^[ \t]*\r?\n", text) is not None


def _without_carets(text: str) -> str:
    """Return `text` as cmd hands it on: `^x` is x, and `^` before a line's end joins lines."""
    text = re.sub(r"\^[ \t]*\r?\n", "^\n", text)
    parts, at, is_quoted = [], 0, False
    while at < len(text):
        char, following = text[at], text[at + 1 : at + 2]
        if char == "^" and not is_quoted and following:
            # What comes behind the joined line's end is escaped in its turn.
            parts.append(following if following != "\n" else text[at + 2 : at + 3])
            at += 2 if following != "\n" else 3
            continue
        is_quoted ^= char == '"'
        parts.append(char)
        at += 1
    return "".join(parts)


def _windows_words(text: str) -> tuple[str, ...]:
    """Return the words of `text` as Windows programs split them (CommandLineToArgvW)."""
    words, word, is_begun, is_quoted = [], "", False, False
    for found in re.finditer(r'(\\*)"|[\s\S]', text):
        backslashes, char = found[1], found[0]
        if backslashes is not None:
            word += "\\" * (len(backslashes) // 2)
            is_begun = True
            if len(backslashes) % 2:
                word += '"'
            else:
                is_quoted = not is_quoted
        elif char in " \t\r\n" and not is_quoted:
            words += [word] if is_begun else []
            word, is_begun = "", False
        else:
            word, is_begun = word + char, True
    if is_quoted:
        raise UnreadableCommand('A quote (") is opened and never closed.')
    return tuple([*words, word] if is_begun else words)
