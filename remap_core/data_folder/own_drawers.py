"""The drawers of people who sign in, as they left them: a small file for each person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from remap_core.data_folder.folder import DataFolder
from remap_core.trials.trial import TrialId

MAX_DATASETS = 200
MAX_MODELS = 1_000
"""Models of one drawer."""
MAX_BYTES = 4_000_000

Drawers = dict[str, list[TrialId]]
"""By data set, the models in the order in which they were added."""


def read_drawers(folder: DataFolder, person: str) -> Drawers:
    """The drawers of a person; none where there is no file, or one that cannot be read."""
    path = _path(folder, person)
    try:
        if path.stat().st_size > MAX_BYTES:
            return {}
        drawers = json.loads(path.read_bytes())["drawers"]
        return {str(dataset): [int(model) for model in models] for dataset, models in drawers.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def write_drawers(folder: DataFolder, person: str, drawers: Mapping[str, Sequence[TrialId]]) -> None:
    """Replace the drawers of a person, up to the limits; raises FolderUnusable."""
    kept = {dataset: list(models[:MAX_MODELS]) for dataset, models in drawers.items() if models}
    form = {"drawers": dict(islice(kept.items(), MAX_DATASETS))}
    folder.write(_path(folder, person), json.dumps(form).encode())


def _path(folder: DataFolder, person: str) -> Path:
    """A name may hold what no file name may."""
    return folder.people / f"{hashlib.sha256(person.encode()).hexdigest()}.json"
