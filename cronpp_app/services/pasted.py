"""What somebody pasted into the editor: a command, a line of a crontab, a URL; as form values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cronpp_app.domain.cron import ALIASES, InvalidCron, check_cron
from cronpp_app.domain.zones import InvalidZone, check_timezone
from cronpp_app.services.curl_command import read_curl
from cronpp_app.services.pasted_calls import PastedCall, name_for
from cronpp_app.services.shell_words import UnreadableCommand, split_command_line
from cronpp_app.services.wget_command import read_wget

__all__ = ["Pasted", "UnreadableCommand", "read_pasted"]

LONGEST = 300_000
_PROMPT = re.compile(r"^(?:[$#>%]|PS [^>]*>|[A-Za-z]:\\[^>]*>)\s+(?=(?:curl|wget)\b)")
_PROGRAM = re.compile(r"(?:.*[/\\])?(curl|wget)(?:\.exe)?", re.I)
# PowerShell goes on in the next line after a `.
_NEXT_LINE = re.compile(r"[ \t]`[ \t]*\r?\n")
_ZONE_BEFORE = re.compile(r"(?:CRON_)?TZ=(\S+)\s+(?=[\d*@])")
_CALLS = re.compile(r"\b(?:curl|wget)\b", re.I)
_VARIABLE = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.*)")
_SCHEDULE = re.compile(r"(@[A-Za-z]+|(?:[\d*][^\s]*\s+)(?:[^\s]+\s+){3}[^\s]+)(?:\s+(.*))?$", re.S)
_URL = re.compile(r"https?://\S+", re.I)
_WHAT_CAN_BE_READ = (
    "This is neither a curl or wget command nor a line of a crontab. "
    "Paste for example: curl -X POST https://example.org/hook"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """Form values found in a pasted text, in the JSON of a job; None where it says nothing.

    `notes` are sentences on what was left out or wants a look.
    """

    name: str = ""
    schedule: Mapping[str, Any] | None = None
    action: Mapping[str, Any] | None = None
    max_retries: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One line of a crontab with what the lines before it say."""

    cron: str
    command: str
    name: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


def read_pasted(text: str, *, timezone: str = "UTC") -> Pasted:
    """Return what `text` says of a job; `timezone` is that of a crontab which names none.

    Raises UnreadableCommand with a sentence for who pasted it.
    """
    text = _NEXT_LINE.sub(" ", _PROMPT.sub("", text.strip().lstrip("\ufeff")))
    if not text:
        raise UnreadableCommand("There is nothing to read.")
    if len(text) > LONGEST:
        raise UnreadableCommand(f"This is longer than {LONGEST:,} characters.")
    if _URL.fullmatch(text):
        return Pasted(name=name_for(text), action={"kind": "http", "method": "GET", "url": text})
    entries = _crontab(text)
    if entries:
        return _from_crontab(entries, timezone)
    if not _CALLS.search(text):
        raise UnreadableCommand(_WHAT_CAN_BE_READ)
    return _from_call(_call(text, {}))


def _from_call(call: PastedCall | None, *, name: str = "") -> Pasted:
    if call is None:
        raise UnreadableCommand(_WHAT_CAN_BE_READ)
    if not call.url:
        raise UnreadableCommand("The command names no URL to call.")
    action = call.action()
    return Pasted(
        name=name or name_for(call.url),
        action=action,
        max_retries=call.max_retries,
        notes=tuple(call.notes),
    )


def _from_crontab(entries: list[_Entry], timezone: str) -> Pasted:
    entry = entries[0]
    zone, notes = _zone(entry.variables, timezone)
    if len(entries) > 1:
        notes.append(f"Only the first of {len(entries)} lines is taken over; paste one at a time.")
    schedule = {"kind": "cron", "cron": entry.cron, "timezone": zone}
    if not entry.command:
        return Pasted(name=entry.name, schedule=schedule, notes=tuple(notes))
    command, standard_input = _without_percents(entry.command)
    call = _call(command, entry.variables, standard_input=standard_input)
    if call is None or not call.url:
        notes.append("The command calls no URL that could be taken over; only the schedule is.")
        return Pasted(name=entry.name or command[:200], schedule=schedule, notes=tuple(notes))
    found = _from_call(call, name=entry.name)
    return Pasted(
        name=found.name,
        schedule=schedule,
        action=found.action,
        max_retries=found.max_retries,
        notes=(*notes, *found.notes),
    )


def _call(
    text: str, variables: Mapping[str, str], *, standard_input: str = ""
) -> PastedCall | None:
    """Return what the first curl or wget of a command line calls, None if there is none."""
    line = split_command_line(text, variables)
    for command in line.commands:
        for position, word in enumerate(command):
            program = _PROGRAM.fullmatch(word)
            if program is None:
                continue
            rest = command[position + 1 :]
            is_curl = program[1].casefold() == "curl"
            call = read_curl(rest, standard_input=standard_input) if is_curl else read_wget(rest)
            for name in line.unknown_variables:
                call.note(f"${name} is a variable of your shell; put its value in its place.")
            for written in line.substitutions:
                call.note(f"{written} is a command of your shell; put its output in its place.")
            if line.is_cut:
                call.note("An & without quotes ends the command; what follows it is left out.")
            return call
    return None


def _crontab(text: str) -> list[_Entry]:
    """Return the entries of a crontab (crontab(5)); an empty list if `text` is none."""
    variables: dict[str, str] = {}
    entries, comment = [], ""
    for line in map(str.strip, re.sub(r"\\\r?\n", " ", text).splitlines()):
        if line.startswith("#"):
            comment = line.lstrip("#").strip()
            continue
        zone = _ZONE_BEFORE.match(line)
        named = {"CRON_TZ": zone[1]} if zone else {}
        entry = _entry(line[zone.end() if zone else 0 :], comment, variables | named)
        if entry is not None:
            entries.append(entry)
        elif found := _VARIABLE.fullmatch(line):
            variables[found[1]] = found[2].strip().strip("'\"")
        elif line:
            return []
        comment = ""
    return entries


def _entry(line: str, comment: str, variables: Mapping[str, str]) -> _Entry | None:
    entry = partial(_Entry, name=comment[:200], variables=dict(variables))
    if _is_cron(line):  # an expression alone, with seconds perhaps
        return entry(cron=" ".join(line.split()), command="")
    found = _SCHEDULE.match(line)
    if found is None or line[:1] not in "@*0123456789":
        return None
    cron = " ".join(found[1].split())
    if cron.casefold() == "@reboot":
        raise UnreadableCommand("@reboot names no time; Cron++ needs one.")
    if not _is_cron(cron):
        _refuse_schedule(cron, found[2] or "")
        return None
    return entry(cron=cron, command=(found[2] or "").strip())


def _refuse_schedule(cron: str, command: str) -> None:
    """Raise UnreadableCommand if `cron` stands where a schedule does, before a call."""
    if not _CALLS.search(command):
        return
    try:
        check_cron(cron)
    except InvalidCron as error:
        raise UnreadableCommand(f"The schedule of this line cannot be read: {error}") from error


def _is_cron(text: str) -> bool:
    if text.startswith("@"):
        return text.casefold() in ALIASES
    try:
        check_cron(text)
    except InvalidCron:
        return False
    return True


def _zone(variables: Mapping[str, str], timezone: str) -> tuple[str, list[str]]:
    named = variables.get("CRON_TZ") or variables.get("TZ")
    if not named:
        return timezone, []
    try:
        return check_timezone(named.removeprefix(":")), []
    except InvalidZone:
        return timezone, [f"{named} is not a known time zone; {timezone} stands instead."]


def _without_percents(command: str) -> tuple[str, str]:
    r"""Return the command and its standard input: in a crontab % ends lines, \% is a percent."""
    first, *rest = re.split(r"(?<!\\)%", command)
    return first.replace(r"\%", "%"), "\n".join(rest).replace(r"\%", "%")
