"""Files that are written completely or not at all, and survive a power cut."""

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
    """A temporary path to write to; it becomes `path` when the block ends without an error.

    A reader sees the old file or the new one, never a part of either. The temporary file is in `scratch`, or next to
    `path`, and is removed if the block fails. Raises OSError.
    """
    folder = scratch or path.parent
    temporary = folder / f"{path.name}.{secrets.token_hex(4)}{PARTIAL}"
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_file(path: Path, content: bytes, scratch: Path | None = None) -> None:
    """Replace a file in one step; its folder is created if needed. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, scratch) as temporary:
        temporary.write_bytes(content)


def used_bytes(folder: Path) -> int:
    """What the files in a folder, and in those below it, take of the disk; 0 for one that is not there."""
    used = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # it has just been deleted
                used += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 (thousands of them)
    return used


def sync(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
