"""Log records: a short constant message, details as fields, as text or as JSON lines."""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Literal

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def set_up_logs(form: Literal["text", "json"], level: str) -> None:
    """Send the log to standard error in `form`, from `level` (debug, info, …) upwards."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonFormatter() if form == "json" else _TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("pymongo", "httpx", "httpcore", "watchfiles", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Tells, with a trace each, of whatever nonsense strangers send over a socket.
    logging.getLogger("engineio.server").setLevel(logging.CRITICAL)
    # It warns of every turn it leaves out while one still waits for a database that is away.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        details = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        line = f"{_moment(record)} {record.levelname:<7} {record.getMessage()}"
        line = f"{line}  {details}" if details else line
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)
