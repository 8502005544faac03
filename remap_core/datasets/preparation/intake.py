"""From somebody's files to a data set: find the images, propose what to do, convert them, check them, keep them."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.image_report import Report
from remap_core.datasets.images import Pixels
from remap_core.datasets.kept import LABELS, NAMES, PARTS, PIXELS, Kept, find_kept, name_taken, store_kept
from remap_core.datasets.naming import checked_title
from remap_core.datasets.preparation.conversion import convert, forget_unless_same
from remap_core.datasets.preparation.proposal import look_at, propose, size_warnings
from remap_core.datasets.preparation.result import RESULT, finish
from remap_core.datasets.preparation.selection import classes_to_leave_out, select
from remap_core.datasets.readers.forms import find, stamp_of
from remap_core.datasets.readers.found import Found, Picture, ShowCount
from remap_core.datasets.readers.originals import open_original
from remap_core.datasets.readers.published_sets.sources import find_published, is_published
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import errors_name
from remap_core.datasets.splits import Parts
from remap_core.errors import DatasetError, UnclearColumn
from remap_core.system.files import write_file

_DESCRIPTION = "description.json"
_DIGITS_OF_WORK = 16


def _go_on(report: Report) -> None:
    """Nobody is asked."""


class Progress(NamedTuple):
    """How far a preparation is: what it does, and how much of it is done."""

    stage: str
    done: int
    total: int


ShowProgress = Callable[[Progress], object]


def no_progress(progress: Progress) -> None:
    """Nobody watches."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Images that are ready to be kept, in `work`, or the report of why there are none.

    Rows are ordered by part: training, validation, test images.
    """

    report: Report
    work: Path
    stamp: str = ""
    is_proposed: bool = False

    @property
    def _result(self) -> Path:
        return self.work / RESULT

    @property
    def pixels(self) -> Pixels:
        """(n, height, width, channels) uint8, memory-mapped."""
        pixels: Pixels = np.load(self._result / PIXELS, mmap_mode="r", allow_pickle=False)
        return pixels

    @property
    def labels(self) -> NDArray[np.integer]:
        """(n,) classes, 0-based."""
        return np.asarray(np.load(self._result / LABELS, allow_pickle=False))

    @property
    def parts(self) -> Parts:
        """(n,) the `Part` of each image."""
        return np.asarray(np.load(self._result / PARTS, allow_pickle=False))

    @property
    def names(self) -> list[str]:
        """The file, or the row, of each image."""
        text = (self._result / NAMES).read_text(encoding="utf-8")
        names: list[str] = json.loads(text)
        return names

    def original(self, row: int) -> Picture:
        """The image of a row as it was before; raises DatasetError where it is no longer there."""
        recipe = self.report.recipe
        if recipe is None:
            raise DatasetError(self.report.problem)
        return open_original(recipe.source, self.names[row], self.work)


def prepare(
    source: str | Path,
    choices: Choices,
    work: Path,
    progress: ShowProgress = no_progress,
    downloads: Path | None = None,
) -> Prepared:
    """Make images of `source` ready to be kept, in the folder `work`; an interrupted call goes on there.

    source: a path, or a name of PUBLISHED_SOURCES, which is downloaded into the data folder `downloads` (or `work`).
    A source that cannot be used gives a report with `problem`. Raises DatasetError where `work` cannot be written, or
    another process works in it.
    """
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"The images cannot be prepared in {work}: {error.strerror}.") from error
    with _only_one(work):
        run = _Run(work, progress)
        try:
            if is_published(source):
                name = str(source)
                found = find_published(name, downloads or work)
                prepared = _prepare(found, _Source(name, stamp=name), choices, run)
            else:
                path = _full_path(source)
                with errors_name(path):
                    found = find(path, choices, work, _stage("Unpacking", progress))
                    origin = _Source(str(path), stamp_of(path))
                    prepared = _prepare(found, origin, choices, run)
        except DatasetError as error:
            columns: tuple[str, ...] = ()
            if isinstance(error, UnclearColumn):
                columns = error.columns
            prepared = Prepared(Report(ok=False, problem=str(error), columns=columns), work)
        description = json.dumps(_description_of(prepared))
        write_file(work / _DESCRIPTION, description.encode())
    return prepared


def open_prepared(work: Path) -> Prepared:
    """What an earlier call of `prepare` finished in `work`. Raises DatasetError where there is nothing."""
    try:
        description = json.loads((work / _DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{work} has no prepared images.") from error
    report = Report.from_json(description["report"])
    return Prepared(report, work, description["stamp"], description["proposed"])


def keep(prepared: Prepared, name: str, home: Path) -> Kept:
    """Store prepared images in a data folder under a name; their work folder is deleted.

    Raises DatasetError where the name is taken or is none, and the problem of images that could not be prepared.
    """
    report = prepared.report
    if report.recipe is None or not report.ok:
        raise DatasetError(report.problem)
    about = _description_of(prepared)
    about["recipe"] = json.loads(report.recipe.to_json())
    folder = prepared.work / RESULT
    if prepared.work.stat().st_dev != home.stat().st_dev:
        near = home / "data" / f".{prepared.work.name}"
        shutil.copytree(folder, near)
        folder = near
    kept = store_kept(folder, name, home, about)
    shutil.rmtree(prepared.work, ignore_errors=True)
    return kept


def work_folder(source: str | Path, choices: Choices, home: Path) -> Path:
    """Where the images of a source are prepared with these choices: a call that was interrupted finds its work."""
    key = f"{Path(source).absolute()} {choices!r}"
    digest = hashlib.sha256(key.encode("utf-8", "surrogateescape"))
    return home / "data" / ".work" / digest.hexdigest()[:_DIGITS_OF_WORK]


def add(
    source: str | Path,
    name: str,
    choices: Choices,
    home: Path,
    progress: ShowProgress = no_progress,
    *,
    confirm: Callable[[Report], object] = _go_on,
) -> Kept:
    """Prepare images and keep them under a name. Raises DatasetError with the reason.

    confirm: called with the report before anything is kept; what it raises stops the call, and nothing is lost.
    Adding the same files with the same choices under the same name again changes nothing.
    """
    checked_title(name)
    known = find_kept(name, home)
    sources = (str(source), str(_full_path(source)))
    if known is not None and known.recipe.source not in sources:
        raise name_taken(known)
    work = work_folder(source, choices, home)
    prepared = prepare(source, choices, work, progress, home)
    if not prepared.report.ok:
        shutil.rmtree(prepared.work, ignore_errors=True)
    confirm(prepared.report)
    return keep(prepared, name, home)


@contextmanager
def _only_one(work: Path) -> Iterator[None]:
    """Raise DatasetError if another process works in this folder."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(work / "lock", flags, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DatasetError("These images are being prepared by another process right now.") from None
    else:
        yield
    finally:
        os.close(descriptor)


def _description_of(prepared: Prepared) -> dict[str, Any]:
    return {
        "report": prepared.report.to_json(),
        "stamp": prepared.stamp,
        "proposed": prepared.is_proposed,
    }


class _Source(NamedTuple):
    """Where images come from: an absolute path, or a published name; and what tells that the files changed."""

    name: str
    stamp: str


class _Run(NamedTuple):
    """The folder of a preparation, and who watches it."""

    work: Path
    progress: ShowProgress


def _prepare(
    found: Found,
    source: _Source,
    choices: Choices,
    run: _Run,
) -> Prepared:
    show = run.progress
    work = run.work
    show(Progress("Reading the files", 0, len(found.pictures)))
    look = look_at(found)
    left_out, reasons = classes_to_leave_out(found, choices)
    settled = replace(choices, left_out=left_out)
    recipe = propose(found, look, settled, source.name)
    selection = select(found, recipe)
    forget_unless_same(work, f"{recipe.to_json()} {source.stamp}")
    pixels, failed = convert(selection, recipe, work, _stage("Decoding", show))
    show(Progress("Checking", 0, 1))
    report = finish(selection, recipe, pixels, failed, work / RESULT)
    earlier = (*found.warnings, *reasons, *size_warnings(look, recipe))
    report = replace(
        report,
        warnings=(*earlier, *report.warnings),
        sizes=tuple(look.sizes),
    )
    is_proposed = choices == Choices(images=choices.images)
    return Prepared(report, work, source.stamp, is_proposed)


def _full_path(source: str | Path) -> Path:
    return Path(source).expanduser().absolute()


def _stage(name: str, progress: ShowProgress) -> ShowCount:
    """Shows counts as the progress of a stage."""

    def show(done: int, total: int) -> None:
        progress(Progress(name, done, total))

    return show
