"""Errors a person or another program is told about.

CronppError
├── InvalidInput      one or more fields are wrong; nothing was stored          422
├── NotSignedIn       no valid session or token                                 401
├── NotAllowed        signed in, but this is not permitted                      403
├── NotFound          not there, or not yours: the two look alike               404
├── Conflict          the present state forbids it                              409
│   └── StaleVersion  somebody edited it in between                             412
├── TooMany           slow down; says when to come back                         429
├── InvalidTransition a run cannot go from this status to that one
├── Busy              too much is being done at this moment                     503
├── StoreUnavailable  the database does not answer                              503
└── SetupError        the program cannot start; the message names the remedy
"""

from dataclasses import dataclass


class CronppError(Exception):
    """Base of all errors with a message meant for the reader."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: its dotted path and what to give instead."""

    field: str
    message: str


class InvalidInput(CronppError):
    """Input was refused; `errors` names every wrong field at once."""

    def __init__(self, *errors: FieldError) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))


class NotSignedIn(CronppError):
    """The caller has no valid session or token."""


class NotAllowed(CronppError):
    """The caller is known, but may not do this."""


class NotFound(CronppError):
    """The thing is not there, or belongs to somebody else."""


class Conflict(CronppError):
    """The present state does not permit the request."""


class StaleVersion(Conflict):
    """The caller edited a version that is no longer the current one."""


class TooMany(CronppError):
    """Too many requests; `retry_after_seconds` says when to come back."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class Busy(CronppError):
    """Too much is being done at this moment; nothing was looked at."""


class InvalidTransition(CronppError):
    """A run may not go from its status to the one asked for."""


class StoreUnavailable(CronppError):
    """The database did not answer in time."""


class SetupError(CronppError):
    """The program cannot start; the message says what is missing and how to mend it."""
