"""The data folder: where everything lies, who may work in it, and how its files are replaced in one step."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from remap_core.errors import FolderInUse, FolderUnusable
from remap_core.system.files import replacing, write_file

MIN_FREE_BYTES = 200_000_000
"""Bytes on the disk below which trainings pause: the catalogue, its snapshots and checkpoints must still find room."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class DataFolder:
    """A data folder (REMAP_HOME) and the paths in it. Making the value makes the folders, not the files.

    Raises FolderUnusable, naming the folder, where it cannot be created; so does everything that writes into it.
    """

    home: Path

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "home", Path(self.home).expanduser().absolute())
            for folder in (self.snapshots, self.artifacts, self.unfinished_commands, self.rejected_commands):
                folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise FolderUnusable(f"The data folder {self.home} cannot be created: {_reason(error)}.") from error

    @property
    def live(self) -> Path:
        """The catalogue that the trainer alone opens.

        Its lock is a POSIX one: a process that opens and closes this file by any other way than its one DuckDB
        connection silently gives the lock up. So only a child process may copy it.
        """
        return self.home / "live.duckdb"

    @property
    def snapshots(self) -> Path:
        """Folder of the published, read-only copies of the catalogue."""
        return self.home / "snapshots"

    @property
    def pointer(self) -> Path:
        """File with the number of the newest snapshot."""
        return self.snapshots / "CURRENT"

    @property
    def artifacts(self) -> Path:
        """Folder with one folder a trial: weights and checkpoints."""
        return self.home / "artifacts"

    def weights(self, trial: int) -> Path:
        """File in which the training of a trial leaves its weights."""
        return self.artifacts / str(trial) / "weights.safetensors"

    @property
    def inbox(self) -> Path:
        """Folder of the commands that wait for the trainer."""
        return self.home / "inbox"

    @property
    def unfinished_commands(self) -> Path:
        """Folder in which commands are written before they are moved into the inbox."""
        return self.inbox / "tmp"

    @property
    def rejected_commands(self) -> Path:
        """Folder of the commands that could not be read, each with its reason beside it."""
        return self.inbox / "rejected"

    @property
    def trainer(self) -> Path:
        """File in which the trainer says that it is alive."""
        return self.home / "trainer.json"

    @property
    def trainer_log(self) -> Path:
        """The trainer's log: one JSON object a line; older lines are in trainer.log.1, .2 and so on."""
        return self.home / "trainer.log"

    @property
    def trainer_output(self) -> Path:
        """What a trainer without a terminal wrote beside its log: why it could not start, or what broke it."""
        return self.home / "trainer.out"

    @property
    def lock_file(self) -> Path:
        """File that the trainer of the folder holds a lock on, with its process id in it."""
        return self.home / "daemon.lock"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one trainer of the folder while the block runs; the system lets go when the process dies.

        Raises FolderInUse with the holder's process id. Processes that are started meanwhile do not inherit it.
        """
        with self.using():
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            self._claim(descriptor)
            yield
        finally:
            os.close(descriptor)

    def lock_holder(self) -> str | None:
        """Process id of the trainer that holds the lock ("unknown" where it has not said); None where none does."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(descriptor)
        finally:
            os.close(descriptor)
        return None

    def _claim(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(
                f"A trainer (pid {_holder(descriptor)}) already works in {self.home}; stop it first, "
                "or choose another data folder."
            ) from None
        with self.using():
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())

    def disk_space_warning(self) -> str:
        """The sentence that says why no training may go on, empty while there is room on the disk."""
        try:
            free = shutil.disk_usage(self.home).free
        except OSError as error:
            return f"The data folder {self.home} cannot be used: {_reason(error)}."
        if free >= MIN_FREE_BYTES:
            return ""
        return (
            f"Trainings pause: the disk of {self.home} has less than {MIN_FREE_BYTES / 1e6:,.0f} MB left. "
            "They go on by themselves when there is room."
        )

    @contextmanager
    def using(self) -> Iterator[None]:
        """Turns what the system has against the block's reading and writing in the folder into FolderUnusable."""
        try:
            yield
        except OSError as error:
            raise FolderUnusable(f"The data folder {self.home} {_refusal(error)}.") from error

    @contextmanager
    def replacing(self, path: Path, scratch: Path | None = None) -> Iterator[Path]:
        """As `system.files.replacing`, but raises FolderUnusable."""
        with self.using(), replacing(path, scratch) as temporary:
            yield temporary

    def write(self, path: Path, content: bytes, scratch: Path | None = None) -> None:
        """Replace the file `path` in one step; raises FolderUnusable."""
        with self.using():
            write_file(path, content, scratch)


def _holder(descriptor: int) -> str:
    return os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"


def _refusal(error: OSError) -> str:
    if error.errno in _FULL:
        return "has no space left on its disk"
    if error.errno == errno.EROFS:
        return "is on a read-only file system: what is there can be looked at, but nothing can be asked for or trained"
    return f"cannot be used: {_reason(error)}"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})" if error.filename else error.strerror
    return str(error)
