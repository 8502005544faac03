"""Further trainings of a model: with other seeds, or long and from its weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from remap_core.datasets.augmentation import suggested_augmentation
from remap_core.datasets.recipe import AUGMENTATIONS
from remap_core.formatting import dataset_title, model_name, pluralize
from remap_core.lab.arguments import require_choice, require_count
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.lab.workspace import Workspace
from remap_core.trials.training_config import MAX_EPOCHS


@dataclass(frozen=True, repr=False)
class Repeats:
    """A request to train a model again with other seeds, for `lab.train`."""

    recorded: RecordedTrial
    seeds: int

    def __repr__(self) -> str:
        return f"{pluralize(self.seeds, 'repeat')} of {model_name(self.recorded.id)}"


@dataclass(frozen=True, repr=False)
class Finish:
    """A request to train a model further from its weights, for `lab.train`."""

    recorded: RecordedTrial
    epochs: int
    augmentation: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{model_name(self.recorded.id)}, to be finished for {pluralize(self.epochs, 'epoch')}"


@dataclass(frozen=True, repr=False)
class OnFewerImages:
    """A request to train a model on parts of its training images, for `lab.train`."""

    recorded: RecordedTrial

    def __repr__(self) -> str:
        return f"{model_name(self.recorded.id)} on fewer images"


@dataclass(frozen=True, repr=False)
class HeldOut:
    """A request to train the best models without parts of the training images, for `lab.train`."""

    workspace: Workspace

    def __repr__(self) -> str:
        return f"The best models of {dataset_title(self.workspace.dataset)} on parts of its training images"


def finish_of(recorded: RecordedTrial, epochs: object, augmentation: Iterable[object] | None) -> Finish:
    """See `Model.finish`."""
    length = require_count("epochs", epochs, 1, MAX_EPOCHS)
    if augmentation is None:
        return Finish(recorded, length, suggested_augmentation(*recorded.architecture.input_shape))
    changes = tuple(require_choice("each of augmentation", change, AUGMENTATIONS) for change in augmentation)
    return Finish(recorded, length, changes)
