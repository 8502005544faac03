"""Models in a page's address: ?model=7, and the drawer, ?drawer=3,7,9."""

from __future__ import annotations

from collections.abc import Sequence

from remap_core.errors import NotFound
from remap_core.trials.trial import TrialId

MOST = 500
"""Models that an address names."""

_DIGITS = 15


def drawer_text(models: Sequence[TrialId]) -> str:
    """What stands in the address.

    >>> drawer_text([3, 7, 9])
    '3,7,9'
    """
    return ",".join(map(str, models[:MOST]))


def drawer_of(text: str) -> tuple[list[TrialId], str]:
    """The models that a text names, each once, and one sentence on what of it is no model; empty where all is well.

    >>> drawer_of("3,7,7, 9")
    ([3, 7, 9], '')
    >>> drawer_of("3,x,9")
    ([3, 9], "The address names a drawer by numbers, like ?drawer=3,7,9, but got 'x'; the others are kept.")
    """
    parts = [part.strip() for part in text.split(",")]
    models = list(dict.fromkeys(int(part) for part in parts if _is_number(part)))
    wrong = [part for part in parts if part and not _is_number(part)]
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return models[:MOST], (
            f"The address names a drawer by numbers, like ?drawer=3,7,9, but got {wrong[0][:40]!r}{more}; "
            "the others are kept."
        )
    if len(models) > MOST:
        return models[:MOST], f"The address names {len(models):,} models; the first {MOST} are kept."
    return models, ""


def model_of(text: str, name: str) -> TrialId:
    """The model that a number in an address names; raises NotFound where it is none.

    >>> model_of("7", "?model")
    7
    """
    if not _is_number(text):
        raise NotFound(f"A model is named by its number, like {name}=7, but got {name}={text[:40]}.")
    return int(text)


def _is_number(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= _DIGITS
