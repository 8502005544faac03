"""What a fork server imports before it forks worker processes, which then have it in common: PyTorch, 300 MB of it."""

from __future__ import annotations

import gc

from remap_core.training import worker_session

__all__ = ["worker_session"]

gc.collect()
gc.freeze()  # looking through these objects for garbage would copy their pages into every worker process
