"""Files that a browser sent, in a folder of their own below `home`/data/uploads, and paths that the app may read."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import DatasetError

_MAX_BYTES = 200
"""Bytes of a part of a name; file systems allow 255."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_COPIED = 1 << 20


def save_upload(folder: DataFolder, files: Sequence[tuple[str, IO[bytes]]], now: float) -> Path:
    """Write files with their names into a new folder; returns the one file or folder in it, or else that folder.

    Names may have folders; whatever would lead out of the new folder is dropped. Raises FolderUnusable.
    """
    target = folder.datasets / "uploads" / f"{int(now)}-{secrets.token_hex(4)}"
    try:
        with folder.errors_as_unusable():
            for name, content in files:
                _save(_free(target / safe_name(name)), content)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    entries = list(target.iterdir())
    if len(entries) == 1:
        return entries[0]
    return target


def remove_upload(folder: DataFolder, source: Path) -> None:
    """Delete the upload that a source is, or is in; other files stay as they are."""
    upload = _upload_of(folder, source)
    if upload:
        shutil.rmtree(upload, ignore_errors=True)


def forget_uploads(folder: DataFolder, before: float, sources: Iterable[str]) -> None:
    """Delete what was uploaded before a moment, in seconds since 1970, without what the `sources` are, or are in."""
    used = {_upload_of(folder, Path(source)) for source in sources}
    for upload in (folder.datasets / "uploads").glob("*"):
        moment = upload.name.partition("-")[0]
        if moment.isdecimal() and int(moment) <= before and upload not in used:
            shutil.rmtree(upload, ignore_errors=True)


def upload_megabytes(folder: DataFolder, source: Path) -> float:
    """The size of the upload that a source is, or is in; 0 for other files."""
    upload = _upload_of(folder, source)
    if upload is None:
        return 0.0
    return sum(path.stat().st_size for path in upload.rglob("*") if path.is_file()) / 1e6


def _upload_of(folder: DataFolder, source: Path) -> Path | None:
    uploads = folder.datasets / "uploads"
    if not source.is_relative_to(uploads) or source == uploads:
        return None
    return uploads / source.relative_to(uploads).parts[0]


def safe_name(name: str) -> PurePosixPath:
    r"""A relative path without parts that lead elsewhere or that a file system refuses.

    >>> str(safe_name("../../etc/passwd")), str(safe_name("photos\\a <b>.png")), str(safe_name(".."))
    ('etc/passwd', 'photos/a <b>.png', 'file')
    """
    parts = [_safe_part(part) for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return PurePosixPath(*(parts or ["file"]))


def allowed_path(root: Path, typed: str) -> Path:
    """The path below `root` that was typed, relative or absolute.

    Raises DatasetError for one that does not exist or is outside, by .. or links, too.
    """
    try:
        real_root = root.expanduser().resolve(strict=True)
        path = (real_root / typed.strip()).resolve()
        exists = path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise DatasetError(f"{typed!r:.200} cannot be followed: {_reason(error)}.") from error
    if not path.is_relative_to(real_root):
        raise DatasetError(f"A path must be below {root} (REMAP_DATA_ROOT), but {typed!r:.200} is not.")
    if not exists:
        raise DatasetError(f"There is no {typed.strip()!r:.200} below {root}.")
    return path


def entries_of(root: Path, limit: int = 200) -> list[str]:
    """Names of what is directly below `root`, without hidden files; empty where it cannot be read."""
    try:
        names = sorted(entry.name for entry in os.scandir(root.expanduser()) if not entry.name.startswith("."))
    except OSError:
        return []
    return names[:limit]


def _safe_part(part: str) -> str:
    shown = _UNSAFE.sub("_", part).strip() or "file"
    encoded = shown.encode(errors="replace")
    if len(encoded) <= _MAX_BYTES:
        return encoded.decode(errors="replace")
    stem, dot, suffix = shown.rpartition(".")
    end = f"{dot}{suffix}"
    if not stem or len(end) > 20:
        stem, end = shown, ""
    room = _MAX_BYTES - len(end.encode(errors="replace"))
    return stem.encode(errors="replace")[:room].decode(errors="ignore") + end


def _free(path: Path) -> Path:
    """The path, or one with a number where two files have the same name."""
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
        number += 1
    return free


def _save(path: Path, content: IO[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        shutil.copyfileobj(content, file, _COPIED)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
