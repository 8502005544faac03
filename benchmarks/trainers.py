"""A trainer of the product in a process of its own, on a data folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import NoCatalogue
from remap_core.trials.trial import TrialState


@contextmanager
def trainer(folder: DataFolder, **settings: object) -> Iterator[psutil.Popen]:
    """`remap trainer` on the folder, with these settings by their names; it is told to end at the end."""
    environment = os.environ | {f"REMAP_{name.upper()}": str(value) for name, value in settings.items()}
    environment["REMAP_HOME"] = str(folder.home)
    command = [sys.executable, "-m", "remap_core.cli", "trainer"]
    with (folder.home / "said.log").open("ab") as log:
        daemon = psutil.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield daemon
    finally:
        with suppress(psutil.NoSuchProcess):
            daemon.terminate()
        daemon.wait()


def until_done(folder: DataFolder, trainings: int, daemon: psutil.Popen, limit: float = 1800) -> None:
    """Wait until so many trainings are in the catalogue and none of them waits or runs; at most `limit` seconds.

    Raises RuntimeError, with its last words, where the trainer ends by itself, and TimeoutError.
    """
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        time.sleep(0.3)
        if daemon.poll() is not None:
            raise RuntimeError(f"the trainer ended by itself:\n{(folder.home / 'said.log').read_text()[-2000:]}")
        with suppress(NoCatalogue):
            catalogue = open_snapshot(folder)
            counts = catalogue.counts()
            catalogue.close()
            if sum(counts.values()) >= trainings and not counts[TrialState.WAITING] + counts[TrialState.RUNNING]:
                return
    raise TimeoutError(f"the trainings did not end within {limit:.0f} s")
