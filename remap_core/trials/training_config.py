"""How a network is trained: for how long, on what batches, by which recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Any

from remap_core.errors import InvalidTrial
from remap_core.formatting import count, pluralize
from remap_core.trials.training_recipe import PAPER, TrainingRecipe

MAX_EPOCHS = 10_000
"""Epochs that one request may train a model for."""
MAX_BATCH_SIZE = 65_536
MAX_SEED = 2**31 - 1
"""As much as every library takes."""
_LIMITS = {"epochs": MAX_EPOCHS, "batch_size": MAX_BATCH_SIZE, "seed": MAX_SEED}
_MIN_STEPS = 100
"""Training steps an epoch that `default_batch_size` aims at."""
_STORED = ("epochs", "batch_size", "recipe", "learning_rate", "decay", "seed", "patience", "start")
"""Fields of the stored form; up to version 0.2 learning rate and decay were what is now a recipe."""


@dataclass(frozen=True)
class TrainingConfig:
    """How long and by which recipe a network is trained. The defaults are the paper's.

    Training ends early when the validation loss has not improved for `patience` epochs in a row (0: never).
    start: the trial whose weights it starts from, a model's own or its parent's; None for new ones, drawn by the seed.
    Raises InvalidTrial with the rule and the value.
    """

    epochs: int = 10
    batch_size: int = 256
    recipe: TrainingRecipe = PAPER
    seed: int = 0
    patience: int = 0
    start: int | None = None

    def __post_init__(self) -> None:
        self._require_whole("epochs", minimum=1)
        self._require_whole("batch_size", minimum=1)
        self._require_whole("seed", minimum=0)
        self._require_whole("patience", minimum=0)
        if self.start is not None:
            self._require_whole("start", minimum=1)

    def _require_whole(self, name: str, minimum: int) -> None:
        value = getattr(self, name)
        if type(value) is not int or value < minimum:
            raise InvalidTrial(f"{name} must be a whole number of at least {minimum}, but got {value!r}.")

    @staticmethod
    def default_batch_size(images: int) -> int:
        """The largest power of two, 16 to 256, that gives an epoch of so many images at least 100 steps.

        The paper's 256 is for 160,000 images; with only five steps an epoch, a model learns nothing in ten of them.

        >>> [TrainingConfig.default_batch_size(images) for images in (1_257, 5_600, 160_000)]
        [16, 32, 256]
        """
        largest = max(images, _MIN_STEPS) / _MIN_STEPS
        exponent = int(log2(largest))
        return 1 << min(max(exponent, 4), 8)

    def is_over(self, validation_losses: Sequence[float]) -> bool:
        """Whether a training is over after these validation losses, one for each epoch so far.

        >>> config = TrainingConfig(epochs=9, patience=2)
        >>> config.is_over([0.5, 0.4, 0.45]), config.is_over([0.5, 0.4, 0.45, 0.4])
        (False, True)
        """
        done = len(validation_losses)
        if done >= self.epochs:
            return True
        if not self.patience or not done:
            return False
        best = min(range(done), key=validation_losses.__getitem__)
        epochs_since_best = done - 1 - best
        return epochs_since_best >= self.patience

    def is_like(self, other: TrainingConfig) -> bool:
        """Whether trainings by both are comparable: they differ in no more than the seed."""
        return replace(self, seed=other.seed) == other

    @property
    def title(self) -> str:
        """How long, from which weights and by which recipe.

        >>> TrainingConfig(epochs=10).title
        '10 epochs, recipe paper, batch size 256'
        >>> TrainingConfig(epochs=3, start=12).title
        '3 epochs from the weights of model 12, recipe paper, batch size 256'
        """
        start = f" from the weights of model {self.start}" if self.start is not None else ""
        return f"{pluralize(self.epochs, 'epoch')}{start}, recipe {self.recipe.title}, batch size {self.batch_size}"

    def to_json(self) -> dict[str, Any]:
        """Return the stored form. The paper's recipe is written as it was before there were others."""
        form: dict[str, Any] = {"epochs": self.epochs, "batch_size": self.batch_size}
        if self.recipe.is_of_version_0_2:
            form["learning_rate"] = self.recipe.learning_rate
            form["decay"] = self.recipe.decay
        else:
            form["recipe"] = self.recipe.to_json()
        form["seed"] = self.seed
        if self.patience:
            form["patience"] = self.patience
        if self.start is not None:
            form["start"] = self.start
        return form

    @classmethod
    def from_json(cls, form: object, *, is_recorded: bool = False) -> TrainingConfig:
        """Return the configuration from its stored form; raises InvalidTrial where it is not one.

        is_recorded: it is in a catalogue already, so its values may be of any size: versions up to 0.2 had no limits.
        """
        if not isinstance(form, dict) or not form.keys() <= set(_STORED):
            raise InvalidTrial(f"A training configuration has the fields {', '.join(_STORED)}, but got {form!r}.")
        entries = dict(form)
        earlier = {name: entries.pop(name) for name in ("learning_rate", "decay") if name in entries}
        if "recipe" in entries:
            entries["recipe"] = TrainingRecipe.from_json(entries["recipe"])
        elif earlier:
            entries["recipe"] = replace(PAPER, **earlier)
        config = cls(**entries)
        if not is_recorded:
            config._require_limits()
        return config

    def _require_limits(self) -> None:
        for name, most in _LIMITS.items():
            value = getattr(self, name)
            if value > most:
                raise InvalidTrial(f"{name} must be at most {count(most)}, but got {count(value):.40}.")
