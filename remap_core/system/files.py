"""Files that appear whole or not at all, and stay after a power cut."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PARTIAL = ".tmp"
"""Suffix of a file that is still being written."""


@contextmanager
def replacing(path: Path, scratch: Path | None = None) -> Iterator[Path]:
    """A temporary path to write; it becomes `path` when the block ends without an error.

    A reader sees the old file or the new one, never half of either. The temporary file is in `scratch`, or beside
    `path`, and is removed where the block fails. Raises OSError.
    """
    folder = path.parent if scratch is None else scratch
    temporary = folder / f"{path.name}.{secrets.token_hex(4)}{PARTIAL}"
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_file(path: Path, content: bytes, scratch: Path | None = None) -> None:
    """Replace a file in one step, making its folder where needed (see `replacing`). Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, scratch) as temporary:
        temporary.write_bytes(content)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
