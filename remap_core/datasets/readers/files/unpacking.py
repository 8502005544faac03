"""Archives (.zip, .tar and its compressed forms) into a folder; what is dangerous in them stays out."""

from __future__ import annotations

import shutil
import struct
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from remap_core.datasets.readers.files.file_list import MAX_FILES, is_litter
from remap_core.datasets.readers.found import Skipped
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


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar archive, and not an .npz file, by its content."""
    if zipfile.is_zipfile(path):
        return not _is_npz(path)
    try:
        return tarfile.is_tarfile(path)
    except OSError:
        return False


def unpack(archive: Path, folder: Path, progress: Callable[[int, int], None]) -> list[Skipped]:
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


def _unpack_zip(archive: Path, folder: Path, progress: Callable[[int, int], None]) -> list[Skipped]:
    members = _zip_members(archive)
    _require_members(members)
    skipped: list[Skipped] = []
    budget = _Budget(folder)
    with zipfile.ZipFile(archive) as opened:
        entries = [entry for entry in opened.infolist() if not entry.is_dir()]
        for number, entry in enumerate(entries):
            progress(number, len(entries))
            name = decoded_name(entry)
            refusal = _refusal(name, folder) or _zip_refusal(entry)
            if refusal:
                skipped.append(Skipped(name, refusal))
            elif refusal is not None:
                try:
                    with opened.open(entry) as source:
                        budget.copy(source, folder / name, entry.file_size)
                except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
                    (folder / name).unlink(missing_ok=True)
                    skipped.append(Skipped(name, f"it is damaged in the archive ({reason(error)})"))
    return skipped


def _unpack_tar(archive: Path, folder: Path, progress: Callable[[int, int], None]) -> list[Skipped]:
    skipped: list[Skipped] = []
    budget = _Budget(folder)
    packed = archive.stat().st_size
    limit = max(MIN_BOMB_BYTES, MAX_RATIO * packed)
    with tarfile.open(archive) as opened:
        for number, member in enumerate(opened):
            _require_members(number + 1)
            progress(min(opened.offset, packed), packed)
            if member.isdir():
                continue
            name = member.name.removeprefix("./")
            refusal = _refusal(name, folder)
            if refusal == "" and not member.isreg():
                refusal = "it is a link or a device"
            if refusal == "" and budget.total + member.size > limit:
                raise DatasetError(
                    f"the archive unpacks to more than {MAX_RATIO} times its size: it is not made of images."
                )
            source = None if refusal != "" else opened.extractfile(member)
            if source is not None:
                budget.copy(source, folder / name, member.size)
            elif refusal:
                skipped.append(Skipped(name, refusal))
    return skipped


def _refusal(name: str, folder: Path) -> str | None:
    """Why a member is refused; an empty text for a good one, None for litter."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
        return "its path leaves the archive"
    if any(is_litter(part) for part in path.parts) or not path.parts:
        return None
    if any(len(part.encode("utf-8", "replace")) > 255 for part in path.parts):
        return "its name is too long"
    if (folder / name).exists():
        return "the archive has two files of this name"
    return ""


def _zip_refusal(entry: zipfile.ZipInfo) -> str:
    if (entry.external_attr >> 28) == 0xA:
        return "it is a link"
    if entry.flag_bits & 1:
        return "it is encrypted"
    if entry.file_size > MIN_BOMB_BYTES and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        return f"it unpacks to more than {MAX_RATIO} times its size"
    return ""


def decoded_name(entry: zipfile.ZipInfo) -> str:
    """A member's path with forward slashes; names that are UTF-8 without saying so are read as UTF-8."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _zip_members(archive: Path) -> int:
    """The number of members by the end of the archive, before its directory is read: it may be huge."""
    with archive.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_600))
        tail = file.read()
    start = tail.rfind(_END_OF_DIRECTORY)
    if start < 0:
        return 0
    members, directory_bytes = struct.unpack_from("<HL", tail, start + 10)
    zip64 = tail.rfind(b"PK\6\6", 0, start)
    if zip64 >= 0 and len(tail) - zip64 >= 48:
        members, directory_bytes = struct.unpack_from("<QQ", tail, zip64 + 32)
    return max(int(members), int(directory_bytes) // _DIRECTORY_BYTES)


def _require_members(members: int) -> None:
    if members > MAX_FILES:
        raise DatasetError(f"an archive may have at most {count(MAX_FILES)} files, but this one has more.")


def _is_npz(path: Path) -> bool:
    if path.suffix.lower() == ".npz":
        return True
    if _zip_members(path) > 1000:
        return False
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") and "/" not in name for name in names)


class _Budget:
    """How much may still be written: as much as the disk has, less a reserve."""

    def __init__(self, folder: Path) -> None:
        self.limit = min(MAX_TOTAL_BYTES, shutil.disk_usage(folder).free - _RESERVE_BYTES)
        self.total = 0

    def copy(self, source: object, path: Path, expected: int) -> None:
        """Write a member; raises DatasetError where it is larger than it says, or than the disk."""
        path.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with path.open("wb") as file:
            while block := source.read(_BLOCK):  # type: ignore[attr-defined]
                written += len(block)
                self.total += len(block)
                if written > expected:
                    raise DatasetError("the archive is damaged (a member is larger than it says).")
                if self.total > self.limit:
                    raise DatasetError("the disk is too full to unpack the archive.")
                file.write(block)
