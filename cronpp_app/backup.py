"""`python main.py backup FILE` and `python main.py restore FILE`."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from cronpp_app.errors import CronppError, SetupError
from cronpp_app.settings import load_settings, parse_options
from cronpp_app.store.backup import back_up, restore
from cronpp_app.store.opened import opened
from cronpp_app.store.server import check_there_is_one, reached_server

OPTIONS = ("mongodb_uri", "database", "data_dir")
_BROKEN_OFF = {
    "backup": "broken off; no file was written.",
    "restore": "broken off; the database holds a part at most. Restore again, with --replace.",
}
_ABOUT = {
    "backup": "Write a consistent copy of the whole database to a new FILE, while everything runs.",
    "restore": "Read FILE into an empty database; --replace drops what is in it first.",
}


def main(command: str, arguments: Sequence[str]) -> int:
    """Back up or restore; return 0, or 2 on failure."""
    replace = command == "restore" and "--replace" in arguments
    rest = [argument for argument in arguments if not (replace and argument == "--replace")]
    file = Path(rest.pop(0)) if rest and not rest[0].startswith("-") else None
    try:
        options = parse_options(f"python main.py {command} FILE", _ABOUT[command], OPTIONS, rest)
        settings = load_settings(options)
        if file is None:
            raise SetupError(f"name the file first: python main.py {command} FILE")
        if command == "backup":
            check_there_is_one(settings.mongodb_uri, settings.data_dir)
        with reached_server(settings.mongodb_uri, settings.data_dir, settings.mongod) as uri:
            counts = asyncio.run(_run(command, uri, settings.database, file, replace=replace))
    except CronppError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{command}: {_BROKEN_OFF[command]}", file=sys.stderr)
        return 2
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    print(f"{command} of {file} is complete: {told or 'no documents'}.")
    print("Sealed secrets need the same secret key; keep it apart from the backup.")
    return 0


async def _run(command: str, uri: str, name: str, file: Path, *, replace: bool) -> dict[str, int]:
    async with opened(uri, name) as database:
        if command == "backup":
            return await back_up(database, file)
        return await restore(database, file, replace=replace)
