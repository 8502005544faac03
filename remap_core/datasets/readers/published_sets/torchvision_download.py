"""Downloads that torchvision knows, made in a child process: this one never imports torch."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from remap_core.errors import DatasetError
from remap_core.formatting import count

log = logging.getLogger(__name__)

CLASSES_FILE = "classes.json"
"""Written when a download is complete: the names of classes, by data set."""
FAILED = 1
CANNOT_WRITE = 3
CHILD = "remap_core.datasets.readers.published_sets.torchvision_child"
LOG_SECONDS = 10.0
_MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class TorchvisionDownload:
    """A data set that torchvision downloads.

    name: what the child calls it. address: of the folder on the server. files: what torchvision takes from there.
    inside: the folder below that of the download where it puts them.
    """

    name: str
    address: str
    files: tuple[str, ...]
    inside: str = ""

    def is_complete(self, folder: Path) -> bool:
        """Whether nothing is left to download."""
        return (folder / CLASSES_FILE).is_file()

    def fetch(self, folder: Path) -> None:
        """Download and unpack the data set, unless that was done. Raises DatasetError with what to do."""
        if self.is_complete(folder):
            return
        log.info("downloading %s from %s into %s", self.name, self.address, folder)
        code, said = _run_child([CHILD, self.name, str(folder)], folder)
        if code == CANNOT_WRITE:
            raise DatasetError(f"{self.name} cannot be written to {folder.absolute()}: {said}.")
        if code:
            why = said or f"the download ended with exit code {code}"
            raise DatasetError(
                f"{self.name} cannot be downloaded from {self.address} ({why}): connect this machine to the internet, "
                f"or put {', '.join(self.files)} from there into {(folder / self.inside).absolute()}."
            )

    def class_names(self, folder: Path, name: str) -> list[str]:
        """The names of the classes of a data set of this download; none where its files tell them."""
        content = (folder / CLASSES_FILE).read_bytes()
        classes: dict[str, list[str]] = json.loads(content)
        return classes.get(name, [])


def _run_child(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Run a module until it ends: its exit code and what it said. Every ten seconds the log says how much is there."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        try:
            while True:
                try:
                    said, _ = child.communicate(timeout=LOG_SECONDS)
                    return child.returncode, said.strip()
                except subprocess.TimeoutExpired:
                    log.info("%s MB received and unpacked", count(_size(folder) // _MEGABYTE))
        finally:
            child.kill()


def _size(folder: Path) -> int:
    """The bytes of all files below a folder."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes)
