"""Change the secret key while everything runs: `python -m cronpp_app.rotate_key [finish]`."""

import asyncio
import sys
from collections.abc import Sequence

from cronpp_app.errors import CronppError, SetupError
from cronpp_app.sealing import KeyRing
from cronpp_app.secret_key import load_secret_key, prepare_new_key, take_new_key
from cronpp_app.settings import Settings, load_settings, parse_options
from cronpp_app.store.database import Database
from cronpp_app.store.keys import FOLLOW_SECONDS, KeyStore
from cronpp_app.store.migrations import check_version
from cronpp_app.store.opened import opened
from cronpp_app.store.rotation import Rotation
from cronpp_app.store.server import running_server

OPTIONS = ("mongodb_uri", "database", "data_dir")
_ABOUT = (
    "Seal all secrets with a new key (CRONPP_NEW_SECRET_KEY, or one generated into the data "
    "folder) while everything runs. Afterwards restart all processes with the new key, then say "
    "`finish` to forget the old one."
)
_RESTART = (
    "{changed} documents are sealed with the new key. {how} Restart every process, and then run "
    "`python -m cronpp_app.rotate_key finish`: until then the old key still opens everything."
)


def main(arguments: Sequence[str]) -> int:
    """Change the key, or finish the change; return 0, or 2 on failure."""
    finishing = "finish" in arguments
    rest = [argument for argument in arguments if argument != "finish"]
    try:
        settings = load_settings(
            parse_options("python -m cronpp_app.rotate_key [finish]", _ABOUT, OPTIONS, rest)
        )
        print(asyncio.run(_run(settings, finishing=finishing)))
    except CronppError as error:
        print(f"rotate_key: {error}", file=sys.stderr)
        return 2
    return 0


async def _run(settings: Settings, *, finishing: bool) -> str:
    uri = running_server(settings.mongodb_uri, settings.data_dir)
    async with opened(uri, settings.database) as database:
        await check_version(database)
        return await (finish(settings, database) if finishing else change(settings, database))


async def change(
    settings: Settings, database: Database, *, wait_seconds: float = 2 * FOLLOW_SECONDS
) -> str:
    """Seal everything with the new key and return what is to be done next.

    Waits until every process has learnt of the new key. Can be repeated if it was interrupted.
    """
    ring = KeyRing(load_secret_key(settings.secret_key, settings.data_dir, may_make=False))
    new_id = ring.add(prepare_new_key(settings.new_secret_key, settings.data_dir))
    if new_id == ring.own_id:
        raise SetupError("CRONPP_NEW_SECRET_KEY is the present key; give another one.")
    rotation = Rotation(database, ring, new_id=new_id)
    await rotation.begin()
    await asyncio.sleep(wait_seconds)
    changed = await rotation.reseal()
    changed += await rotation.reseal()  # what was saved in between by somebody slow
    if settings.new_secret_key:
        how = "Set CRONPP_SECRET_KEY to the value of CRONPP_NEW_SECRET_KEY everywhere."
    elif settings.secret_key:
        how = f"Set CRONPP_SECRET_KEY to the content of {settings.data_dir / 'secret.key.new'}."
    else:
        take_new_key(settings.data_dir)
        how = f"It is in {settings.data_dir / 'secret.key'}; copy it to all other machines."
    return _RESTART.format(changed=changed, how=how)


async def finish(settings: Settings, database: Database) -> str:
    """Forget the old key for good, and return a sentence that says so."""
    ring = KeyRing(load_secret_key(settings.secret_key, settings.data_dir, may_make=False))
    known = await KeyStore(database).read()
    if known is None or known["key_id"] != ring.own_id:
        raise SetupError("CRONPP_SECRET_KEY is not the new key yet; set it before you finish.")
    await Rotation(database, ring, new_id=ring.own_id).finish()
    return "The change is finished; the old key opens nothing any more."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
