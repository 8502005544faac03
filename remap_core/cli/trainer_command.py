"""`remap trainer`: the trainer in the foreground."""

from __future__ import annotations

import logging
import os
import time
from typing import Annotated

import typer

from remap_core.assembly import build_executor, build_trainer
from remap_core.data_folder.folder import DataFolder
from remap_core.services.demo.prepared_models import restore_prepared
from remap_core.services.monitoring.trainer_endpoint import trainer_endpoint
from remap_core.services.trainer_log import log_to_terminal, logged
from remap_core.setting_sources import read_settings
from remap_core.system.filesystem import network_warning
from remap_core.system.priority import step_back
from remap_core.trainer.serving import stop_on_signals
from remap_core.version import __version__

log = logging.getLogger(__name__)


def trainer(
    with_parent: Annotated[
        int | None, typer.Option(metavar="PID", help="Stop when this process, the parent, has ended.")
    ] = None,
    executor: Annotated[
        str | None, typer.Option(metavar="local|ray", help="Where to train; default: REMAP_EXECUTOR.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="auto|HOST:PORT", help="The Ray cluster; default: REMAP_RAY_ADDRESS.")
    ] = None,
) -> None:
    """Train what is queued, until Ctrl-C or SIGTERM.

    A data folder (REMAP_HOME) has one trainer at a time. An empty catalogue first gets an initial population
    (REMAP_POPULATION models of REMAP_DATASET). If the trainer is killed, the next one resumes from the last epoch.
    A demo's goes back to the prepared models once a day: it ends then, and the next one restores them.
    """
    if with_parent is None:
        log_to_terminal()
    settings, _ = read_settings(executor=executor, ray_address=address)
    folder = DataFolder(settings.home)
    if settings.is_demo:
        restore_prepared(folder, time.time())
    with folder.lock(), logged(folder), trainer_endpoint(settings, folder):
        step_back()
        log.info("trainer started in %s (version %s, pid %d)", folder.home, __version__, os.getpid())
        warning = network_warning(folder.home)
        if warning:
            log.warning("%s", warning)
        try:
            with build_trainer(settings, folder) as built:
                built.enqueue_initial()
                stop = stop_on_signals()  # not earlier: Ctrl-C must interrupt a download
                built.serve(stop, build_executor(settings), parent=with_parent)
        finally:
            log.info("trainer stopped")
