"""How a trial is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import log2
from typing import Any

from remap_core.errors import InvalidTrial


@dataclass(frozen=True)
class TrainingConfig:
    """How a trial is trained: Adam on cross-entropy, learning rate multiplied by `decay` after every epoch.

    It ends before its last epoch once `patience` epochs in a row (0: however many) had no lower validation loss than
    the best before them. The defaults are the paper's recipe. Raises InvalidTrial with the rule and the value.
    """

    epochs: int = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    decay: float = 0.75
    seed: int = 0
    patience: int = 0

    def __post_init__(self) -> None:
        for name, low in (("epochs", 1), ("batch_size", 1), ("seed", 0), ("patience", 0)):
            value = getattr(self, name)
            if type(value) is not int or value < low:
                raise InvalidTrial(f"{name} must be a whole number of at least {low}, but got {value!r}.")
        for name in ("learning_rate", "decay"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
                raise InvalidTrial(f"0 < {name} <= 1 must hold, but got {value!r}.")
            object.__setattr__(self, name, float(value))

    @staticmethod
    def default_batch_size(images: int) -> int:
        """Largest power of two, 16 to 256, that gives an epoch of so many images at least 100 steps.

        The paper's 256 is for 160,000 images; with five steps an epoch nothing is learnt in ten of them.

        >>> [TrainingConfig.default_batch_size(images) for images in (1_257, 5_600, 160_000)]
        [16, 32, 256]
        """
        return 1 << min(8, max(4, int(log2(max(images, 100) / 100))))

    def to_json(self) -> dict[str, Any]:
        """The stored form; without patience as it was before there was such a thing."""
        form = asdict(self)
        if not self.patience:
            del form["patience"]
        return form

    def is_over(self, validation_losses: Sequence[float]) -> bool:
        """Whether a training with these losses, one for each epoch so far, is at its end.

        >>> config = TrainingConfig(epochs=9, patience=2)
        >>> config.is_over([0.5, 0.4, 0.45]), config.is_over([0.5, 0.4, 0.45, 0.4])
        (False, True)
        """
        done = len(validation_losses)
        if not self.patience or not done:
            return done >= self.epochs
        best = min(range(done), key=validation_losses.__getitem__)
        return done >= self.epochs or done - 1 - best >= self.patience

    @classmethod
    def from_json(cls, form: object) -> TrainingConfig:
        """The configuration of its stored form; raises InvalidTrial where it is none."""
        if not isinstance(form, dict) or not form.keys() <= cls.__dataclass_fields__.keys():
            raise InvalidTrial(f"A training configuration has {', '.join(cls.__dataclass_fields__)}, but got {form!r}.")
        return cls(**form)
