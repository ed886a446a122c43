"""Signing in and signing up: a real form, so that browsers keep passwords and set cookies."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from nicegui import ui

from components.frame import logo
from components.markup import box, icon, link, notice, text

PROMISES = (
    ("calendar-clock", "Five-field cron, intervals and one-off times, in any time zone"),
    ("refresh-cw", "Retries with backoff that survive restarts and crashes"),
    ("scroll-text", "Every attempt kept: request, response, error and stack trace"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntranceValues:
    """What the form shows: the fields as typed before, and what is wrong with them by field.

    The key "" of `errors` holds what concerns no single field. `return_to` is a local path.
    """

    email: str = ""
    return_to: str = "/"
    errors: Mapping[str, str] = field(default_factory=dict)
    can_sign_up: bool = True


def login_form(values: EntranceValues) -> None:
    """Draw the page to sign in."""
    with _entrance("Welcome back", "Log in to your jobs", values=values):
        with _form("/auth/login", values):
            _email(values)
            _password(values, autocomplete="current-password", hint="")
            _submit("Log in", "Logging in…")
        if values.can_sign_up:
            _other_way("New here?", "Create an account", _with_return("/signup", values))


def signup_form(values: EntranceValues) -> None:
    """Draw the page to make an account."""
    with _entrance("Create your account", "Your first job is a minute away", values=values):
        with _form("/auth/signup", values):
            _email(values)
            _password(values, autocomplete="new-password", hint="At least 8 characters.")
            _hidden("timezone", "")
            _submit("Create account", "Creating account…")
        _other_way("Have an account?", "Log in", _with_return("/login", values))


@contextmanager
def _entrance(title: str, words: str, *, values: EntranceValues) -> Iterator[None]:
    with box("cx-entrance"):
        _pitch()
        with box("cx-entrance-side"), box("cx-entrance-form"):
            logo().classes("cx-entrance-logo")
            with box("cx-stack").style("gap:4px"):
                text(title, "cx-h1", tag="h1")
                text(words, "cx-muted", tag="p")
            if "" in values.errors:
                notice(values.errors[""])
            yield


@contextmanager
def _form(action: str, values: EntranceValues) -> Iterator[None]:
    form = box("cx-stack", tag="form").style("gap:16px")
    # Ours are the words for what is wrong, in one place, not the browser's bubbles.
    form.props["method"], form.props["action"] = "post", action
    form.props["novalidate"] = True
    with form:
        yield
        _hidden("next", values.return_to)


def _pitch() -> None:
    with box("cx-pitch"):
        logo()
        with box():
            text("HTTP jobs that always fire on time.", "cx-pitch-title", tag="div")
            text(
                "Schedule any endpoint with cron, watch every attempt live, "
                "and sleep while retries do their work.",
                "cx-pitch-text",
                tag="p",
            )
        with box("cx-glass"):
            for icon_name, words in PROMISES:
                with box("cx-line"):
                    icon(icon_name)
                    text(words)


def _email(values: EntranceValues) -> None:
    email = _input("email", "Email", values, kind="email", autocomplete="username")
    email.props["value"] = values.email
    email.props["inputmode"] = "email"
    if not values.email:
        email.props["autofocus"] = True


def _password(values: EntranceValues, *, autocomplete: str, hint: str) -> None:
    _input("password", "Password", values, kind="password", autocomplete=autocomplete, hint=hint)


def _input(
    name: str, label: str, values: EntranceValues, *, kind: str, autocomplete: str, hint: str = ""
) -> ui.element:
    error = values.errors.get(name, "")
    with box("cx-field"):
        text(label, "cx-label", tag="label").props["for"] = f"cx-{name}"
        with box("cx-password" if kind == "password" else ""):
            made = box("cx-input", tag="input")
            made.props.update({"id": f"cx-{name}", "name": name, "type": kind})
            made.props.update({"autocomplete": autocomplete, "required": True})
            if kind == "password":
                _peek(f"cx-{name}")
        if autocomplete == "new-password":
            _strength()
        words = text(error or hint, "cx-error" if error else "cx-hint", tag="div")
        words.props["id"] = made.props["aria-describedby"] = f"cx-{name}-note"
        words.props["aria-live"] = "polite"
        if error:
            made.props["aria-invalid"] = "true"
    return made


def _strength() -> None:
    """Draw what the browser fills in as a new password is typed."""
    with box("cx-strength") as meter:
        meter.props["data-cx-level"] = "0"
        with box("cx-strength-bars") as bars:
            bars.props["aria-hidden"] = "true"
            for _ in range(4):
                box(tag="i")
        text("", "cx-strength-words cx-small cx-strong").props["aria-live"] = "polite"


def _peek(input_id: str) -> None:
    peek = text("Show", "cx-peek", tag="button")
    peek.props.update({"type": "button", "aria-label": "Show password", "aria-pressed": "false"})
    peek.props["data-cx-peek"] = input_id


def _hidden(name: str, value: str) -> None:
    box(tag="input").props.update({"type": "hidden", "name": name, "value": value})


def _submit(words: str, busy: str) -> None:
    made = text(words, "cx-button cx-button-primary cx-button-wide", tag="button")
    made.props.update({"type": "submit", "data-cx-busy": busy})


def _other_way(question: str, words: str, href: str) -> None:
    with box("cx-entrance-foot"):
        text(f"{question} ")
        link(words, href)


def _with_return(path: str, values: EntranceValues) -> str:
    return path if values.return_to == "/" else f"{path}?next={quote(values.return_to)}"
