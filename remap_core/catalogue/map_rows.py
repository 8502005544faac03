"""Maps as rows: the position of each finished model, and which layouts were requested."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from remap_core.catalogue.connection import LiveConnection, Row
from remap_core.errors import CommandRefused
from remap_core.trials.model_maps import ModelMap, Relation

# The columns keep the names of version 0.1.0: edition is the map's version, laid_with its laid_out_with, and
# relay_asked whether a new layout was requested.
MAP = "SELECT edition, laid_with, stress FROM maps WHERE dataset = ? AND relation = ?"
POSITIONS = "SELECT trial, x, y FROM places WHERE dataset = ? AND relation = ? ORDER BY number"
STAMP = """
SELECT coalesce(max(edition), 0), (SELECT count(*) FROM places WHERE dataset = $1 AND relation = $2)
FROM maps WHERE dataset = $1 AND relation = $2
"""
REQUESTED_LAYOUTS = "SELECT dataset, relation FROM maps WHERE relay_asked ORDER BY dataset, relation"


def map_of(dataset: str, relation: Relation, head: Row, positions: Sequence[Row]) -> ModelMap:
    """Return the map of a row of MAP and the rows of POSITIONS."""
    version, laid_out_with, stress = head
    ids = [trial for trial, _, _ in positions]
    points = [(x, y) for _, x, y in positions]
    return ModelMap(
        dataset=dataset,
        relation=relation,
        ids=np.array(ids, dtype=np.int64),
        points=np.array(points, dtype=np.float64).reshape(-1, 2),
        stress=stress,
        laid_out_with=laid_out_with,
        version=version,
    )


def write_map(live: LiveConnection, drawn: ModelMap) -> None:
    """Store a map; of a version that is already stored, only the models that are new."""
    key = (drawn.dataset, drawn.relation.value)
    stored_versions = [version for version, _, _ in live.rows(MAP, *key)]
    if drawn.version not in stored_versions:
        live.change("DELETE FROM places WHERE dataset = ? AND relation = ?", *key)
    ((stored,),) = live.rows("SELECT count(*) FROM places WHERE dataset = ? AND relation = ?", *key)
    live.change("DELETE FROM maps WHERE dataset = ? AND relation = ?", *key)
    live.change(
        "INSERT INTO maps VALUES (?, ?, ?, ?, ?, false)",
        *key,
        drawn.version,
        drawn.laid_out_with,
        float(drawn.stress),
    )
    live.insert("places", _position_rows(drawn, first=stored))


def request_layout(live: LiveConnection, dataset: str, relation: Relation) -> None:
    """Request a new layout of a map; raises CommandRefused where there is no map yet."""
    if not live.rows(MAP, dataset, relation.value):
        raise CommandRefused(f"There is no map of {dataset} by {relation} yet: it needs a finished model.")
    live.change("UPDATE maps SET relay_asked = true WHERE dataset = ? AND relation = ?", dataset, relation.value)


def _position_rows(drawn: ModelMap, first: int) -> pa.Table:
    ids = drawn.ids[first:]
    points = drawn.points[first:]
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
