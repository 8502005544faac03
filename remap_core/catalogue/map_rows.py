"""The maps of the populations: where each finished model is, and what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from remap_core.catalogue.connection import LiveConnection
from remap_core.errors import CommandRefused
from remap_core.trials.model_maps import ModelMap, Relation

Row = tuple[Any, ...]

SELECT_MAP = "SELECT edition, laid_with, stress FROM maps WHERE dataset = ? AND relation = ?"
SELECT_PLACES = "SELECT trial, x, y FROM places WHERE dataset = ? AND relation = ? ORDER BY number"
SELECT_RELAYS = "SELECT dataset, relation FROM maps WHERE relay_asked ORDER BY dataset, relation"
SELECT_EVALUATED = """
SELECT id FROM trials WHERE dataset = ? AND state = 'complete' AND origin <> 'repeat'
AND EXISTS (SELECT 1 FROM evaluations WHERE evaluations.trial = trials.id) ORDER BY finished, id
"""


def map_of(dataset: str, relation: Relation, head: Row, places: Sequence[Row]) -> ModelMap:
    """The map of a row of SELECT_MAP and the rows of SELECT_PLACES."""
    edition, laid_out_with, stress = head
    ids = np.array([row[0] for row in places], dtype=np.int64)
    points = np.array([row[1:] for row in places], dtype=np.float64).reshape(-1, 2)
    return ModelMap(dataset, relation, ids, points, stress, laid_out_with, edition)


def write_map(live: LiveConnection, drawn: ModelMap) -> None:
    """Store a map; of an edition that is known only what is new."""
    key = (drawn.dataset, drawn.relation.value)
    known = live.rows(SELECT_MAP, *key)
    ((placed,),) = live.rows("SELECT count(*) FROM places WHERE dataset = ? AND relation = ?", *key)
    if not known or known[0][0] != drawn.version:
        live.change("DELETE FROM places WHERE dataset = ? AND relation = ?", *key)
        placed = 0
    live.change("DELETE FROM maps WHERE dataset = ? AND relation = ?", *key)
    live.change(
        "INSERT INTO maps VALUES (?, ?, ?, ?, ?, false)", *key, drawn.version, drawn.laid_out_with, float(drawn.stress)
    )
    live.insert("places", _places(drawn, placed))


def request_layout(live: LiveConnection, dataset: str, relation: Relation) -> None:
    """Note that the map shall be laid anew; raises CommandRefused where there is none yet."""
    if not live.rows(SELECT_MAP, dataset, relation.value):
        raise CommandRefused(
            f"There is no map of {dataset} by {relation} yet: it begins with the first finished model."
        )
    live.change("UPDATE maps SET relay_asked = true WHERE dataset = ? AND relation = ?", dataset, relation.value)


def _places(drawn: ModelMap, first: int) -> pa.Table:
    ids, points = drawn.ids[first:], drawn.points[first:]
    return pa.table(
        {
            "dataset": [drawn.dataset] * len(ids),
            "relation": [drawn.relation.value] * len(ids),
            "number": np.arange(first, len(drawn), dtype=np.int32),
            "trial": ids,
            "x": points[:, 0],
            "y": points[:, 1],
        }
    )
