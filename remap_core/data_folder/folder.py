"""The data folder: the paths in it, the lock of its trainer, and how its files are replaced in one step."""

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
from remap_core.formatting import count
from remap_core.system.files import replacing, write_file

MIN_FREE_BYTES = 200_000_000
"""Free bytes on the disk below which trainings pause: the catalogue, its snapshots and checkpoints still need space."""

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class DataFolder:
    """A data folder (REMAP_HOME) and the paths in it. Creating the value creates the folders, but no files.

    Raises FolderUnusable, naming the folder, where it cannot be created; so does everything that writes to it.
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
        """The catalogue, which only the trainer opens.

        DuckDB locks it with a POSIX lock, which a process silently loses when it opens and closes the file in any way
        other than through its one DuckDB connection. So only a child process may copy it.
        """
        return self.home / "live.duckdb"

    def live_before(self, migration: str) -> Path:
        """The catalogue as it was before this step changed its schema, for the version that wrote it."""
        return self.home / f"live-before-{migration}.duckdb"

    @property
    def snapshots(self) -> Path:
        """The folder of the published, read-only copies of the catalogue."""
        return self.home / "snapshots"

    @property
    def pointer(self) -> Path:
        """The file that holds the number of the newest snapshot."""
        return self.snapshots / "CURRENT"

    @property
    def artifacts(self) -> Path:
        """The folder of weights and checkpoints, with one folder a trial."""
        return self.home / "artifacts"

    @property
    def datasets(self) -> Path:
        """The folder of the data sets that were added, of the uploads, and of what is being prepared."""
        return self.home / "data"

    def weights(self, trial: int) -> Path:
        """The file of a trained trial's weights."""
        return self.artifacts / str(trial) / "weights.safetensors"

    @property
    def inbox(self) -> Path:
        """The folder of the commands that wait for the trainer."""
        return self.home / "inbox"

    @property
    def unfinished_commands(self) -> Path:
        """The folder in which commands are written before they move to the inbox."""
        return self.inbox / "tmp"

    @property
    def rejected_commands(self) -> Path:
        """The folder of the commands that could not be read, each with a file that says why."""
        return self.inbox / "rejected"

    @property
    def trainer(self) -> Path:
        """The file of the trainer's heartbeat."""
        return self.home / "trainer.json"

    @property
    def trainer_log(self) -> Path:
        """The trainer's log: one JSON object a line; older lines are in trainer.log.1, .2 and so on."""
        return self.home / "trainer.log"

    @property
    def trainer_output(self) -> Path:
        """What a trainer without a terminal printed: why it could not start, or why it crashed."""
        return self.home / "trainer.out"

    @property
    def restored(self) -> Path:
        """When a demo last restored its prepared models; only a folder that a demo has filled has this file."""
        return self.home / "restored"

    @property
    def people(self) -> Path:
        """The folder of what people who sign in have left: a file each, with their drawers."""
        return self.home / "people"

    @property
    def signing_key(self) -> Path:
        """The key that commands are signed with; only REMAP's user may read it."""
        return self.home / "signing.key"

    @property
    def lock_file(self) -> Path:
        """The file that the folder's trainer locks, with its process id in it."""
        return self.home / "daemon.lock"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the folder's only trainer while the block runs; the system releases the lock when the process dies.

        Raises FolderInUse with the holder's process id. Child processes do not inherit the lock.
        """
        with self.errors_as_unusable():
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            self._acquire(descriptor)
            yield
        finally:
            os.close(descriptor)

    def lock_holder(self) -> str | None:
        """Return the process id of the trainer that holds the lock ("unknown" before it is written), or None."""
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

    def _acquire(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(
                f"A trainer (pid {_holder(descriptor)}) already works in {self.home}; stop it first, "
                "or choose another data folder."
            ) from None
        with self.errors_as_unusable():
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())

    def disk_space_warning(self) -> str:
        """Return the reason why no training may start or continue; empty while there is enough disk space."""
        try:
            free = shutil.disk_usage(self.home).free
        except OSError as error:
            return f"The data folder {self.home} cannot be used: {_reason(error)}."
        if free >= MIN_FREE_BYTES:
            return ""
        return (
            f"Training is paused: the disk of {self.home} has less than {count(MIN_FREE_BYTES // 1_000_000)} MB left. "
            "It resumes when there is enough space."
        )

    @contextmanager
    def errors_as_unusable(self) -> Iterator[None]:
        """Raise FolderUnusable for any OSError in the block."""
        try:
            yield
        except OSError as error:
            raise FolderUnusable(f"The data folder {self.home} {_problem(error)}.") from error

    @contextmanager
    def replacing(self, path: Path, scratch: Path | None = None) -> Iterator[Path]:
        """Like `system.files.replacing`, but raises FolderUnusable."""
        with self.errors_as_unusable(), replacing(path, scratch) as temporary:
            yield temporary

    def write(self, path: Path, content: bytes, scratch: Path | None = None) -> None:
        """Replace the file `path` in one step; raises FolderUnusable."""
        with self.errors_as_unusable():
            write_file(path, content, scratch)


def _holder(descriptor: int) -> str:
    pid = os.read(descriptor, 32).decode("ascii", "replace").strip()
    return pid or "unknown"


def _problem(error: OSError) -> str:
    if error.errno in _DISK_FULL:
        return "has no space left on its disk"
    if error.errno == errno.EROFS:
        return "is on a read-only file system: its models can be viewed, but nothing can be changed or trained"
    return f"cannot be used: {_reason(error)}"


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.filename:
        return f"{error.strerror} ({error.filename})"
    return error.strerror
