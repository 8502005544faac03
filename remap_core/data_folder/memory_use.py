"""How much memory the processes that work in a data folder hold: app, trainer and workers."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, read_trainer
from remap_core.system.linux_processes import (
    KNOWN,
    RunningProcess,
    descendants,
    has_open_file,
    proportional_bytes,
    running_processes,
)

APP = "app"
TRAINER = "trainer"
FORK_SERVER = "fork server"
WORKER = "worker"
OTHER = "other"
_ROLES = (APP, TRAINER, FORK_SERVER, WORKER, OTHER)

NOT_LINUX = "Only Linux says how much memory a process holds as its share."


@dataclass(frozen=True)
class ProcessMemory:
    """A process and the main memory that it holds, in bytes: its own pages and its share of common ones."""

    role: str
    pid: int
    bytes: int


@dataclass(frozen=True)
class MemoryUse:
    """The processes of a data folder, in the order of their roles. problem: why some are missing; empty if none is."""

    processes: tuple[ProcessMemory, ...] = ()
    problem: str = ""

    @property
    def bytes(self) -> int:
        """What they hold together."""
        return sum(process.bytes for process in self.processes)


def memory_use(folder: DataFolder, now: float) -> MemoryUse:
    """The memory that the processes of a data folder hold at `now`, except for this process.

    Those are the trainer, by its heartbeat; the apps: whoever started the trainer, or has a file of the folder open;
    and the processes that these started.
    """
    if not KNOWN:
        return MemoryUse(problem=NOT_LINUX)
    trainer = read_trainer(folder, now)
    if trainer and trainer.host != socket.gethostname():
        return MemoryUse(problem=f"The trainer runs on {trainer.host}, which alone knows how much memory it holds.")
    roles = _roles(folder, trainer, running_processes())
    processes = []
    problem = ""
    for pid, role in sorted(roles.items(), key=lambda item: (_ROLES.index(item[1]), item[0])):
        try:
            processes.append(ProcessMemory(role, pid, proportional_bytes(pid)))
        except PermissionError:
            problem = f"The memory of the {role} (pid {pid}) may be read by its own user only."
        except OSError:  # it has just ended
            continue
    return MemoryUse(tuple(processes), problem)


def _roles(
    folder: DataFolder,
    trainer: TrainerStatus | None,
    running: Mapping[int, RunningProcess],
) -> dict[int, str]:
    """What each process of the folder is, by id."""
    roles: dict[int, str] = {}
    if trainer and trainer.pid in running:
        roles[trainer.pid] = TRAINER
        for process in descendants(trainer.pid, running):
            roles[process.pid] = _role_under_trainer(process, running)
        starter = running[trainer.pid].parent
        if "--with-parent" in running[trainer.pid].command and starter in running:
            roles[starter] = APP
    for pid in running:
        if pid not in roles and has_open_file(pid, folder.home):
            roles[pid] = APP
    for app in [pid for pid, role in roles.items() if role == APP]:
        for process in descendants(app, running):
            roles.setdefault(process.pid, OTHER)
    roles.pop(os.getpid(), None)
    return roles


def _role_under_trainer(process: RunningProcess, running: Mapping[int, RunningProcess]) -> str:
    """What a process is that the trainer started, by the words of Python's multiprocessing."""
    is_forked = _is_of(process, "multiprocessing.forkserver")
    if is_forked and not _is_of(running[process.parent], "multiprocessing.forkserver"):
        return FORK_SERVER
    if is_forked or _is_of(process, "multiprocessing.spawn"):
        return WORKER
    return OTHER


def _is_of(process: RunningProcess, module: str) -> bool:
    return any(module in word for word in process.command)
