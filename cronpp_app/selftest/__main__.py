"""`python -m cronpp_app.selftest`: run the selftest and say in one report what came of it."""

import argparse
import asyncio
import contextlib
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from cronpp_app.clock import monotonic
from cronpp_app.errors import CronppError
from cronpp_app.selftest.findings import Findings
from cronpp_app.selftest.report import report
from cronpp_app.selftest.target import Target
from cronpp_app.selftest.trial import try_out
from cronpp_app.selftest.workers import Workers
from cronpp_app.settings import Settings, load_settings
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.opened import opened
from cronpp_app.store.server import reached_server
from cronpp_app.supervisor import worker_environment

OCCURRENCES = 10_000
QUICK_OCCURRENCES = 500
MOST_OCCURRENCES = 1_000_000
MOST_WORKERS = 64


def main(arguments: Sequence[str]) -> int:
    """Print the report; return 0 if every promise was kept, 1 if not, 2 if it could not run."""
    options = _options(arguments)
    given = {
        name: value
        for name in ("mongodb_uri", "data_dir")
        if (value := getattr(options, name)) is not None
    }
    started = monotonic()
    try:
        settings = load_settings(given)
        server = reached_server(settings.mongodb_uri, settings.data_dir, settings.mongod)
        with server as uri, _log() as log:
            found = asyncio.run(_selftest(settings, uri, log, options))
            print(report(found, workers=options.workers, seconds=monotonic() - started))
            if not found.passed:
                kept = Path(tempfile.gettempdir()) / log.name
                kept.write_bytes(log.read_bytes())
                print(f"The log of the workers is in {kept}.")
    except CronppError as error:
        print(f"selftest: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("selftest: broken off; its database and its workers are gone.", file=sys.stderr)
        return 2
    return 0 if found.passed else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python main.py selftest",
        description="Kill workers while thousands of runs fire, and count what was lost or "
        "doubled. Uses a scratch database, cronpp_selftest_…, and removes it.",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--occurrences",
        type=_whole_number(1, MOST_OCCURRENCES),
        default=OCCURRENCES,
        help=f"fire times, about 200 a second (1 to {MOST_OCCURRENCES:,}, default {OCCURRENCES:,})",
    )
    size.add_argument(
        "--quick",
        dest="occurrences",
        action="store_const",
        const=QUICK_OCCURRENCES,
        help=f"only {QUICK_OCCURRENCES} fire times",
    )
    parser.add_argument(
        "--workers",
        type=_whole_number(2, MOST_WORKERS),
        default=3,
        help=f"worker processes (2 to {MOST_WORKERS}, default 3)",
    )
    parser.add_argument("--mongodb-uri", help="the server to use (CRONPP_MONGODB_URI)")
    parser.add_argument("--data-dir", help="folder of the embedded server (CRONPP_DATA_DIR)")
    return parser.parse_args(arguments)


class _whole_number:  # noqa: N801  # argparse shows its name
    """Reads a whole number within a range."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        if text.isdecimal() and self._least <= int(text) <= self._most:
            return int(text)
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number from {self._least} to {self._most:,}"
        )


@contextlib.contextmanager
def _log() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cronpp_selftest_") as folder:
        yield Path(folder) / f"{Path(folder).name}.log"


async def _selftest(
    settings: Settings, uri: str, log: Path, options: argparse.Namespace
) -> Findings:
    """Set up scratch database, target and workers; take all of it away at the end."""
    scratch = settings.model_copy(
        update={
            "database": f"cronpp_selftest_{secrets.token_hex(6)}",
            "secret_key": secrets.token_hex(32),
            "egress_allow": "127.0.0.1/32",
        }
    )
    async with opened(uri, scratch.database) as database:
        print(f"{options.occurrences:,} fire times in the scratch database {scratch.database} …")
        target = Target()
        await target.start()
        try:
            await ensure_indexes(database)
            workers = Workers(worker_environment(scratch, uri), log, count=options.workers)
            try:
                return await try_out(database, target, workers, occurrences=options.occurrences)
            finally:
                workers.stop()
        finally:
            target.stop()
            await database.client.drop_database(scratch.database)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidies up, as Ctrl-C does
    sys.exit(main(sys.argv[1:]))
