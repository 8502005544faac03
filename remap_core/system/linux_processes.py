"""The processes of this machine, as Linux lists them in /proc."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
KNOWN = sys.platform == "linux"
"""Whether this system lists its processes there."""


@dataclass(frozen=True)
class RunningProcess:
    """A process. parent: the id of the one that started it. command: its words; empty for a process that has ended."""

    pid: int
    parent: int
    command: tuple[str, ...]


def running_processes() -> dict[int, RunningProcess]:
    """Every process, by id; none on another system."""
    if not KNOWN:
        return {}
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            try:
                process = _read(entry)
            except OSError:  # it has just ended
                continue
            found[process.pid] = process
    return found


def descendants(pid: int, processes: Mapping[int, RunningProcess]) -> Iterator[RunningProcess]:
    """The processes that a process started, those that they started, and so on."""
    for process in processes.values():
        if process.parent == pid:
            yield process
            yield from descendants(process.pid, processes)


def has_open_file(pid: int, folder: Path) -> bool:
    """Whether a process has a file below the folder open; False where this user may not look."""
    start = f"{folder.resolve()}{os.sep}"
    try:
        links = list((PROC / str(pid) / "fd").iterdir())
    except OSError:
        return False
    return any(_target(link).startswith(start) for link in links)


def proportional_bytes(pid: int) -> int:
    """Main memory that a process holds: its own pages, and its share of those that it has in common with others.

    The sum over processes is what they hold together. Raises OSError: where there is no such process, or on another
    system, and PermissionError for a process of somebody else.
    """
    text = (PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii")
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"Process {pid} holds no memory any more.")


def _read(entry: Path) -> RunningProcess:
    stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
    _state, parent = stat.rpartition(")")[2].split()[:2]  # the name before it may hold anything
    words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    return RunningProcess(int(entry.name), int(parent), tuple(filter(None, words)))


def _target(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 (not every target is a path)
    except OSError:
        return ""
