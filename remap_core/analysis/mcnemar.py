"""Whether two models differ by more than chance: McNemar's exact test on their predictions of the same images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from remap_core.errors import InvalidTrial
from remap_core.formatting import count, pluralize
from remap_core.trials.class_labels import Labels

NOISE = 0.05
"""A difference with this p or a larger one is called noise."""


@dataclass(frozen=True)
class PairedTest:
    """Images that only the first model classifies correctly, and those that only the second does.

    Images that both or neither classify correctly do not matter. Raises InvalidTrial for negative counts.
    """

    first_only: int
    second_only: int

    def __post_init__(self) -> None:
        if min(self.first_only, self.second_only) < 0:
            raise InvalidTrial(f"Counts must be at least 0, but got {self.first_only} and {self.second_only}.")

    @property
    def p(self) -> float:
        """Two-sided exact p: how often a fair coin falls as unevenly (McNemar, Psychometrika 1947).

        >>> PairedTest(14, 6).p.__round__(4), PairedTest(0, 0).p
        (0.1153, 1.0)
        """
        from scipy.special import bdtr  # noqa: PLC0415 (takes a while, which the first page need not wait for)

        fewer = min(self.first_only, self.second_only)
        total = self.first_only + self.second_only
        one_sided = float(bdtr(fewer, total, 0.5))
        return min(1.0, 2 * one_sided)

    @property
    def is_noise(self) -> bool:
        """Whether the difference may well be chance (p >= 0.05)."""
        return self.p >= NOISE

    def sentence(self, first: str, second: str) -> str:
        """The outcome in words.

        >>> PairedTest(14, 6).sentence("#7", "#3")
        '#7 is right on 14 images where #3 is wrong, 6 the other way: within noise (exact McNemar p = 0.12).'
        """
        if self.first_only == self.second_only == 0:
            return f"{first} and {second} are right on the same images: no difference to test."
        images = pluralize(self.first_only, "image")
        reverse = count(self.second_only)
        verdict = self._verdict(first, second)
        return (
            f"{first} is right on {images} where {second} is wrong, {reverse} the other way: "
            f"{verdict} (exact McNemar {_p_text(self.p)})."
        )

    def _verdict(self, first: str, second: str) -> str:
        if self.is_noise:
            return "within noise"
        better = first if self.first_only > self.second_only else second
        return f"{better} is better"


def paired_test(true_classes: Labels, first: Labels, second: Labels) -> PairedTest:
    """The test of two models' predictions. All three: (n,) classes of the same images in the same order.

    Raises InvalidTrial where their numbers differ.
    """
    if not true_classes.shape == first.shape == second.shape:
        raise InvalidTrial(
            "A paired test needs predictions of the same images, but there are "
            f"{len(true_classes)} labels and {len(first)} and {len(second)} predictions."
        )
    first_right = first == true_classes
    second_right = second == true_classes
    first_only = np.count_nonzero(first_right & ~second_right)
    second_only = np.count_nonzero(second_right & ~first_right)
    return PairedTest(int(first_only), int(second_only))


def _p_text(p: float) -> str:
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.2g}"
