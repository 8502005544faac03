"""Tasks: what architectures are for, named by a data set, a lab, or the images' shape and the number of classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from remap_core.datasets import load
from remap_core.errors import InvalidArgument
from remap_core.lab.arguments import require_count, shown
from remap_core.trials.class_labels import MAX_CLASSES
from remap_core.trials.dataset_card import DatasetCard

MAX_EDGE = 4_096
"""Pixels, or channels, of an image."""

Shape = tuple[int, int, int]


class HasCard(Protocol):
    """Anything that knows its data set, such as a lab."""

    @property
    def card(self) -> DatasetCard:
        """What is known of the data set."""


@dataclass(frozen=True)
class Task:
    """Images of one shape, (channels, height, width), to be told apart into so many classes."""

    input_shape: Shape
    classes: int


def read_task(
    dataset: str | Path | HasCard | None,
    input_shape: object = None,
    classes: object = None,
) -> Task:
    """The task of a data set or a lab, or else of a shape and a number of classes.

    Raises InvalidArgument where neither or both are given, DatasetError for a data set that cannot be used.
    """
    if dataset is None:
        return _described_task(input_shape, classes)
    if input_shape is not None or classes is not None:
        raise InvalidArgument("Pass dataset, or input_shape and classes, but not both.")
    card = card_of(dataset)
    return Task(card.input_shape, card.classes)


def card_of(dataset: str | Path | HasCard) -> DatasetCard:
    """What is known of a data set, by its name, its path, or a lab that works on it."""
    card = getattr(dataset, "card", None)
    if isinstance(card, DatasetCard):
        return card
    if not isinstance(dataset, str | Path):
        raise InvalidArgument(f"dataset must be a name, a path or a lab, but got {shown(dataset)}.")
    return _loaded_card(str(dataset))


@lru_cache(maxsize=8)
def _loaded_card(name: str) -> DatasetCard:
    return load(name).card()


def _described_task(input_shape: object, classes: object) -> Task:
    if input_shape is None or classes is None:
        raise InvalidArgument(
            "Name the task: dataset='digits', or both input_shape=(channels, height, width) and classes."
        )
    if not isinstance(input_shape, tuple | list) or len(input_shape) != 3:
        raise InvalidArgument(f"input_shape must be (channels, height, width), but got {shown(input_shape)}.")
    for edge in input_shape:
        require_count("each of input_shape", edge, 1, MAX_EDGE)
    channels, height, width = input_shape
    number = require_count("classes", classes, 2, MAX_CLASSES)
    return Task((channels, height, width), number)
