"""The files of a folder, without litter: what a file manager, an archive or a notebook leaves beside images."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from remap_core.datasets.readers.found import Skipped
from remap_core.errors import DatasetError
from remap_core.formatting import count

MAX_FILES = 2_000_000
GZIP_MAGIC = b"\x1f\x8b"
_LITTER = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir", "icon\r", "lost+found"}


class ListedFile(NamedTuple):
    """A file: its path relative to the folder with forward slashes, bytes, and time of its last change."""

    path: str
    size: int
    modified_ns: int

    @property
    def suffix(self) -> str:
        """The ending in lower case, such as ".png"."""
        return PurePosixPath(self.path).suffix.lower()


@dataclass(frozen=True)
class FileList:
    """The files below a folder, sorted by path; `skipped` are links that leave it and what may not be read."""

    root: Path
    files: tuple[ListedFile, ...]
    skipped: tuple[Skipped, ...] = ()

    def stamp(self) -> str:
        """A text that changes when a file is added, removed or changed."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(repr(tuple(file)).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


def list_files(root: Path) -> FileList:
    """List a folder and everything below it; raises DatasetError for more than MAX_FILES files.

    Hidden files and folders (whose name starts with a dot) and litter are left out. Links to files inside the folder
    are followed, links that leave it are not.
    """
    skipped: list[Skipped] = []
    real_root = root.resolve()
    files: list[ListedFile] = []
    for entry, path in _walk(root, "", skipped):
        try:
            files.append(_listed_file(entry, path, real_root))
        except DatasetError as error:
            skipped.append(Skipped(path, str(error)))
        if len(files) > MAX_FILES:
            raise DatasetError(f"A data set may have at most {count(MAX_FILES)} files, but {root} has more.")
    return FileList(root, tuple(sorted(files)), tuple(skipped))


def visible_files(path: Path) -> list[Path]:
    """The files of `list_files`, as paths; a file alone is itself. Raises DatasetError where there is nothing."""
    if not path.exists():
        raise DatasetError("there is no such file.")
    if not path.is_dir():
        return [path]
    return [path / file.path for file in list_files(path).files]


def starts_with(path: Path, magic: bytes) -> bool:
    """Whether these are the first bytes of a file; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is never an image or a class."""
    return name.startswith((".", "~$")) or name.lower() in _LITTER


def _walk(folder: Path | str, prefix: str, skipped: list[Skipped]) -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        why = f"the folder cannot be read ({error.strerror})"
        skipped.append(Skipped(prefix or str(folder), why))
        return
    for entry in entries:
        if is_litter(entry.name):
            continue
        path = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{path}/", skipped)
        elif entry.is_symlink() and Path(entry.path).is_dir():
            skipped.append(Skipped(path, "links to folders are not followed"))
        elif entry.is_file() or entry.is_symlink():
            yield entry, path


def _listed_file(entry: os.DirEntry[str], path: str, real_root: Path) -> ListedFile:
    """Raises DatasetError with the reason, as the end of a sentence, where a file cannot be used."""
    try:
        if entry.is_symlink() and not _stays_inside(entry.path, real_root):
            raise DatasetError("it is a link that leaves the folder")
        status = entry.stat()
    except OSError as error:
        raise DatasetError(f"it cannot be read ({error.strerror})") from error
    return ListedFile(path, status.st_size, status.st_mtime_ns)


def _stays_inside(path: str, real_root: Path) -> bool:
    return Path(path).resolve().is_relative_to(real_root)
