"""A real trainer in a separate process, on its own data folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psutil

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import NoCatalogue
from remap_core.trials.trial import TrialState

OUTPUT = "trainer_output.log"
"""File in the data folder with everything that its trainers printed."""


@contextmanager
def trainer(folder: DataFolder, **settings: object) -> Iterator[psutil.Popen]:
    """Run `remap trainer` on the folder with these settings during the block; it is terminated at the end."""
    environment = os.environ | {"REMAP_HOME": str(folder.home)}
    for name, value in settings.items():
        environment[f"REMAP_{name.upper()}"] = str(value)
    command = [sys.executable, "-m", "remap_core.cli", "trainer"]
    with (folder.home / OUTPUT).open("ab") as output:
        process = psutil.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
        process.wait()


def until_done(folder: DataFolder, trainings: int, process: psutil.Popen, limit: float = 1800) -> None:
    """Wait at most `limit` seconds until the catalogue holds so many trainings and all of them have ended.

    Raises RuntimeError with the trainer's last output if it ends by itself, and TimeoutError.
    """
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        time.sleep(0.3)
        if process.poll() is not None:
            output = (folder.home / OUTPUT).read_text()
            raise RuntimeError(f"the trainer ended by itself:\n{output[-2000:]}")
        if _are_done(folder, trainings):
            return
    raise TimeoutError(f"the trainings did not end within {limit:.0f} s")


def _are_done(folder: DataFolder, trainings: int) -> bool:
    try:
        catalogue = open_snapshot(folder)
    except NoCatalogue:
        return False
    with closing(catalogue):
        counts = catalogue.counts()
    if counts[TrialState.WAITING] or counts[TrialState.RUNNING]:
        return False
    return sum(counts.values()) >= trainings
