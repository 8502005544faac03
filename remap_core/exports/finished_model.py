"""A finished model with all that predicting with it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from remap_core.errors import ExportFailed
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Dense, Layer, Shape
from remap_core.system.checksum import CHECKSUM, checksum
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.trial import Trial, TrialId


@dataclass(frozen=True, eq=False)
class FinishedModel:
    """A model and its weights.

    weights: by the names of PyTorch's state_dict; file: the safetensors file that they are from. mean, deviation: of
    pixels (0..255), one a channel; the network takes (pixel - mean) / deviation. accuracies: shares of right answers,
    by what they were measured on.
    """

    id: TrialId
    architecture: Architecture
    dataset: str
    class_names: tuple[str, ...]
    weights: Mapping[str, NDArray[Any]]
    file: bytes
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    accuracies: Mapping[str, float]


class Module(NamedTuple):
    """A layer (the head is a Dense) as a module of the network: its place there, and the shape that comes in."""

    place: int
    layer: Layer
    shape: Shape


def modules(architecture: Architecture) -> Iterator[Module]:
    """The layers and the head, with the places that their weights are named after.

    Where a Dense follows an image, the place before it is a Flatten's.

    >>> from remap_core.space.layers import Conv2d
    >>> [(module.place, module.layer.kind) for module in modules(Architecture((1, 8, 8), 10, (Conv2d(3, 4),)))]
    [(0, 'conv2d'), (2, 'dense')]
    """
    place = 0
    for layer, shape in zip(
        (*architecture.layers, Dense(architecture.classes)), architecture.input_shapes, strict=True
    ):
        place += isinstance(layer, Dense) and len(shape) == 3
        yield Module(place, layer, shape)
        place += 1


def read_model(path: Path, trial: Trial, card: DatasetCard, sealed: SealedScore | None = None) -> FinishedModel:
    """The model of a trial, by the weights that its training has left in `path`.

    Raises ExportFailed where they are not there, cannot be read, are damaged or another model's.
    """
    if not path.is_file():
        raise ExportFailed(f"Model {trial.id} has no weights in the data folder, so it cannot be exported.")
    try:
        file = path.read_bytes()
        weights, described = _read(file)
        written = json.loads(described["architecture"]), described["dataset"]
        scale = json.loads(described["scale"])
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ExportFailed(
            f"The weights of model {trial.id} cannot be read: {type(error).__name__}: {error}."
        ) from error
    proposal = trial.proposal
    if written != (proposal.architecture.to_json(), proposal.dataset):
        raise ExportFailed(f"{path} holds the weights of another model than {trial.id}.")
    accuracies = {"validation": trial.last.validation_accuracy} if trial.last else {}
    accuracies |= {"sealed test": sealed.accuracy} if sealed else {}
    mean, deviation = tuple(scale["mean"]), tuple(scale["deviation"])
    return FinishedModel(
        trial.id, proposal.architecture, card.name, card.class_names, weights, file, mean, deviation, accuracies
    )


def _read(file: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    weights = load(file)
    header = file[8 : 8 + int.from_bytes(file[:8], "little")]  # a safetensors file begins with its header's length
    described = json.loads(header).get("__metadata__", {})
    if described.get(CHECKSUM, found := checksum(weights)) != found:
        raise ValueError("they are damaged and do not match their checksum")
    return weights, described
