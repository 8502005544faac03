"""A data set that is removed: its rows in every table, and the ids that no other trial may get."""

from __future__ import annotations

from remap_core.catalogue.connection import LiveConnection, Readable
from remap_core.errors import NotFound
from remap_core.formatting import dataset_title
from remap_core.trials.trial import TrialId

_OF_TRIALS = ("epochs", "evaluations", "annotations", "sealed_tests")
"""Tables with rows about single trials."""
_OF_DATASETS = ("maps", "places")
_UNUSED_LABELS = """
DELETE FROM label_sets WHERE digest NOT IN (SELECT labels FROM datasets)
AND digest NOT IN (SELECT labels FROM evaluations WHERE labels IS NOT NULL)
"""


def remove_dataset(live: LiveConnection, name: str) -> list[TrialId]:
    """Delete every row of a data set in the caller's transaction; returns the ids of its trials. Raises NotFound."""
    trials = [trial for (trial,) in live.rows("SELECT id FROM trials WHERE dataset = ? ORDER BY id", name)]
    if not trials and not live.rows("SELECT name FROM datasets WHERE name = ?", name):
        raise NotFound(f"There is no data set {dataset_title(name)}.")
    for table in _OF_TRIALS:
        live.change(f"DELETE FROM {table} WHERE trial IN (SELECT id FROM trials WHERE dataset = ?)", name)  # noqa: S608
    for table in _OF_DATASETS:
        live.change(f"DELETE FROM {table} WHERE dataset = ?", name)  # noqa: S608 (a table of ours)
    live.change("INSERT INTO removed_trials SELECT id FROM trials WHERE dataset = ?", name)
    live.change("DELETE FROM trials WHERE dataset = ?", name)
    live.change("DELETE FROM datasets WHERE name = ?", name)
    live.change(_UNUSED_LABELS)
    return trials


def removed_trials(catalogue: Readable) -> set[TrialId]:
    """Return the ids of all trials that were removed."""
    return {trial for (trial,) in catalogue.rows("SELECT trial FROM removed_trials")}
