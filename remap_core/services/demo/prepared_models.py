"""The prepared models of a demo, to which it goes back once a day."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from remap_core.catalogue.backups import replace_by_backup
from remap_core.catalogue.snapshot import current_number
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import FolderInUse
from remap_core.services.data.data_jobs import data_jobs, stop

PREPARED = Path(__file__).with_name("prepared_demo.zip")
RESET_HOUR = 4
"""Of the day, UTC."""
_DAY = 86_400.0
_UNFINISHED = 0.0
"""When a demo was restored that has not finished to restore."""


def restore_prepared(folder: DataFolder, now: float) -> bool:
    """Put the prepared models in the place of everything in a demo's folder, if that is due; returns whether it did.

    That is in an empty folder, and once a day in one that this has filled; a folder with models of its own is left
    alone. So is one in which a trainer works: a demo's own ends when this is due. After a crash on the way, the next
    call begins again. now: seconds since 1970. Raises FolderUnusable, and what `replace_by_backup` raises.
    """
    if not is_due(folder, now):
        return False
    folder = DataFolder(folder.home)  # a disk that was wiped under a running app has no folders
    with suppress(FolderInUse), folder.lock():
        if not is_due(folder, now):
            return False
        _write(folder, _UNFINISHED)
        _stop_jobs(folder)
        with tempfile.TemporaryDirectory(prefix="remap-") as scratch:
            shutil.unpack_archive(PREPARED, scratch, "zip")
            replace_by_backup(Path(scratch), folder)
        _forget_the_rest(folder)
        _write(folder, now)
        return True
    return False


def restored_at(folder: DataFolder) -> float | None:
    """When a demo restored its prepared models here, in seconds since 1970; None for a folder that no demo has filled.

    0 while it has not finished to.
    """
    try:
        return float(folder.restored.read_bytes())
    except OSError:
        return None
    except ValueError:
        return _UNFINISHED


def is_due(folder: DataFolder, now: float) -> bool:
    """Whether the prepared models are to be restored."""
    restored = restored_at(folder)
    if restored is None:
        return not folder.live.exists() and current_number(folder) is None
    return not restored - _DAY < now < next_reset(restored)  # a clock may have been a year ahead


def next_reset(restored: float) -> float:
    """The first 04:00 UTC after a moment; both in seconds since 1970.

    >>> next_reset(0.0), next_reset(4 * 3600.0)
    (14400.0, 100800.0)
    """
    moment = datetime.fromtimestamp(restored, UTC)
    reset = moment.replace(hour=RESET_HOUR, minute=0, second=0, microsecond=0)
    return (reset if reset > moment else reset + timedelta(days=1)).timestamp()


def _write(folder: DataFolder, restored: float) -> None:
    folder.write(folder.restored, str(restored).encode())


def _stop_jobs(folder: DataFolder) -> None:
    """They would go on to write images that nobody knows."""
    for job in data_jobs(folder):
        stop(job)


def _forget_the_rest(folder: DataFolder) -> None:
    """Delete everything but models, what the present processes hold, and logs."""
    kept = {folder.live, folder.snapshots, folder.artifacts, folder.lock_file, folder.restored, folder.signing_key}
    with folder.errors_as_unusable():
        for path in folder.home.iterdir():
            if path in kept or path.name.startswith(f"{folder.trainer.stem}."):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    DataFolder(folder.home)
