"""The installation's secret key: given, or generated once into the data folder."""

import contextlib
import os
import secrets
from pathlib import Path

from cronpp_app.errors import SetupError

_FILE, _NEW_FILE = "secret.key", "secret.key.new"
_SHORTEST = 16


def load_secret_key(given: str, data_dir: Path, *, may_make: bool = True) -> str:
    """Return the key `given`, else that of the data folder, made there (mode 0600) if missing.

    Raises SetupError for a key of less than 16 characters, a folder that cannot be used, or a
    key that is missing although `may_make` is false: this database has one already.
    """
    if not given and not may_make and not (data_dir / _FILE).exists():
        raise SetupError(
            "this database's secrets are sealed with a key that is not here: CRONPP_SECRET_KEY "
            f"is not set, and there is no {data_dir / _FILE}. Set CRONPP_SECRET_KEY to the same "
            "value in every process, or copy that file from the machine that was set up first."
        )
    key = given or _kept(data_dir / _FILE)
    if len(key) < _SHORTEST:
        where = "CRONPP_SECRET_KEY" if given else str(data_dir / _FILE)
        raise SetupError(f"{where} must have at least {_SHORTEST} characters; it has {len(key)}.")
    return key


def prepare_new_key(given: str, data_dir: Path) -> str:
    """Return the key to change to: `given`, else one generated beside the present key's file.

    The same one is returned until `take_new_key`, so that a change can be resumed.
    """
    key = given or _kept(data_dir / _NEW_FILE)
    if len(key) < _SHORTEST:
        raise SetupError(
            f"CRONPP_NEW_SECRET_KEY must have at least {_SHORTEST} characters; it has {len(key)}."
        )
    return key


def take_new_key(data_dir: Path) -> None:
    """Put the generated new key in the place of the present one."""
    (data_dir / _NEW_FILE).replace(data_dir / _FILE)


def _kept(file: Path) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Two processes may start at once: whoever creates the file decides for both.
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as new:
                new.write(secrets.token_urlsafe(32))
        # Damaged bytes make another key, which is told from the right one.
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise SetupError(
            f"cannot keep the secret key in {file}: {error.strerror}. "
            "Make the folder writable, or set CRONPP_SECRET_KEY."
        ) from error
