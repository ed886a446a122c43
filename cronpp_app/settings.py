"""All configuration, checked at start: the only reader of the environment.

Precedence: command line options, then environment variables, then `.env`, then defaults.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cronpp_app import __version__
from cronpp_app.errors import SetupError

# RFC 6454, 6.2: scheme, host and port alone, the host in lower case.
_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
# Not options of a command line: they would show in the list of processes.
SECRETS = ("secret_key", "new_secret_key", "heartbeat_url")


class Signup(StrEnum):
    """Who may make an account."""

    OPEN = "open"
    FIRST = "first"  # only the first account, which is the admin
    CLOSED = "closed"


def _checked_uri(uri: str) -> str:
    if uri and not uri.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("must start with mongodb:// or mongodb+srv://, or be empty")
    return uri


def _checked_database(name: str) -> str:
    if not name or len(name.encode()) > 38 or any(char in '/\\. "$*<>:|?\0' for char in name):
        raise ValueError('must be 1 to 38 bytes without spaces or any of / \\ . " $ * < > : | ?')
    return name


def _checked_heartbeat_url(url: str) -> str:
    if not url:
        return url
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a URL that starts with https:// or http://, or be empty")
    _ = parts.port  # raises ValueError for one that cannot be
    return url


def _checked_host(host: str) -> str:
    if not host.strip():  # which would listen on every address of the machine
        raise ValueError("must be an address, such as 127.0.0.1, or 0.0.0.0 for all there are")
    return host


def _checked_origins(text: str) -> str:
    for entry in _entries(text):
        if entry != "*" and not _ORIGIN.fullmatch(entry):
            raise ValueError(
                f"{entry!r} must be an origin as browsers send it, such as "
                "https://app.example.org, without a path, or * for all"
            )
    return text


def _checked_proxies(text: str) -> str:
    for entry in _entries(text):
        try:
            ip_network(entry)
        except ValueError as error:
            raise ValueError(
                f"{entry!r} must be an address or CIDR such as 10.2.0.0/16 ({error})"
            ) from error
    return text


def _entries(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


class Settings(BaseSettings):
    """What can be set, with its unit, range and default."""

    model_config = SettingsConfigDict(env_prefix="CRONPP_", env_file=".env", extra="ignore")

    mongodb_uri: Annotated[str, AfterValidator(_checked_uri)] = Field(
        "", description="MongoDB replica set to use; empty: an embedded one in the data folder"
    )
    database: Annotated[str, AfterValidator(_checked_database)] = Field(
        "cronpp", description="database name"
    )
    data_dir: Path = Field(
        Path(".cronpp"), description="folder of the embedded database and generated secrets"
    )
    mongod: str = Field("", description="path of the mongod to embed; empty: PATH, then the wheel")
    host: Annotated[str, AfterValidator(_checked_host)] = Field(
        "127.0.0.1", description="address the web process listens on"
    )
    port: int = Field(8080, ge=0, le=65535, description="port it listens on; 0: any free one")
    workers: int = Field(1, ge=0, le=64, description="local worker processes kept alive; 0: none")
    slots: int = Field(500, ge=1, le=10_000, description="runs one worker performs at a time")
    user_slots: int = Field(
        0, ge=0, le=10_000, description="of these, runs of one user; 0: four fifths of the slots"
    )
    host_slots: int = Field(
        0, ge=0, le=10_000, description="of these, calls to one host; 0: all slots"
    )
    poll_seconds: float = Field(
        1.0, ge=0.05, le=60, description="longest wait of an idle worker between two looks"
    )
    drain_seconds: float = Field(
        20.0, ge=0, le=3600, description="how long a stopping worker waits for its runs"
    )
    retention_days: int = Field(30, ge=1, le=3650, description="days that finished runs are kept")
    audit_days: int = Field(
        365, ge=1, le=3650, description="days that entries of the audit log are kept"
    )
    secret_key: str = Field(
        "", description="signs sessions and tokens; empty: generated into the data folder"
    )
    new_secret_key: str = Field(
        "",
        description="the key that `python -m cronpp_app.rotate_key` changes to; empty: generated",
    )
    egress_allow: str = Field(
        "", description="comma-separated private hosts or CIDRs that actions may reach"
    )
    signup: Signup = Field(Signup.OPEN, description="who may sign up: open, first or closed")
    session_days: int = Field(
        30, ge=1, le=365, description="days after which a session ends, however much it is used"
    )
    session_idle_days: int = Field(
        14, ge=1, le=365, description="days without use after which a session ends"
    )
    rate_limit: int = Field(
        600, ge=0, le=1_000_000, description="API requests a minute per account; 0: no limit"
    )
    cors_origins: Annotated[str, AfterValidator(_checked_origins)] = Field(
        "", description="comma-separated origins whose pages may call the API with a token"
    )
    trusted_proxies: Annotated[str, AfterValidator(_checked_proxies)] = Field(
        "",
        description="comma-separated addresses or CIDRs whose X-Forwarded-For and -Proto count",
    )
    heartbeat_url: Annotated[str, AfterValidator(_checked_heartbeat_url)] = Field(
        "", description="called once a minute while the engine is healthy; empty: none"
    )
    log_format: Literal["text", "json"] = Field("text", description="text or json")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="lowest severity that is logged"
    )

    supervised: bool = Field(
        False,
        description="a worker stops when its standard input ends; main.py sets it for its own",
    )

    @property
    def origins(self) -> tuple[str, ...]:
        """Return the CORS origins, one by one."""
        return _entries(self.cors_origins)

    @property
    def proxies(self) -> tuple[str, ...]:
        """Return the addresses and CIDRs of trusted proxies, one by one."""
        return _entries(self.trusted_proxies)


def load_settings(options: Mapping[str, Any] | None = None) -> Settings:
    """Return the checked settings; raise SetupError naming every wrong one and its remedy."""
    try:
        return Settings(**(options or {}))
    except ValidationError as error:
        raise SetupError("\n".join(_explain(problem) for problem in error.errors())) from error


def parse_options(
    program: str, description: str, names: Sequence[str], arguments: Sequence[str]
) -> dict[str, Any]:
    """Return the options given on a command line; `names` are the settings it offers."""
    secrets = ", ".join(f"CRONPP_{name.upper()}" for name in SECRETS)
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog="Options take precedence over environment variables, and those over .env. "
        f"Secrets come from these two only: {secrets}. docs/operations.md explains everything.",
    )
    parser.add_argument("--version", action="version", version=f"Cron++ {__version__}")
    for name in names:
        field = Settings.model_fields[name]
        default = field.default if field.default != "" else "empty"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            metavar="VALUE",
            help=f"{field.description} (CRONPP_{name.upper()}, default {default})",
        )
    given = vars(parser.parse_args(arguments))
    return {name: value for name, value in given.items() if value is not None}


def _explain(problem: Any) -> str:
    name = "_".join(str(part) for part in problem["loc"]) or "settings"
    option = f"--{name.replace('_', '-')}"
    return (
        f"CRONPP_{name.upper()} (or {option}) is {problem['input']!r}: "
        f"{problem['msg'].removeprefix('Value error, ')}."
    )
