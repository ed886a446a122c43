"""What a program that signs in calls itself, in words: Firefox on Linux."""

import re
from typing import Final

# The first that is found counts: most browsers claim to be several others as well. Libraries know
# thousands more; their tables take a second to load, and here a guess is enough.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_PHONES: Final = ("iPhone", "Android")
_PROGRAM = re.compile(r"([A-Za-z][A-Za-z0-9_.+-]{0,39})(?:/|$)")


def device_words(agent: str) -> str:
    """Return browser and system, or the program, of a User-Agent header; it may say anything."""
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if agent.startswith("Mozilla/") and browser:
        return f"{browser} on {system}" if system else browser
    program = _PROGRAM.match(agent)
    return program[1] if program and program[1] != "Mozilla" else "Unknown program"


def device_icon(agent: str) -> str:
    """Return the name of the icon that stands for such a device."""
    if not agent.startswith("Mozilla/"):
        return "terminal"
    return "smartphone" if _first(_SYSTEMS, agent) in _PHONES else "monitor"


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((words for mark, words in names if mark in agent), "")
