"""How sure a share of counted images is."""

from __future__ import annotations

from math import sqrt

Z = 1.959964
"""The 97.5th percentile of the normal distribution: 95 % intervals."""


def wilson_interval(right: int, images: int) -> tuple[float, float]:
    """The 95 % interval of a share (0..1), by Wilson (JASA 22, 1927); 0 to 1 without images.

    >>> low, high = wilson_interval(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    if not images:
        return 0.0, 1.0
    share = right / images
    spread = Z * Z / images
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / images + spread / (4 * images)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
