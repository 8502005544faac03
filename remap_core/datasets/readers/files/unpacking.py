"""Archives (.zip, .tar and its compressed forms) into a folder; what is dangerous in them stays out."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO

from remap_core.datasets.readers.files.file_list import MAX_FILES, is_litter
from remap_core.datasets.readers.found import ShowCount, Skipped
from remap_core.datasets.rules import reason
from remap_core.errors import DatasetError
from remap_core.formatting import count

MAX_RATIO = 200
"""Unpacked bytes for each packed byte of a member of more than MIN_BOMB_BYTES; image files hardly shrink at all."""
MIN_BOMB_BYTES = 10_000_000
MAX_TOTAL_BYTES = 500_000_000_000
_RESERVE_BYTES = 500_000_000
"""Left free on the disk."""
_DIRECTORY_BYTES = 150
"""Bytes that a member takes in a zip's directory, about: a directory that is much larger lies about its members."""
_BLOCK = 1 << 20
_END_OF_DIRECTORY = b"PK\5\6"
_END_OF_ZIP64 = b"PK\6\6"
_ZIP64_END_BYTES = 48
"""As far as its directory's size."""
_LONGEST_END = 65_600
"""Bytes from the end of the directory to the end of the archive, where a comment may be."""
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_MAX_NAME_BYTES = 255
_MAX_NPZ_MEMBERS = 1000


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar archive, and not an .npz file, by its content."""
    if zipfile.is_zipfile(path):
        return not _is_npz(path)
    try:
        return tarfile.is_tarfile(path)
    except OSError:
        return False


def unpack(archive: Path, folder: Path, progress: ShowCount) -> list[Skipped]:
    """Unpack an archive into a new folder, and return the members that were refused.

    Litter is left out. Members that are links, leave the folder, are encrypted or unpack to much more than they take
    are refused by name. Raises DatasetError for a damaged archive, one with too many members, and a full disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if zipfile.is_zipfile(archive):
            return _unpack_zip(archive, folder, progress)
        return _unpack_tar(archive, folder, progress)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError, NotImplementedError) as error:
        raise DatasetError(f"the archive is damaged ({reason(error)}).") from error
    except OSError as error:
        raise DatasetError(f"the archive cannot be unpacked ({error.strerror or error}).") from error


def _unpack_zip(archive: Path, folder: Path, progress: ShowCount) -> list[Skipped]:
    _require_members(_zip_members(archive))
    skipped: list[Skipped] = []
    budget = _Budget(folder)
    with zipfile.ZipFile(archive) as opened:
        entries = [entry for entry in opened.infolist() if not entry.is_dir()]
        for number, entry in enumerate(entries):
            progress(number, len(entries))
            name = decoded_name(entry)
            if _is_ignored(name):
                continue
            try:
                _require_harmless(name, folder)
                _require_harmless_entry(entry)
                _write_entry(opened, entry, folder / name, budget)
            except _RefusedError as refusal:
                skipped.append(Skipped(name, str(refusal)))
    return skipped


def _write_entry(
    opened: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    path: Path,
    budget: _Budget,
) -> None:
    try:
        with opened.open(entry) as source:
            budget.copy(source, path, entry.file_size)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        path.unlink(missing_ok=True)
        raise _RefusedError(f"it is damaged in the archive ({reason(error)})") from error


def _unpack_tar(archive: Path, folder: Path, progress: ShowCount) -> list[Skipped]:
    skipped: list[Skipped] = []
    budget = _Budget(folder)
    packed = archive.stat().st_size
    limit = max(MIN_BOMB_BYTES, MAX_RATIO * packed)
    with tarfile.open(archive) as opened:
        for number, member in enumerate(opened):
            _require_members(number + 1)
            progress(min(opened.offset, packed), packed)
            name = member.name.removeprefix("./")
            if member.isdir() or _is_ignored(name):
                continue
            try:
                _require_harmless(name, folder)
                if not member.isreg():
                    raise _RefusedError("it is a link or a device")
            except _RefusedError as refusal:
                skipped.append(Skipped(name, str(refusal)))
                continue
            if budget.total + member.size > limit:
                raise DatasetError(
                    f"the archive unpacks to more than {MAX_RATIO} times its size: it is not made of images."
                )
            source = opened.extractfile(member)
            if source is not None:
                budget.copy(source, folder / name, member.size)
    return skipped


class _RefusedError(Exception):
    """A member that stays out, and why, as the end of a sentence."""


def _path_of(name: str) -> PurePosixPath:
    """The path of a member, which Windows may have written."""
    return PurePosixPath(name.replace("\\", "/"))


def _leaves_archive(path: PurePosixPath) -> bool:
    has_drive = bool(path.parts) and path.parts[0].endswith(":")
    return path.is_absolute() or has_drive or ".." in path.parts


def _is_ignored(name: str) -> bool:
    """Whether a member is litter, which nobody needs to hear of, unless its path is dangerous."""
    path = _path_of(name)
    if _leaves_archive(path):
        return False
    return not path.parts or any(map(is_litter, path.parts))


def _require_harmless(name: str, folder: Path) -> None:
    path = _path_of(name)
    if _leaves_archive(path):
        raise _RefusedError("its path leaves the archive")
    if any(len(part.encode("utf-8", "replace")) > _MAX_NAME_BYTES for part in path.parts):
        raise _RefusedError("its name is too long")
    if (folder / name).exists():
        raise _RefusedError("the archive has two files of this name")


def _require_harmless_entry(entry: zipfile.ZipInfo) -> None:
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise _RefusedError("it is a link")
    if entry.flag_bits & _ENCRYPTED_FLAG:
        raise _RefusedError("it is encrypted")
    if inflates_too_much(entry):
        raise _RefusedError(f"it unpacks to more than {MAX_RATIO} times its size")


def inflates_too_much(entry: zipfile.ZipInfo) -> bool:
    """Whether a member says that it unpacks to so much more than it takes that it is not made of images."""
    return entry.file_size > max(MIN_BOMB_BYTES, MAX_RATIO * max(1, entry.compress_size))


def decoded_name(entry: zipfile.ZipInfo) -> str:
    """A member's path with forward slashes; names that are UTF-8 without saying so are read as UTF-8."""
    name = entry.filename
    if not entry.flag_bits & _UTF8_FLAG:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _zip_members(archive: Path) -> int:
    """The number of members by the end of the archive, before its directory is read: it may be huge."""
    with archive.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LONGEST_END))
        tail = file.read()
    end = tail.rfind(_END_OF_DIRECTORY)
    if end < 0:
        return 0
    members, directory_bytes = struct.unpack_from("<HL", tail, end + 10)
    zip64_end = tail.rfind(_END_OF_ZIP64, 0, end)
    if 0 <= zip64_end <= len(tail) - _ZIP64_END_BYTES:
        members, directory_bytes = struct.unpack_from("<QQ", tail, zip64_end + 32)
    plausible = int(directory_bytes) // _DIRECTORY_BYTES
    return max(int(members), plausible)


def _require_members(members: int) -> None:
    if members > MAX_FILES:
        raise DatasetError(f"an archive may have at most {count(MAX_FILES)} files, but this one has more.")


def _is_npz(path: Path) -> bool:
    if path.suffix.lower() == ".npz":
        return True
    if _zip_members(path) > _MAX_NPZ_MEMBERS:
        return False
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") and "/" not in name for name in names)


class _Budget:
    """How much may still be written: as much as the disk has, less a reserve."""

    def __init__(self, folder: Path) -> None:
        self.limit = min(MAX_TOTAL_BYTES, shutil.disk_usage(folder).free - _RESERVE_BYTES)
        self.total = 0

    def copy(self, source: IO[bytes], path: Path, expected: int) -> None:
        """Write a member; raises DatasetError where it is larger than it says, or than the disk."""
        path.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with path.open("wb") as file:
            while block := source.read(_BLOCK):
                written += len(block)
                self.total += len(block)
                if written > expected:
                    raise DatasetError("the archive is damaged (a member is larger than it says).")
                if self.total > self.limit:
                    raise DatasetError("the disk is too full to unpack the archive.")
                file.write(block)
