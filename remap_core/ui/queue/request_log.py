"""The request log: every request to the trainer and its answer."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.trials.commands import Receipt

MAX_ENTRIES = 50

REQUESTS = {
    "enqueue": "Train",
    "cancel": "Cancel",
    "cancel_batch": "Cancel batch",
    "retry": "Retry",
    "move": "Move",
    "pause": "Pause",
    "resume": "Resume",
    "score_sealed": "Sealed test",
    "annotate": "Note and tags",
    "relay_map": "Recompute layout",
    "remove_dataset": "Remove data set",
}
"""By kind of command."""


def show_log(catalogue: Catalogue) -> None:
    """The last requests of all visitors, newest first."""
    receipts = catalogue.receipts(MAX_ENTRIES)
    with st.expander("Request log"):
        if not receipts:
            st.caption("Nothing yet.")
            return
        zone = _zone()
        st.dataframe(
            [_entry(receipt, zone) for receipt in receipts],
            key="queue-log",
            hide_index=True,
            column_config={"Answer": st.column_config.TextColumn(width="large")},
            alt="Requests to the trainer, newest first.",
        )


def _entry(receipt: Receipt, zone: tzinfo) -> dict[str, str]:
    return {
        "Time": f"{datetime.fromtimestamp(receipt.applied_at, zone):%Y-%m-%d %H:%M:%S}",
        "Request": REQUESTS.get(receipt.kind, receipt.kind),
        "Outcome": receipt.outcome.value,
        "Answer": receipt.message,
    }


def _zone() -> tzinfo:
    """The visitor's time zone; UTC where the browser does not say."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
