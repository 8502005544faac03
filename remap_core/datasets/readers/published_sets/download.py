"""Files that are downloaded by their address, and accepted with the published checksum alone."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.request import urlopen

from remap_core.datasets.rules import reason
from remap_core.errors import DatasetError
from remap_core.formatting import count
from remap_core.system.files import replacing

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0
"""How long to wait for a server that sends nothing."""
_BLOCK = 1 << 20
_LOGGED_BLOCKS = 20


@dataclass(frozen=True, kw_only=True)
class Download:
    """Files on a server.

    address: of their folder, ending in "/". files: names in this folder, each with its published MD5. query: what
    follows the name in an address.
    """

    address: str
    files: tuple[tuple[str, str], ...]
    query: str = ""

    def missing_files(self, folder: Path) -> list[str]:
        """Names of the files that are not in `folder`, or that have another MD5 there."""
        return [name for name, md5 in self.files if not _is_intact(folder / name, md5)]

    def is_complete(self, folder: Path) -> bool:
        """Whether nothing is left to download."""
        return not self.missing_files(folder)

    def fetch(self, folder: Path) -> None:
        """Download the files that `folder` does not have. Raises DatasetError with what was tried and what to do."""
        missing = self.missing_files(folder)
        advice = (
            f"connect this machine to the internet, or put {', '.join(missing)} from there into {folder.absolute()}"
        )
        checksums = dict(self.files)
        for name in missing:
            address = f"{self.address}{name}{self.query}"
            _download(address, checksums[name], folder / name, advice)


def _download(
    address: str,
    md5: str,
    path: Path,
    advice: str,
) -> None:
    log.info("downloading %s into %s", address, path.parent)
    failure = f"{address} cannot be downloaded"
    try:
        response = urlopen(address, timeout=TIMEOUT_SECONDS)  # noqa: S310 (the address is ours, the content is checked)
    except (OSError, HTTPException) as error:
        raise DatasetError(f"{failure} ({reason(error)}): {advice}.") from error
    try:
        with response:
            path.parent.mkdir(parents=True, exist_ok=True)
            _store(_blocks(response, failure, advice), address, md5, path, advice)
    except OSError as error:
        raise DatasetError(f"{path} cannot be written: {error.strerror}.") from error


def _store(
    blocks: Iterator[bytes],
    address: str,
    md5: str,
    path: Path,
    advice: str,
) -> None:
    """Write a file if its checksum is right; else there is none."""
    digest = hashlib.md5(usedforsecurity=False)
    with replacing(path) as partial:
        with partial.open("wb") as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
        received = digest.hexdigest()
        if received != md5:
            raise DatasetError(f"{address} gave a file whose MD5 is {received}, but must be {md5}: {advice}.")


def _blocks(response: HTTPResponse, failure: str, advice: str) -> Iterator[bytes]:
    number = 0
    while True:
        try:
            block = response.read(_BLOCK)
        except (OSError, HTTPException) as error:
            raise DatasetError(f"{failure} ({reason(error)}): {advice}.") from error
        if not block:
            return
        yield block
        number += 1
        if number % _LOGGED_BLOCKS == 0:
            log.info("%s MB received", count(number))


def _is_intact(path: Path, md5: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, _md5).hexdigest() == md5
    except OSError:
        return False


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)
