"""The configuration of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import log2
from typing import Any

from remap_core.errors import InvalidTrial

_MIN_STEPS = 100
"""Training steps an epoch that `default_batch_size` aims at."""


@dataclass(frozen=True)
class TrainingConfig:
    """Adam on cross-entropy; the learning rate is multiplied by `decay` after every epoch.

    Training ends early when the validation loss has not improved for `patience` epochs in a row (0: never). The
    defaults are the paper's recipe. Raises InvalidTrial with the rule and the value.
    """

    epochs: int = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    decay: float = 0.75
    seed: int = 0
    patience: int = 0

    def __post_init__(self) -> None:
        self._require_whole("epochs", minimum=1)
        self._require_whole("batch_size", minimum=1)
        self._require_whole("seed", minimum=0)
        self._require_whole("patience", minimum=0)
        self._require_factor("learning_rate")
        self._require_factor("decay")

    def _require_whole(self, name: str, minimum: int) -> None:
        value = getattr(self, name)
        if type(value) is not int or value < minimum:
            raise InvalidTrial(f"{name} must be a whole number of at least {minimum}, but got {value!r}.")

    def _require_factor(self, name: str) -> None:
        value = getattr(self, name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value <= 1:
            raise InvalidTrial(f"0 < {name} <= 1 must hold, but got {value!r}.")
        object.__setattr__(self, name, float(value))

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

    def to_json(self) -> dict[str, Any]:
        """Return the stored form. A patience of 0 is left out: configurations were stored before it existed."""
        form = asdict(self)
        if not self.patience:
            del form["patience"]
        return form

    @classmethod
    def from_json(cls, form: object) -> TrainingConfig:
        """Return the configuration from its stored form; raises InvalidTrial where it is not one."""
        if not isinstance(form, dict) or not form.keys() <= cls.__dataclass_fields__.keys():
            fields = ", ".join(cls.__dataclass_fields__)
            raise InvalidTrial(f"A training configuration has the fields {fields}, but got {form!r}.")
        return cls(**form)
