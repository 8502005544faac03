"""Whether two models differ by more than chance: McNemar's exact test on what each says about the same images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from remap_core.errors import InvalidTrial

NOISE = 0.05
"""From this p on a difference is called noise."""


@dataclass(frozen=True)
class PairedTest:
    """Images that only the first model has right, and those that only the second has; all others say nothing.

    Raises InvalidTrial for negative counts.
    """

    first_only: int
    second_only: int

    def __post_init__(self) -> None:
        if min(self.first_only, self.second_only) < 0:
            raise InvalidTrial(f"Counts must be at least 0, but got {self.first_only} and {self.second_only}.")

    @property
    def p(self) -> float:
        """Two-sided exact p: how often a fair coin falls so unevenly (McNemar, Psychometrika 1947).

        >>> PairedTest(14, 6).p.__round__(4), PairedTest(0, 0).p
        (0.1153, 1.0)
        """
        fewer, either = min(self.first_only, self.second_only), self.first_only + self.second_only
        return min(1.0, 2 * float(bdtr(fewer, either, 0.5)))

    @property
    def is_noise(self) -> bool:
        """Whether the difference may well be chance (p >= 0.05)."""
        return self.p >= NOISE

    def sentence(self, first: str, second: str) -> str:
        """The outcome for a person.

        >>> PairedTest(14, 6).sentence("#7", "#3")
        '#7 is right on 14 images where #3 is wrong, 6 the other way: within noise (exact McNemar p = 0.12).'
        """
        if not self.first_only + self.second_only:
            return f"{first} and {second} are right on the same images: no difference to test."
        images = "image" if self.first_only == 1 else "images"
        verdict = "within noise" if self.is_noise else f"{first if self._first_leads else second} is better"
        value = f"p = {self.p:.2g}" if self.p >= 0.001 else "p < 0.001"
        return (
            f"{first} is right on {self.first_only:,} {images} where {second} is wrong, {self.second_only:,} the other "
            f"way: {verdict} (exact McNemar {value})."
        )

    @property
    def _first_leads(self) -> bool:
        return self.first_only > self.second_only


def paired_test(gold: NDArray[np.uint8], first: NDArray[np.uint8], second: NDArray[np.uint8]) -> PairedTest:
    """The test of two models' predictions. gold, first, second: (n,) classes of the same images in the same order.

    Raises InvalidTrial where they are not equally many.
    """
    if not gold.shape == first.shape == second.shape:
        raise InvalidTrial(
            "A paired test needs predictions of the same images, but there are "
            f"{len(gold)} labels and {len(first)} and {len(second)} predictions."
        )
    first_right, second_right = first == gold, second == gold
    return PairedTest(int((first_right & ~second_right).sum()), int((second_right & ~first_right).sum()))
