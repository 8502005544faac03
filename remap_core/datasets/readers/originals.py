"""A person's own image again, by the name that it had when its data set was added."""

from __future__ import annotations

import tarfile
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

from remap_core.datasets.readers.files.encoded_images import FilePictures, open_picture
from remap_core.datasets.readers.files.unpacking import decoded_name, is_archive
from remap_core.datasets.readers.forms import find
from remap_core.datasets.readers.found import Found, Picture
from remap_core.datasets.readers.published_sets.sources import find_published, is_published
from remap_core.datasets.recipe import Choices
from remap_core.errors import DatasetError

_GONE = "the original is no longer there."


def open_original(source: str, name: str, home: Path) -> Picture:
    """Open the image of this name in a source; raises DatasetError where it is no longer there, or changed.

    home: the data folder, which has the downloads of published data sets.
    """
    if is_published(source):
        return _named(_found_published(source, home), name)
    path = Path(source)
    if path.is_dir() and (path / name).is_file():
        return FilePictures(path, [name]).open(0)
    if path.is_file() and is_archive(path):
        return open_picture(_member(path, name))
    if not path.exists():
        raise DatasetError(f"{name}: {_GONE}")
    return _named(_found(path, path.stat().st_mtime_ns), name)


def _named(found: Found, name: str) -> Picture:
    for place in range(len(found.pictures)):
        if found.pictures.name(place) == name:
            return found.pictures.open(place)
    raise DatasetError(f"{name}: {_GONE}")


def _member(archive: Path, name: str) -> bytes:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                for entry in opened.infolist():
                    if decoded_name(entry) == name:
                        return opened.read(entry)
                raise DatasetError(f"{name}: {_GONE}")
        with tarfile.open(archive) as opened_tar:
            for member in opened_tar:
                if member.name.removeprefix("./") != name:
                    continue
                file = opened_tar.extractfile(member)
                if file is not None:
                    return file.read()
    except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise DatasetError(f"{name}: {_GONE}") from error
    raise DatasetError(f"{name}: {_GONE}")


@lru_cache(maxsize=1)
def _found(path: Path, modified_ns: int) -> Found:  # noqa: ARG001 (a part of the cache's key)
    """The images of a source, read again when it was modified."""
    with tempfile.TemporaryDirectory() as work:
        return find(path, Choices(), Path(work))


@lru_cache(maxsize=1)
def _found_published(name: str, home: Path) -> Found:
    return find_published(name, home)
