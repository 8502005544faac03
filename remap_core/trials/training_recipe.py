"""Training recipes: everything about a training but its data, its length and its seed, as one value with a name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import cos, pi
from types import MappingProxyType
from typing import Any, Literal, get_args

from remap_core.errors import InvalidTrial

Schedule = Literal["decay", "cosine"]
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)

_NAME = re.compile(r"[a-z0-9-]{1,40}")
_START = 0.04
"""The first learning rate of a warm-up, as a share of the highest."""


@dataclass(frozen=True)
class TrainingRecipe:
    """AdamW on cross-entropy (Loshchilov and Hutter, ICLR 2019); Adam where `weight_decay` is 0.

    learning_rate: the highest. schedule: with "decay" it is multiplied by `decay` after every epoch; with "cosine" it
    rises linearly for a share `warm_up` of all steps, then falls along a half cosine to 0 (one cycle: Smith, 2018).
    weight_decay: of weights in matrices and kernels; biases and batch norms have none.
    label_smoothing: the share of each target that is spread over all classes (Szegedy et al., CVPR 2016); reported
    losses are without it.
    max_gradient_norm: longer gradients are shortened to it; 0 for no limit.
    augmentation: random changes of training images, beside those of the data set.
    Raises InvalidTrial with the rule and the value.
    """

    name: str
    learning_rate: float
    schedule: Schedule = "cosine"
    decay: float = 1.0
    warm_up: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    max_gradient_norm: float = 0.0
    augmentation: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not is_recipe_name(self.name):
            raise InvalidTrial(
                f"The name of a training recipe must be 1 to 40 of a-z, 0-9 and -, but got {self.name!r:.60}."
            )
        if self.schedule not in SCHEDULES:
            raise InvalidTrial(f"schedule must be one of {', '.join(SCHEDULES)}, but got {self.schedule!r:.60}.")
        for name in ("learning_rate", "decay"):
            value = self._number(name)
            if not 0 < value <= 1:
                raise InvalidTrial(f"0 < {name} <= 1 must hold, but got {value!r}.")
        for name in ("warm_up", "weight_decay", "label_smoothing"):
            value = self._number(name)
            if not 0 <= value < 1:
                raise InvalidTrial(f"0 <= {name} < 1 must hold, but got {value!r}.")
        if not 0 <= self._number("max_gradient_norm") < float("inf"):
            raise InvalidTrial(f"max_gradient_norm must be at least 0, but got {self.max_gradient_norm!r}.")
        if isinstance(self.augmentation, str) or not all(isinstance(change, str) for change in self.augmentation):
            raise InvalidTrial(f"augmentation must be a list of names, but got {self.augmentation!r:.60}.")
        object.__setattr__(self, "augmentation", tuple(self.augmentation))

    @property
    def is_of_version_0_2(self) -> bool:
        """Whether it differs from the paper's in no more than learning rate and decay, as all did up to 0.2."""
        return self == replace(PAPER, learning_rate=self.learning_rate, decay=self.decay)

    def _number(self, name: str) -> float:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidTrial(f"{name} must be a number, but got {value!r:.60}.")
        object.__setattr__(self, name, float(value))
        return float(value)

    def learning_rates(self, epoch: int, epochs: int, steps: int) -> list[float]:
        """The learning rate of each of an epoch's steps; the first epoch is 1.

        >>> PAPER.learning_rates(epoch=2, epochs=10, steps=1)
        [0.00075]
        >>> cycle = TrainingRecipe("cycle", 0.01, warm_up=0.25)
        >>> [round(rate, 4) for rate in cycle.learning_rates(epoch=1, epochs=1, steps=8)]
        [0.0052, 0.01, 0.0093, 0.0075, 0.005, 0.0025, 0.0007, 0.0]
        """
        if self.schedule == "decay":
            rate = self.learning_rate * self.decay ** (epoch - 1)
            return [rate] * steps
        rates = []
        for step in range(1, steps + 1):
            progress = ((epoch - 1) * steps + step) / (epochs * steps)
            rates.append(self.learning_rate * self._share(progress))
        return rates

    def _share(self, progress: float) -> float:
        """The share of the highest learning rate after this part of all steps."""
        if progress <= self.warm_up:
            return _START + (1 - _START) * progress / self.warm_up
        fall = (progress - self.warm_up) / (1 - self.warm_up)
        return (1 + cos(pi * fall)) / 2

    @property
    def title(self) -> str:
        """Its name, and what makes it differ from today's recipe of this name.

        >>> PAPER.with_learning_rate(0.01).title
        'paper, learning rate 0.01'
        """
        title = self.name
        known = RECIPES.get(self.name, self)
        if self.learning_rate != known.learning_rate:
            title += f", learning rate {self.learning_rate:g}"
        if self.augmentation:
            title += f", with {' and '.join(self.augmentation)}"
        if self.with_learning_rate(known.learning_rate).with_augmentation(known.augmentation) != known:
            title += " (other values)"
        return title

    def with_augmentation(self, augmentation: Sequence[str]) -> TrainingRecipe:
        """The recipe with these changes of training images, in place of its own."""
        return replace(self, augmentation=tuple(augmentation))

    def with_learning_rate(self, learning_rate: float) -> TrainingRecipe:
        """The recipe with another highest learning rate; 0 keeps its own."""
        if not learning_rate:
            return self
        return replace(self, learning_rate=learning_rate)

    def to_json(self) -> dict[str, Any]:
        """Its fields; `from_json` reads them."""
        return {**asdict(self), "augmentation": list(self.augmentation)}

    @classmethod
    def from_json(cls, form: object) -> TrainingRecipe:
        """Read what `to_json` wrote; raises InvalidTrial for anything else."""
        known = cls.__dataclass_fields__.keys()
        needed = {"name", "learning_rate"}
        if not isinstance(form, dict) or not needed <= form.keys() <= known:
            raise InvalidTrial(f"A training recipe has the fields {', '.join(known)}, but got {form!r:.200}.")
        return cls(**form)


def is_recipe_name(name: str) -> bool:
    """Whether a recipe may have this name: 1 to 40 of a-z, 0-9 and -."""
    return _NAME.fullmatch(name) is not None


PAPER = TrainingRecipe("paper", 1e-3, "decay", decay=0.75)
"""Cashman et al. (2019): Adam, no weight decay, no warm-up."""

QUICK = TrainingRecipe(
    "quick",
    5e-3,
    warm_up=0.25,
    weight_decay=0.01,
    label_smoothing=0.1,
    max_gradient_norm=1.0,
)
"""For tens of epochs at most; chosen by measurement, see decision 027."""

THOROUGH = TrainingRecipe(
    "thorough",
    3e-3,
    warm_up=0.1,
    weight_decay=0.05,
    label_smoothing=0.1,
    max_gradient_norm=1.0,
)
"""For the long training of a model that will be used, with changed images."""

RECIPES: Mapping[str, TrainingRecipe] = MappingProxyType({recipe.name: recipe for recipe in (PAPER, QUICK, THOROUGH)})
