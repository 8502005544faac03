"""Images that visitors of a demo add: seen by who added them alone, small, and forgotten after an hour."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from remap_core.access.person import local_person
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.kept import kept_datasets
from remap_core.datasets.naming import owner_of, split_part
from remap_core.errors import DatasetError, RemapError
from remap_core.formatting import count
from remap_core.services.data.data_jobs import DataJob, JobState, clear, data_jobs, state_of
from remap_core.services.data.known_datasets import KnownDataset, remove_dataset
from remap_core.services.data.uploads import forget_uploads
from remap_core.system.files import used_bytes
from remap_core.trainer.ports import Store
from remap_core.trials.commands import RemoveDataset

log = logging.getLogger(__name__)

SECONDS = 3600.0
"""For so long images are kept, and data sets that were made of them."""
MAX_MEGABYTES = 20
"""Of what is dropped together."""
MAX_TOTAL_MEGABYTES = 200
"""Of all visitors' images, as they were sent and as they were prepared."""
MAX_IMAGES = 5_000
"""Of a data set."""
MAX_DATASETS = 20
"""Of all visitors."""
RULES = (
    "Only you see your images, until you reload the page. They are forgotten after an hour, with what was trained on "
    f"them. At most {MAX_MEGABYTES} MB and {count(MAX_IMAGES)} images, one data set at a time."
)
SECONDS_BETWEEN_LOOKS = 20.0

_ADDING = Lock()
"""Of two visitors at once, the second finds what the first has added."""


def has_images(folder: DataFolder, visitor: str) -> bool:
    """Whether a visitor has a data set of their own. Cheap enough to poll."""
    return any(owner_of(name) == visitor for name in _names(folder))


@contextmanager
def adding(folder: DataFolder, visitor: str, size: int) -> Iterator[None]:
    """Save and prepare so many bytes of a visitor's files in the block. Raises DatasetError where there is no room.

    For everybody else, whose files nobody bounds, this does nothing.
    """
    if not visitor:
        yield
        return
    with _ADDING:
        _require_room(folder, visitor, size)
        yield


@contextmanager
def preparing(folder: DataFolder, job: DataJob) -> Iterator[None]:
    """Prepare a job's images again in the block. Raises DatasetError while another visitor's are prepared."""
    if not job.owner:
        yield
        return
    with _ADDING:
        _require_idle([other for other in data_jobs(folder) if other.owner and other.ident != job.ident])
        yield


def _require_idle(jobs: Iterable[DataJob]) -> None:
    if any(state_of(job) is JobState.RUNNING for job in jobs):
        raise DatasetError("Images of one visitor are prepared at a time, and some are now: try again in a minute.")


def _require_room(folder: DataFolder, visitor: str, size: int) -> None:
    jobs = [job for job in data_jobs(folder) if job.owner]
    owners = [job.owner for job in jobs] + list(filter(None, map(owner_of, _names(folder))))
    if visitor in owners:
        raise DatasetError("One data set of your own at a time: remove or discard the other one first.")
    if size > MAX_MEGABYTES * 1e6:
        raise DatasetError(f"In a demo, at most {MAX_MEGABYTES} MB are taken at once, but these are {size / 1e6:.1f}.")
    _require_idle(jobs)
    if len(owners) >= MAX_DATASETS:
        raise DatasetError(f"There are {MAX_DATASETS} data sets of visitors, as many as may be: try again later.")
    used = used_bytes(folder.datasets)
    if used + size > MAX_TOTAL_MEGABYTES * 1e6:
        raise DatasetError(
            f"The images of all visitors may take {MAX_TOTAL_MEGABYTES} MB, and {used / 1e6:.0f} are taken: "
            "try again within the hour."
        )


def forget_old(folder: DataFolder, trained: Collection[str], now: float) -> None:
    """Forget visitors' images after their time, with what was trained on them. Raises FolderUnusable and DatasetError.

    For the trainer: models are removed by commands to its own inbox. trained: the data sets that it knows.
    """
    for job in data_jobs(folder):
        if job.owner and now - job.created >= SECONDS:
            clear(job, folder)
    present = set()
    for kept in kept_datasets(folder.home):
        if not owner_of(kept.name):
            continue
        present.add(kept.name)
        if now - kept.added >= SECONDS:
            remove_dataset(KnownDataset(kept.name, kept, kept.name in trained), folder, now, local_person())
    for name in trained:  # the app, or this, was killed before the models were gone, too
        if owner_of(name) and split_part(name)[0] not in present:
            Inbox(folder).send(RemoveDataset(name), now, local_person())
    sources = [kept.recipe.source for kept in kept_datasets(folder.home)] + [job.source for job in data_jobs(folder)]
    forget_uploads(folder, now - SECONDS, sources)


class Forgetting:
    """Forgets what is old every few seconds, as a part of the trainer's loop."""

    def __init__(self, folder: DataFolder, store: Store, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._store = store
        self._clock = clock
        self._last = float("-inf")
        self.problem = ""

    def tick(self) -> None:
        """Forget what is old, if it was not looked for just now. Raises FolderUnusable."""
        now = self._clock()
        if abs(now - self._last) < SECONDS_BETWEEN_LOOKS:
            return
        self._last = now
        try:
            forget_old(self._folder, self._store.dataset_names(), now)
        except DatasetError as error:  # its files are somebody else's, or damaged
            log.error("images of a visitor are not forgotten: %s", error)


def require_small(work: Path, images: int) -> None:
    """Raise DatasetError for too many images, or where too much was unpacked and prepared in a folder."""
    if images > MAX_IMAGES:
        raise DatasetError(f"In a demo, a data set has at most {count(MAX_IMAGES)} images, but got {count(images)}.")
    used = used_bytes(work)
    if used > MAX_TOTAL_MEGABYTES * 1e6:
        raise too_large()


def too_large() -> RemapError:
    """Why images cannot be prepared that become too large."""
    return DatasetError(
        f"In a demo, images may take {MAX_TOTAL_MEGABYTES} MB unpacked and prepared, and these take more."
    )


def _names(folder: DataFolder) -> list[str]:
    try:
        return os.listdir(folder.datasets)  # noqa: PTH208 (a page asks dozens of times)
    except OSError:
        return []
