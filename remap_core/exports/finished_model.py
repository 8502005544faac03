"""A finished model with everything that predicting with it needs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from remap_core.datasets.recipe import Recipe
from remap_core.errors import ExportFailed
from remap_core.formatting import model_name
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Dense, Layer, Shape
from remap_core.system.checksum import CHECKSUM, checksum
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.trial import Trial, TrialId

Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class FinishedModel:
    """A model and its weights.

    weights: by the names of PyTorch's state_dict; file: the safetensors file that holds them. mean, deviation: of
    pixels (0..255), one per channel; the network takes (pixel - mean) / deviation. accuracies: shares (0..1), by the
    name of the images that they were measured on. recipe: what was made of somebody's images.
    """

    id: TrialId
    architecture: Architecture
    dataset: str
    class_names: tuple[str, ...]
    weights: Weights
    file: bytes
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    accuracies: Mapping[str, float]
    recipe: Recipe | None = None


class PlacedLayer(NamedTuple):
    """A layer (the head is a Dense), its position among the network's modules, and its input shape."""

    position: int
    layer: Layer
    input_shape: Shape

    @property
    def is_flattened(self) -> bool:
        """Whether a Flatten comes before it."""
        return self.layer.flattens(self.input_shape)

    def weights(self, *names: str) -> tuple[str, ...]:
        """The names of its weights in `FinishedModel.weights`.

        >>> PlacedLayer(2, Dense(10), (64,)).weights("weight", "bias")
        ('2.weight', '2.bias')
        """
        return tuple(f"{self.position}.{name}" for name in names)


def placed_layers(architecture: Architecture) -> Iterator[PlacedLayer]:
    """The layers and the head, with the positions that their weights are named after.

    Where a layer flattens an image, the position before it is that of a Flatten.

    >>> from remap_core.space.layers import Conv2d
    >>> [(placed.position, placed.layer.kind) for placed in placed_layers(Architecture((1, 8, 8), 10, (Conv2d(3, 4),)))]
    [(0, 'conv2d'), (2, 'dense')]
    """
    layers = (*architecture.layers, Dense(architecture.classes))
    position = 0
    for layer, shape in zip(layers, architecture.input_shapes, strict=True):
        if layer.flattens(shape):
            position += 1
        yield PlacedLayer(position, layer, shape)
        position += 1


def read_model(path: Path, trial: Trial, card: DatasetCard, sealed: SealedScore | None = None) -> FinishedModel:
    """The model of a trial, with the weights that its training has left in `path`.

    Raises ExportFailed where the weights are missing, unreadable, damaged or those of another model.
    """
    name = model_name(trial.id)
    if not path.is_file():
        raise ExportFailed(f"{name} has no weights in the data folder, so it cannot be exported.")
    try:
        file = path.read_bytes()
        weights, metadata = _read(file)
        architecture = json.loads(metadata["architecture"])
        dataset = metadata["dataset"]
        scale = json.loads(metadata["scale"])
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ExportFailed(f"The weights of {name} cannot be read: {type(error).__name__}: {error}.") from error
    proposal = trial.proposal
    if architecture != proposal.architecture.to_json() or dataset != proposal.dataset:
        raise ExportFailed(f"{path} does not hold the weights of {name} but those of another model.")
    return FinishedModel(
        id=trial.id,
        architecture=proposal.architecture,
        dataset=card.name,
        class_names=card.class_names,
        weights=weights,
        file=file,
        mean=tuple(scale["mean"]),
        deviation=tuple(scale["deviation"]),
        accuracies=_accuracies(trial, sealed),
        recipe=_recipe(card),
    )


def _recipe(card: DatasetCard) -> Recipe | None:
    """Without the folder that the images are in: a model may go where that is nobody's business."""
    if not card.recipe:
        return None
    recipe = Recipe.from_json(card.recipe)
    return replace(recipe, source=PurePath(recipe.source).name)


def _accuracies(trial: Trial, sealed: SealedScore | None) -> dict[str, float]:
    accuracies = {}
    if trial.last:
        accuracies["validation"] = trial.last.validation_accuracy
    if sealed:
        accuracies["sealed test"] = sealed.accuracy
    return accuracies


def _read(file: bytes) -> tuple[Weights, dict[str, str]]:
    """The weights and the metadata of a safetensors file."""
    weights = load(file)
    header_length = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + header_length])
    metadata = header.get("__metadata__", {})
    found = checksum(weights)
    if metadata.get(CHECKSUM, found) != found:
        raise ValueError("they are damaged and do not match their checksum")
    return weights, metadata
