"""How a failure is told: in one line if it was foreseen, else with its trace."""

import logging
import re

from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError, WriteConcernError

from cronpp_app.errors import CronppError

# What the driver says beyond the reason: its settings, and all it knows of every member.
_BEYOND = re.compile(r"\s*\(configured timeouts: [^)]*\)|, (Timeout: |full error: ).*", re.DOTALL)


def log_failure(log: logging.Logger, message: str, error: Exception, **fields: object) -> None:
    """Log `message` as an error with `fields`, and the reason.

    A database that is away for a while is foreseen: somebody who looks for why finds a line, not
    a trace from each duty of each worker. What was not foreseen has its trace.
    """
    if isinstance(error, CronppError) or is_outage(error):
        log.error(message, extra={**fields, "reason": brief(error)})
    else:
        log.error(message, extra=fields, exc_info=error)


def is_outage(error: BaseException) -> bool:
    """Return whether `error` says that the database is away, or has no primary at the moment."""
    if isinstance(error, ConnectionFailure | ExecutionTimeout | WriteConcernError):
        return True
    return isinstance(error, PyMongoError) and error.timeout


def brief(error: BaseException) -> str:
    """Return the reason that `error` gives, in one line."""
    return _BEYOND.sub("", str(error)) or type(error).__name__
