"""Decode and resize many images on all cores, in little memory; an interrupted conversion goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image

from remap_core.datasets.fitting import fitted
from remap_core.datasets.images import Pixels
from remap_core.datasets.preparation.selection import Selection
from remap_core.datasets.readers.found import Picture, ShowCount
from remap_core.datasets.recipe import Recipe
from remap_core.datasets.rules import reason
from remap_core.errors import DatasetError
from remap_core.system.files import write_file

CHUNK = 64
"""Images that a thread converts before it takes others."""
_PIECES_PER_CORE = 2
_LARGE = 16_000_000
"""Pixels."""
_ONE_LARGE = Lock()
Failures = dict[int, str]
"""Why images cannot be read, by row."""
Piece = tuple[list[int], Failures]
"""Rows that were converted, and those of them that failed."""
_TODO = 0
_DONE = 1
_FAILED = 2
_PIXELS = "converted.npy"
_STATES = "states.npy"
_FAILURES = "failures.jsonl"
_KEY = "key.txt"


def forget_unless_same(work: Path, key: str) -> None:
    """Delete what an interrupted call converted in `work` if its key was another one."""
    record = work / _KEY
    known = key
    if record.is_file():
        known = record.read_text(encoding="utf-8", errors="surrogateescape")
    if known != key:
        for name in (_PIXELS, _STATES, _FAILURES):
            (work / name).unlink(missing_ok=True)
    write_file(record, key.encode("utf-8", "surrogateescape"))


def convert(
    selection: Selection,
    recipe: Recipe,
    work: Path,
    progress: ShowCount,
) -> tuple[Pixels, Failures]:
    """The pixels of selected images, (n, height, width, channels) uint8, memory-mapped, and what failed.

    The second value has the reason for each row of an image that cannot be read. Files in `work` let an interrupted
    call with the same arguments go on. Threads are enough: Pillow decodes and resizes without the interpreter's lock.
    Raises DatasetError where `work` cannot be written.
    """
    try:
        height, width = _size(selection, recipe)
        channels = 3
        if recipe.colour == "grey":
            channels = 1
        images = len(selection)
        pixels = _opened(work / _PIXELS, (images, height, width, channels))
        states = _opened(work / _STATES, (images,))
        todo = np.flatnonzero(states == _TODO).tolist()
        done = images - len(todo)
        with (work / _FAILURES).open("a", encoding="utf-8") as failures:
            pieces = chunks(todo, CHUNK)
            for rows, failed in _in_threads(selection, recipe, pixels, pieces):
                for row, why in failed.items():
                    failures.write(json.dumps([row, why]) + "\n")
                failures.flush()  # before the states: a failure without its reason would be silent
                states[rows] = _DONE
                states[list(failed)] = _FAILED
                done += len(rows)
                progress(done, images)
        return pixels, _read_failures(work / _FAILURES)
    except OSError as error:
        raise DatasetError(f"The images cannot be prepared in {work}: {error.strerror or error}.") from error


def _size(selection: Selection, recipe: Recipe) -> tuple[int, int]:
    if recipe.side is not None:
        return recipe.side, recipe.side
    first = _pixels_of(selection, 0, recipe)
    return first.shape[0], first.shape[1]


def _pixels_of(selection: Selection, row: int, recipe: Recipe) -> Pixels:
    place = int(selection.places[row])
    picture = selection.pictures.open(place)
    with _alone_if_large(picture):
        return fitted(
            picture,
            side=recipe.side,
            colour=recipe.colour,
            fit=recipe.fit,
            background=recipe.background,
            white=recipe.white,
        )


def _alone_if_large(picture: Picture) -> AbstractContextManager[object]:
    """Decode one large image at a time, or as many as there are cores would be in memory at once."""
    if isinstance(picture, Image.Image) and picture.width * picture.height > _LARGE:
        return _ONE_LARGE
    return nullcontext()


def _opened(path: Path, shape: tuple[int, ...]) -> Pixels:
    """A memory-mapped file of bytes, new ones all 0. The disk space is taken now, not when it is too late."""
    if path.exists():
        known: Pixels = np.lib.format.open_memmap(path, mode="r+")
        if known.shape == shape:
            return known
    unfinished = path.with_suffix(".new")
    made: Pixels = np.lib.format.open_memmap(
        unfinished,
        mode="w+",
        dtype=np.uint8,
        shape=shape,
    )
    with unfinished.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, unfinished.stat().st_size)
    unfinished.replace(path)
    return made


def chunks(rows: Sequence[int], size: int) -> Iterator[list[int]]:
    """The rows in lists of this size."""
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])


def _in_threads(
    selection: Selection,
    recipe: Recipe,
    pixels: Pixels,
    pieces: Iterator[list[int]],
) -> Iterator[Piece]:
    """Convert chunks of rows, a few at a time for each core; yields each with what failed in it."""
    cores = len(os.sched_getaffinity(0))

    def work_on(rows: list[int]) -> Piece:
        return rows, _converted(selection, recipe, pixels, rows)

    with ThreadPoolExecutor(cores) as pool:
        running: set[Future[Piece]] = set()
        try:
            while True:
                free = _PIECES_PER_CORE * cores - len(running)
                running |= {pool.submit(work_on, rows) for rows in islice(pieces, free)}
                if not running:
                    return
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _converted(
    selection: Selection,
    recipe: Recipe,
    pixels: Pixels,
    rows: Sequence[int],
) -> Failures:
    failed = {}
    for row in rows:
        try:
            image = _pixels_of(selection, row, recipe)
            if image.shape != pixels.shape[1:]:
                height, width, _ = image.shape
                raise DatasetError(f"it is {height} x {width}, unlike the first image")
            pixels[row] = image
        except DatasetError as error:
            failed[row] = str(error)
        except MemoryError:
            failed[row] = "it is too large for the memory"
        except Exception as error:  # a damaged file can raise nearly anything
            failed[row] = f"the image is damaged ({reason(error)})"
    return failed


def _read_failures(path: Path) -> Failures:
    failed = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row, why = json.loads(line)
        except ValueError:  # the line that was being written when the process was killed
            continue
        failed[row] = why
    return failed
