"""Which process gets a busy core."""

from __future__ import annotations

import os

NICENESS = 5
"""By how much a process steps back: of a core that both want, it then has a quarter; twice, a tenth."""


def step_back() -> None:
    """Leave busy cores to the app from now on; while nobody clicks, this process has them all. Not on Windows.

    The trainer steps back once and its worker processes twice, so that commands are heard while they train.
    """
    if hasattr(os, "nice"):
        os.nice(NICENESS)
