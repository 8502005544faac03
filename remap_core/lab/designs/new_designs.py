"""The designs that one starts with: written in words, or sampled from a search space."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from remap_core.errors import InvalidArgument
from remap_core.lab.arguments import read_target, require_count, shown
from remap_core.lab.designs.design import Design
from remap_core.lab.designs.design_table import Designs
from remap_core.lab.image_task import HasCard, read_task
from remap_core.lab.spaces import spaces
from remap_core.settings import Settings
from remap_core.space.architecture import Architecture
from remap_core.space.caps import KILOBYTE, Cap, Cost
from remap_core.space.draft import Draft
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.text import parse_layers
from remap_core.trials.trial import Origin
from remap_core.views.targets import require_possible

MAX_SAMPLED = 100_000
MAX_SEED = 2**31 - 1
MAX_PARAMETERS: int = Settings.model_fields["max_parameters"].default


def architecture(
    layers: str,
    *,
    dataset: str | Path | HasCard | None = None,
    input_shape: tuple[int, int, int] | None = None,
    classes: int | None = None,
) -> Design:
    """Read an architecture from words: "Conv 32x3, ReLU, MaxPool 2, Dense 64" (the head is implied).

    dataset: name, path or lab whose images it is for; or else input_shape, (channels, height, width), and the number
    of classes. The design shows itself in a notebook, and can be edited and trained.

    Raises InvalidArchitecture for words that are no layers and for layers that do not fit together, DatasetError for a
    data set that is not known, InvalidArgument for anything else.

    >>> net = remap.architecture("Conv 32x3, ReLU, MaxPool 2, Dense 64", dataset="digits")
    >>> net
    Design(Conv 32x3, ReLU, MaxPool 2, Dense 64; 19,466 parameters, 29,440 multiply-adds)
    >>> [cost.output_shape for cost in net.costs]
    [(32, 6, 6), (32, 6, 6), (32, 3, 3), (64,), (10,)]
    """
    if not isinstance(layers, str):
        raise InvalidArgument(f"layers must be words like 'Conv 32x3, ReLU', but got {shown(layers)}.")
    task = read_task(dataset, input_shape, classes)
    return design_of(Architecture(task.input_shape, task.classes, parse_layers(layers)))


def sample(
    space: str | Path = "remap-2019",
    *,
    dataset: str | Path | HasCard | None = None,
    input_shape: tuple[int, int, int] | None = None,
    classes: int | None = None,
    n: int = 12,
    seed: int = 0,
    max_parameters: int = MAX_PARAMETERS,
    max_multiply_adds: int | None = None,
    max_activation_memory: int | None = None,
    target: str | None = None,
) -> Designs:
    """Sample n different architectures from a search space, by its name or the path of its file; see `remap.spaces`.

    dataset, input_shape, classes: what they are for, as in `remap.architecture`. seed: the same one gives the same
    architectures. max_parameters: cap on weights and biases of each. max_multiply_adds: cap on those for one image.
    max_activation_memory: cap on the activations of one image in int8, in KB. target: device that each must fit, such
    as "esp32-s3".

    Raises SpaceExhausted where the space does not hold enough of them, InvalidArgument for a space that is not known,
    InvalidSpace for a file that is none.

    >>> designs = remap.sample("remap-2019", dataset="digits", n=3, seed=0, max_parameters=60_000)
    >>> designs
    3 designs
    >>> max(design.parameters for design in designs) <= 60_000
    True
    """
    chosen = spaces[space]
    require_count("n", n, 1, MAX_SAMPLED)
    require_count("seed", seed, 0, MAX_SEED)
    caps = [
        Cap(cost, require_count(name, limit, 1, 10**15) * unit)
        for name, cost, limit, unit in (
            ("max_parameters", Cost.PARAMETERS, max_parameters, 1),
            ("max_multiply_adds", Cost.MULTIPLY_ADDS, max_multiply_adds, 1),
            ("max_activation_memory", Cost.MEMORY, max_activation_memory, KILOBYTE),
        )
        if limit is not None
    ]
    task = read_task(dataset, input_shape, classes)
    device = read_target(target)
    if device:
        require_possible(device, task.input_shape, task.classes)
        caps += device.caps
    rng = np.random.default_rng(seed)
    sampled = sample_architectures(chosen, task.input_shape, task.classes, n, rng, caps=caps)
    return Designs(design_of(architecture, Origin.INITIAL, chosen.name) for architecture in sampled)


def design_of(
    architecture: Architecture, origin: Origin = Origin.HANDCRAFTED, space: str = "", source: str = ""
) -> Design:
    """The design of an architecture without a parent. space: name of the one it was sampled from; source: of a file."""
    return Design(Draft.of(architecture), origin, space=space, source=source)
