"""The files of a trial on their way between the trainer and a node."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from remap_core.errors import TrainingFailed
from remap_core.system.files import write_file

log = logging.getLogger(__name__)

ChangedFiles = dict[str, bytes | None]
"""All files of a trial by name; None for one that has not changed since it was last sent."""

Version = tuple[int, int, int]
"""Inode, time of change and size of a file: another file of the same name differs in one of them."""


def read_files(folder: Path) -> dict[str, bytes]:
    """The files of a trial by name, without unreadable ones; empty if there is no folder."""
    files = {}
    for path in _files_of(folder):
        try:
            files[path.name] = path.read_bytes()
        except OSError as error:
            log.warning("%s cannot be read and is not sent to the node: %s", path, error.strerror)
    return files


def write_files(folder: Path, files: ChangedFiles) -> None:
    """Make a folder hold exactly these files; each is replaced in one step. Raises TrainingFailed."""
    try:
        for name, content in files.items():
            if content is not None:
                write_file(folder / Path(name).name, content)
        for path in _files_of(folder):
            if path.name not in files:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise TrainingFailed(f"{error.filename or folder} cannot be written: {error.strerror}.") from error


def file_versions(folder: Path) -> dict[str, Version]:
    """The version of every file of a trial, by name."""
    versions = {}
    for path in _files_of(folder):
        stat = path.stat()
        versions[path.name] = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
    return versions


def changed_files(folder: Path, versions: Mapping[str, Version], sent_versions: Mapping[str, Version]) -> ChangedFiles:
    """The files of a trial; those whose version was sent before are None."""
    files: ChangedFiles = {}
    for name, version in versions.items():
        if sent_versions.get(name) == version:
            files[name] = None
        else:
            files[name] = (folder / name).read_bytes()
    return files


def _files_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))
