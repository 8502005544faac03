"""What is worth knowing of images before anything is trained on them: duplicates, leaks, conflicts, giveaways."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.image_report import Findings
from remap_core.datasets.images import Pixels
from remap_core.datasets.splits import Part, Parts, Rows
from remap_core.formatting import percent, pluralize

Labels = NDArray[np.integer]
Floats = NDArray[np.floating]
_BLOCK = 4096
"""Images that are turned into floats at a time."""
_DIGEST_BYTES = 16
_MAX_MOVED = 0.2
"""Share of a class's validation and test images that may move; where more are copies, the copies are the data."""
_ENOUGH = 20
"""Validation images below which a share of them says little."""
_GIVEAWAY = 0.9
"""Share of the classes told apart by brightness alone that is worth a warning."""


def group_duplicates(pixels: Pixels, rows: Rows) -> list[list[int]]:
    """Groups of places in `rows` whose images, of (n, height, width, channels), are the same; by their first place."""
    places_by_digest: dict[bytes, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        digest = hashlib.blake2b(pixels[row].tobytes(), digest_size=_DIGEST_BYTES)
        places_by_digest[digest.digest()].append(place)
    return [places for places in places_by_digest.values() if len(places) > 1]


def without_leaks(
    parts: Parts,
    labels: Labels,
    groups: Iterable[list[int]],
    keep_test: bool,
) -> tuple[Parts, list[int]]:
    """The parts with each group of duplicates on one side, and the rows that moved to the training images.

    parts: (n,) `Part`s. keep_test: the test images are given by the source and stay as they are.
    A class of which too many images would move stays as it is.
    """
    moves: dict[int, list[int]] = defaultdict(list)
    for group in groups:
        rows = np.array(group)
        if keep_test:
            rows = rows[parts[rows] != Part.TEST]
        if not _are_different(parts[rows]):
            continue
        held_out = rows[parts[rows] != Part.TRAIN]
        for row in held_out.tolist():
            moves[int(labels[row])].append(row)
    moved = []
    for label, class_rows in moves.items():
        in_class = labels == label
        all_held_out = np.count_nonzero(in_class & (parts != Part.TRAIN))
        if len(class_rows) <= _MAX_MOVED * all_held_out:
            moved += class_rows
    changed = parts.copy()
    changed[moved] = Part.TRAIN
    return changed, sorted(moved)


def examine(
    pixels: Pixels,
    labels: Labels,
    parts: Parts,
    *,
    classes: int,
    groups: list[list[int]],
    moved: list[int],
) -> Findings:
    """Look at all images. pixels: (n, height, width, channels). labels, parts: (n,). groups: of `group_duplicates`."""
    leaks = [group for group in groups if _are_different(parts[group])]
    conflicts = [group for group in groups if _are_different(labels[group])]
    means = _mean_images(pixels, labels, parts, classes)
    brightness = means.mean(axis=1, dtype=np.float64)
    floor, by_brightness = _nearest_mean(pixels, labels, parts, means, brightness)
    return Findings(
        duplicates=_frozen(groups),
        leaks=_frozen(leaks),
        conflicts=_frozen(conflicts),
        constant=_constant_rows(pixels),
        moved=tuple(moved),
        brightness=tuple(np.round(brightness, 1).tolist()),
        brightness_accuracy=by_brightness,
        floor=floor,
    )


def finding_warnings(findings: Findings, validation_images: int) -> list[str]:
    """What was found, as sentences. validation_images: how many there are."""
    warnings = []
    copies = sum(len(group) - 1 for group in findings.duplicates)
    if copies:
        warnings.append(f"{pluralize(copies, 'duplicate')} of other images.")
    if findings.moved:
        moved = pluralize(len(findings.moved), "image")
        warnings.append(f"{moved} moved to the training images: duplicates of some there.")
    if findings.leaks:
        leaks = pluralize(len(findings.leaks), "group")
        warnings.append(f"{leaks} of duplicates on both sides of the split: scores will be too high.")
    if findings.conflicts:
        conflicts = pluralize(len(findings.conflicts), "group")
        warnings.append(f"{conflicts} of duplicates with different classes.")
    if findings.constant:
        constant = pluralize(len(findings.constant), "image")
        warnings.append(f"{constant} of a single colour.")
    if findings.brightness_accuracy >= _GIVEAWAY and validation_images >= _ENOUGH:
        share = percent(findings.brightness_accuracy)
        warnings.append(f"Mean brightness alone classifies {share} of the validation images correctly.")
    return warnings


def _frozen(groups: Iterable[list[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(group) for group in groups)


def _are_different(values: NDArray[np.integer]) -> bool:
    return len(set(values.tolist())) > 1  # faster than np.unique for the few rows of a group


def _constant_rows(pixels: Pixels) -> tuple[int, ...]:
    """The rows of images of which every channel has one value."""
    constant: list[int] = []
    for start in range(0, len(pixels), _BLOCK):
        block = pixels[start : start + _BLOCK]
        spread = np.ptp(block, axis=(1, 2))
        rows = np.flatnonzero(~spread.any(axis=1))
        constant += (start + rows).tolist()
    return tuple(constant)


def _mean_images(
    pixels: Pixels,
    labels: Labels,
    parts: Parts,
    classes: int,
) -> Floats:
    """The mean training image of each class, (classes, values); 0 for a class without any."""
    values = pixels[0].size
    sums = np.zeros((classes, values), np.float32)
    counts = np.zeros(classes, np.float32)
    for start in range(0, len(pixels), _BLOCK):
        block = slice(start, start + _BLOCK)
        in_train = parts[block] == Part.TRAIN
        train_pixels = pixels[block][in_train].reshape(-1, values)
        train_labels = labels[block][in_train]
        for label in np.unique(train_labels):
            images = train_pixels[train_labels == label]
            sums[label] += images.sum(axis=0, dtype=np.float32)
            counts[label] += len(images)
    at_least_one = np.maximum(counts, 1)
    return sums / at_least_one[:, np.newaxis]


def _nearest_mean(
    pixels: Pixels,
    labels: Labels,
    parts: Parts,
    means: Floats,
    brightness: Floats,
) -> tuple[float, float]:
    """Shares of the validation images that are nearest to the mean image, and to the brightness, of their class."""
    rows = np.flatnonzero(parts == Part.VALIDATION)
    if not len(rows):
        return 0.0, 0.0
    squares = (means**2).sum(axis=1)
    by_image = 0
    by_brightness = 0
    blocks = max(1, len(rows) // _BLOCK)
    for block in np.array_split(rows, blocks):
        values = pixels[block].reshape(len(block), -1)
        images = values.astype(np.float32)
        # the squared distances to all means, less the square of the image, which is the same for all
        distances = squares - 2 * images @ means.T
        by_image += _correct(distances, labels[block])
        own_brightness = images.mean(axis=1)[:, np.newaxis]
        differences = own_brightness - brightness
        by_brightness += _correct(np.abs(differences), labels[block])
    return by_image / len(rows), by_brightness / len(rows)


def _correct(distances: Floats, labels: Labels) -> int:
    """How many images are nearest to their class. distances: (images, classes)."""
    nearest = distances.argmin(axis=1)
    return int(np.count_nonzero(nearest == labels))
