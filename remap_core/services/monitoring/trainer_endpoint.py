"""The trainer's port for the tools that watch it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from remap_core.data_folder.folder import DataFolder
from remap_core.services.monitoring.endpoint import Endpoint
from remap_core.services.monitoring.trainer_figures import Figures
from remap_core.services.monitoring.trainer_health import TrainerHealth
from remap_core.settings import Settings


@contextmanager
def trainer_endpoint(settings: Settings, folder: DataFolder) -> Iterator[None]:
    """Serve the trainer's figures, health and readiness at metrics_port while the block runs; nothing if that is 0.

    For the block in which the trainer is built. Raises SettingsError if the port cannot be served.
    """
    if not settings.metrics_port:
        yield
        return
    health = TrainerHealth(folder)
    with closing(
        Endpoint(
            setting="metrics_port",
            port=settings.metrics_port,
            address=settings.metrics_address,
            collectors=[Figures(folder)],
            healthy=health.problem,
            ready=health.obstacle,
        )
    ):
        yield
