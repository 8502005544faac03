"""A source in any form: images in a folder or an archive, arrays, tables of pixels."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from remap_core.datasets.readers.arrays.array_archives import is_array_folder, is_npz, read_archives, read_array_folder
from remap_core.datasets.readers.arrays.cifar_batches import is_cifar, read_cifar
from remap_core.datasets.readers.arrays.idx_files import is_idx, read_idx
from remap_core.datasets.readers.arrays.quickdraw import is_quickdraw, read_quickdraw
from remap_core.datasets.readers.files.encoded_images import SUFFIXES, image_files
from remap_core.datasets.readers.files.file_list import FileList, list_files
from remap_core.datasets.readers.files.image_folders import find_images
from remap_core.datasets.readers.files.unpacking import is_archive, unpack
from remap_core.datasets.readers.found import Found, ShowCount, Skipped, unwatched
from remap_core.datasets.recipe import Choices
from remap_core.errors import DatasetError
from remap_core.formatting import listed

Recognises = Callable[[Path, Sequence[Path]], bool]
"""Whether a reader knows a file, or a folder with these files, by names and first bytes."""
Reads = Callable[[Path, Choices], Found]

_UNPACKED = "unpacked"
_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")


def find(
    source: Path,
    choices: Choices,
    work: Path,
    progress: ShowCount = unwatched,
) -> Found:
    """Find the images of a file or a folder; archives are unpacked into `work`, once.

    Raises DatasetError with the reason why it cannot be used.
    """
    if source.is_dir():
        return _in_folder(source, choices, work, progress)
    if not source.exists():
        raise DatasetError("there is no such file or folder.")
    for recognises, read in array_forms():
        if recognises(source, [source]):
            return read(source, choices)
    if is_archive(source):
        return _in_archive(source, choices, work, progress)
    raise DatasetError(_why_no_form(source))


def array_forms() -> tuple[tuple[Recognises, Reads], ...]:
    """Forms in which images lie in arrays, in the order in which they are tried.

    Arrow is imported here: it takes 25 MB, which a process that trains on prepared images does without.
    """
    from remap_core.datasets.readers.arrays.parquet_files import is_parquet, read_parquet
    from remap_core.datasets.readers.arrays.pixel_tables import is_pixel_table, read_pixel_tables

    return (
        (is_npz, read_archives),
        (is_array_folder, read_array_folder),
        (is_quickdraw, read_quickdraw),
        (is_idx, read_idx),
        (is_cifar, read_cifar),
        (is_parquet, read_parquet),
        (is_pixel_table, read_pixel_tables),
    )


def stamp_of(source: Path) -> str:
    """A text that changes when the files of a source do. Raises DatasetError where there are none."""
    if source.is_dir():
        return list_files(source).stamp()
    try:
        status = source.stat()
    except OSError as error:
        raise DatasetError(f"{source} cannot be read ({error.strerror}).") from error
    return f"{status.st_size} {status.st_mtime_ns}"


def _in_folder(
    folder: Path,
    choices: Choices,
    work: Path,
    progress: ShowCount,
) -> Found:
    files = list_files(folder)
    if image_files(files):
        return find_images(files, choices)
    paths = [folder / file.path for file in files.files]
    for recognises, read in array_forms():
        if recognises(folder, paths):
            found = read(folder, choices)
            return replace(found, skipped=files.skipped + found.skipped)
    named = [path for path in paths if path.name.lower().endswith(_ARCHIVES)]
    archives = list(filter(is_archive, named))
    if len(archives) == 1:
        return _in_archive(archives[0], choices, work, progress)
    raise DatasetError(_why_nothing(files))


def _in_archive(
    archive: Path,
    choices: Choices,
    work: Path,
    progress: ShowCount,
) -> Found:
    folder = work / _UNPACKED
    skipped = _unpacked(archive, folder, progress)
    found = _in_folder(folder, choices, work / "inner", progress)
    return replace(
        found,
        form=f"{found.form} in an archive",
        skipped=(*skipped, *found.skipped),
    )


def _unpacked(archive: Path, folder: Path, progress: ShowCount) -> list[Skipped]:
    """Unpack an archive, unless that was finished before; what was unpacked of another one is never used."""
    status = archive.stat()
    key = [str(archive), status.st_size, status.st_mtime_ns]
    record = folder.parent / "unpacked.json"
    if record.is_file():
        known = json.loads(record.read_text())
        if known["archive"] == key:
            return [Skipped(*skipped) for skipped in known["skipped"]]
        raise DatasetError("the archive changed while it was prepared; start again.")
    shutil.rmtree(folder, ignore_errors=True)  # of an interrupted call, whose last file may be half there
    skipped = unpack(archive, folder, progress)
    record.write_text(json.dumps({"archive": key, "skipped": skipped}))
    return skipped


def _why_no_form(file: Path) -> str:
    if file.suffix.lower() in SUFFIXES:
        return "this is one image; a data set is a folder with the images of each class in a folder of its own."
    return "unsupported file: use a folder, a .zip or .tar of images, or .npz, .npy, .parquet, .csv or idx files."


def _why_nothing(files: FileList) -> str:
    if not files.files:
        reason = "there are no images: the folder is empty"
        if files.skipped:
            first = files.skipped[0]
            reason = f"there are no images: {first.file} was skipped, as {first.reason}"
        return f"{reason}."
    suffixes = sorted({file.suffix or "no ending" for file in files.files})
    return f"there are no images: the folder has files with {listed(suffixes)}."
