"""The files of a folder that a person means, and how to tell that they changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_LITTER = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


def visible_files(path: Path) -> list[Path]:
    """The files below a folder, sorted, without hidden ones, litter and links that leave it; a file alone is itself.

    Raises OSError.
    """
    if not path.is_dir():
        return [path]
    home = path.resolve()
    files: list[Path] = []
    for folder, folders, names in os.walk(path, onerror=_raise):
        folders[:] = [name for name in folders if _is_meant(name)]
        found = [Path(folder, name) for name in names if _is_meant(name)]
        files += [file for file in found if not file.is_symlink() or file.resolve().is_relative_to(home)]
    return sorted(files)


def stamp_of(files: Sequence[Path]) -> str:
    """The names, sizes and times of files, a line each."""
    lines = []
    for file in files:
        status = file.stat()
        lines.append(f"{file.name} {status.st_size} {status.st_mtime_ns}")
    return "\n".join(lines)


def starts_with(path: Path, magic: bytes) -> bool:
    """Whether these are the first bytes of a file; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False


def _is_meant(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _LITTER


def _raise(error: OSError) -> None:
    raise error
