"""The web process: user interface and REST API, with local workers and, if need be, a database.

python main.py --help
python main.py selftest | backup FILE | restore FILE
"""

import signal

if __name__ == "__main__":  # Ctrl-C while the imports below take their seconds leaves no trace
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import asyncio
import contextlib
import errno
import logging
import socket
import sys
from collections.abc import Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from cronpp_app.backup import main as backup
from cronpp_app.composition import build_services, build_web, egress_rules, open_keys
from cronpp_app.errors import CronppError, SetupError
from cronpp_app.event_loop import keep_collections_short, run_in_event_loop, stop_on_signals
from cronpp_app.logs import set_up_logs
from cronpp_app.selftest.__main__ import main as selftest
from cronpp_app.services.upkeep import upkeep
from cronpp_app.settings import SECRETS, Settings, load_settings, parse_options
from cronpp_app.store.embedded import start_embedded
from cronpp_app.store.migrations import bring_up_to_date
from cronpp_app.store.opened import opened
from cronpp_app.supervisor import local_workers
from pages import register_pages

log = logging.getLogger("cronpp.web")

_OTHER_PORT = "choose another with --port or CRONPP_PORT."
_OTHER_HOST = "Name an address of this machine with --host or CRONPP_HOST."
_LISTENING_REMEDIES = {
    errno.EADDRINUSE: f"Stop what uses that port, or {_OTHER_PORT}",
    errno.EACCES: f"Ports below 1024 are the administrator's; {_OTHER_PORT}",
}
OPTIONS = tuple(name for name in Settings.model_fields if name not in {*SECRETS, "supervised"})
_STOPPED_EARLY = "Cron++ was told to stop while it started"
_ABOUT = (
    "Cron++: web interface, REST API, local workers and embedded MongoDB. Commands with a --help "
    "of their own: main.py selftest, main.py backup FILE, main.py restore FILE."
)


def main(arguments: Sequence[str]) -> int:
    """Run everything, or the command that comes first; return the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):  # either undoes what was begun
        signal.signal(number, signal.default_int_handler)
    if arguments[:1] == ["selftest"]:
        return selftest(arguments[1:])
    if arguments and arguments[0] in ("backup", "restore"):
        return backup(arguments[0], arguments[1:])
    try:
        settings = load_settings(parse_options("main.py", _ABOUT, OPTIONS, arguments))
        set_up_logs(settings.log_format, settings.log_level)
        egress_rules(settings)  # a wrong entry is told before anything starts
        with _listening_socket(settings) as listener, _mongodb(settings) as uri:
            run_in_event_loop(_serve(settings, uri, listener))
    except CronppError as error:
        print(f"main.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        log.info(_STOPPED_EARLY)
    return 0


@contextlib.contextmanager
def _mongodb(settings: Settings) -> Iterator[str]:
    """Give the URI of the configured server, or of an embedded one that ends with the block."""
    if settings.mongodb_uri:
        yield settings.mongodb_uri
        return
    embedded = start_embedded(settings.data_dir, mongod=settings.mongod or None)
    try:
        yield embedded.uri
    finally:
        embedded.stop()


@contextlib.contextmanager
def _listening_socket(settings: Settings) -> Iterator[socket.socket]:
    """Give the bound socket of the web server; raise SetupError if it cannot be had.

    Nobody is let in before the server listens on it.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with _told_with_remedy(settings):
            listener.bind((settings.host, settings.port))
        yield listener


@contextlib.contextmanager
def _told_with_remedy(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            f"{_LISTENING_REMEDIES.get(error.errno or 0, _OTHER_HOST)}"
        ) from error


async def _serve(settings: Settings, uri: str, listener: socket.socket) -> None:
    stop, hurry = asyncio.Event(), asyncio.Event()
    stop_on_signals(stop, hurry)
    async with opened(uri, settings.database) as database:
        await bring_up_to_date(database)
        services = build_services(settings, database, await open_keys(settings, database))
        web = build_web(settings, services)
        register_pages(web, services)
        unfinished = (services.departures.finish_all, services.administration.settle_all)
        if stop.is_set():
            log.info(_STOPPED_EARLY)
        else:
            # Not sooner: who came would wait in vain. Of two that start at once one fails here.
            with _told_with_remedy(settings):
                listener.listen()
            async with local_workers(settings, uri, hurry=hurry), upkeep(*unfinished):
                await _serve_until(stop, _Server(_server_config(web)), listener)
        await services.aclose()


async def _serve_until(
    stop: asyncio.Event, server: uvicorn.Server, listener: socket.socket
) -> None:
    async def exit_when_told() -> None:
        await stop.wait()
        log.info("Cron++ stops when its runs are done; told once more, it breaks them off")
        server.should_exit = True

    told = asyncio.create_task(exit_when_told())
    await server.serve(sockets=[listener])
    told.cancel()


def _server_config(web: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        web,
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # ours are inside the application, for trusted proxies only
        timeout_graceful_shutdown=3,
    )


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say where."""
        await super().startup(sockets)
        keep_collections_short()
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            log.info("Cron++ is ready", extra={"url": f"http://{shown}:{port}"})

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to us: uvicorn would raise them again before workers are stopped."""
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
