"""`python main.py backup FILE` and `python main.py restore FILE`."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from cronpp_app.errors import CronppError, SetupError
from cronpp_app.settings import load_settings, parse_options
from cronpp_app.store.backup import back_up, restore
from cronpp_app.store.database import connect
from cronpp_app.store.server import reached_server

OPTIONS = ("mongodb_uri", "database", "data_dir")
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
        with reached_server(settings.mongodb_uri, settings.data_dir, settings.mongod) as uri:
            counts = asyncio.run(_run(command, uri, settings.database, file, replace=replace))
    except CronppError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 2
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    print(f"{command} of {file} is complete: {told or 'no documents'}.")
    print("Sealed secrets need the same secret key; keep it apart from the backup.")
    return 0


async def _run(command: str, uri: str, name: str, file: Path, *, replace: bool) -> dict[str, int]:
    database = connect(uri, name)
    try:
        if command == "backup":
            return await back_up(database, file)
        return await restore(database, file, replace=replace)
    finally:
        await database.client.close()
