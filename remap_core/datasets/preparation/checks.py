"""What is worth knowing of images before anything is trained on them: duplicates, leaks, conflicts, giveaways."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.image_report import Findings
from remap_core.datasets.splits import Part
from remap_core.formatting import percent, pluralize

Pixels = NDArray[np.uint8]
Labels = NDArray[np.integer]
_BLOCK = 4096
"""Images that are turned into floats at a time."""
_MAX_MOVED = 0.2
"""Share of a class's validation and test images that may move; where more are copies, the copies are the data."""
_ENOUGH = 20
"""Validation images below which a share of them says little."""
_GIVEAWAY = 0.9
"""Share of the classes told apart by brightness alone that is worth a warning."""


def group_duplicates(pixels: Pixels, rows: NDArray[np.intp]) -> list[list[int]]:
    """Groups of places in `rows` whose images, of (n, height, width, channels), are the same; by their first place."""
    places_by_digest: dict[bytes, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        digest = hashlib.blake2b(pixels[row].tobytes(), digest_size=16).digest()
        places_by_digest[digest].append(place)
    return [places for places in places_by_digest.values() if len(places) > 1]


def without_leaks(
    parts: NDArray[np.uint8], labels: Labels, groups: Iterable[list[int]], keep_test: bool
) -> tuple[NDArray[np.uint8], list[int]]:
    """The parts with each group of duplicates on one side, and the rows that moved to the training images.

    parts: (n,) `Part`s. keep_test: the test images are given by the source and stay as they are.
    A class of which too many images would move stays as it is.
    """
    moves: dict[int, list[int]] = defaultdict(list)
    for group in groups:
        rows = [row for row in group if not (keep_test and parts[row] == Part.TEST)]
        if len(set(parts[rows].tolist())) < 2:
            continue
        for row in rows:
            if parts[row] != Part.TRAIN:
                moves[int(labels[row])].append(row)
    held_out = np.bincount(labels[parts != Part.TRAIN], minlength=int(labels.max(initial=0)) + 1)
    moved = sorted(row for label, rows in moves.items() if len(rows) <= _MAX_MOVED * held_out[label] for row in rows)
    changed = parts.copy()
    changed[moved] = Part.TRAIN
    return changed, moved


def examine(
    pixels: Pixels,
    labels: Labels,
    parts: NDArray[np.uint8],
    *,
    classes: int,
    groups: list[list[int]],
    moved: list[int],
) -> Findings:
    """Look at all images. pixels: (n, height, width, channels). labels, parts: (n,). groups: of `group_duplicates`."""
    leaks = [group for group in groups if len(set(parts[group].tolist())) > 1]
    conflicts = [group for group in groups if len(set(labels[group].tolist())) > 1]
    means, brightness, constant = _statistics(pixels, labels, parts, classes)
    floor, by_brightness = _nearest_mean(pixels, labels, parts, means, brightness)
    return Findings(
        duplicates=_frozen(groups),
        leaks=_frozen(leaks),
        conflicts=_frozen(conflicts),
        constant=tuple(constant),
        moved=tuple(moved),
        brightness=tuple(round(float(value), 1) for value in brightness),
        brightness_accuracy=by_brightness,
        floor=floor,
    )


def finding_warnings(findings: Findings, validation_images: int) -> list[str]:
    """What was found, as sentences. validation_images: how many there are."""
    warnings = []
    copies = sum(len(group) - 1 for group in findings.duplicates)
    if copies:
        warnings.append(f"{pluralize(copies, 'image')}: an exact copy of another one.")
    if findings.moved:
        warnings.append(
            f"{pluralize(len(findings.moved), 'image')} moved to the training images, as a copy is among them."
        )
    if findings.leaks:
        warnings.append(
            f"{pluralize(len(findings.leaks), 'group')} of copies: on both sides of the split, so scores are too good."
        )
    if findings.conflicts:
        warnings.append(f"{pluralize(len(findings.conflicts), 'picture')} with two different classes.")
    if findings.constant:
        warnings.append(f"{pluralize(len(findings.constant), 'image')} of one colour: nothing can be seen on it.")
    if findings.brightness_accuracy >= _GIVEAWAY and validation_images >= _ENOUGH:
        share = percent(findings.brightness_accuracy)
        warnings.append(f"The mean brightness alone tells {share} of the validation images' classes.")
    return warnings


def _frozen(groups: Iterable[list[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(group) for group in groups)


def _statistics(
    pixels: Pixels, labels: Labels, parts: NDArray[np.uint8], classes: int
) -> tuple[NDArray[np.floating], NDArray[np.float64], list[int]]:
    """Mean training image, (classes, values), and mean brightness by class; the rows of constant images."""
    values = pixels[0].size
    sums = np.zeros((classes, values), np.float32)
    counts = np.zeros(classes, np.float32)
    constant: list[int] = []
    for start in range(0, len(pixels), _BLOCK):
        block = pixels[start : start + _BLOCK].reshape(-1, values)
        channels = block.reshape(len(block), -1, pixels.shape[3])
        is_constant = (channels.min(axis=1) == channels.max(axis=1)).all(axis=1)
        constant += (start + np.flatnonzero(is_constant)).tolist()
        in_train = parts[start : start + _BLOCK] == Part.TRAIN
        block_labels = labels[start : start + _BLOCK]
        for label in np.unique(block_labels[in_train]):
            rows = block[in_train & (block_labels == label)]
            sums[label] += rows.sum(axis=0, dtype=np.float32)
            counts[label] += len(rows)
    means = sums / np.maximum(counts, 1)[:, np.newaxis]
    brightness: NDArray[np.float64] = means.mean(axis=1, dtype=np.float64)
    return means, brightness, constant


def _nearest_mean(
    pixels: Pixels,
    labels: Labels,
    parts: NDArray[np.uint8],
    means: NDArray[np.floating],
    brightness: NDArray[np.float64],
) -> tuple[float, float]:
    """Shares of the validation images that are nearest to the mean image, and to the brightness, of their class."""
    rows = np.flatnonzero(parts == Part.VALIDATION)
    if not len(rows):
        return 0.0, 0.0
    squares = (means**2).sum(axis=1)
    correct = 0
    correct_by_brightness = 0
    for block in np.array_split(rows, max(1, len(rows) // _BLOCK)):
        images = pixels[block].reshape(len(block), -1).astype(np.float32)
        nearest = (squares - 2 * images @ means.T).argmin(axis=1)
        correct += int((nearest == labels[block]).sum())
        distances = np.abs(images.mean(axis=1)[:, np.newaxis] - brightness)
        correct_by_brightness += int((distances.argmin(axis=1) == labels[block]).sum())
    return correct / len(rows), correct_by_brightness / len(rows)
