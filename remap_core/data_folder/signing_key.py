"""The key that commands are signed with: a file of the data folder that only its owner may read."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import FolderUnusable

KEY_BYTES = 32


def signing_key(folder: DataFolder) -> bytes:
    """The data folder's key, made where there is none; of two processes that make one, both get the same.

    Raises FolderUnusable where it cannot be read or made.
    """
    with folder.errors_as_unusable():
        try:
            found = folder.signing_key.stat()
        except FileNotFoundError:
            _make(folder)
            found = folder.signing_key.stat()
        return _read(folder.signing_key, found.st_mtime_ns)


def _make(folder: DataFolder) -> None:
    scratch = folder.unfinished_commands / f"key-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first
            os.link(scratch, folder.signing_key)
    finally:
        scratch.unlink(missing_ok=True)


@cache
def _read(path: Path, modified: int) -> bytes:  # noqa: ARG001 (the key in the cache)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise FolderUnusable(
            f"{path} must hold {KEY_BYTES} bytes, but has {len(key)}. Delete it to have another one made; "
            "commands that wait in the inbox must then be sent again."
        )
    return key
