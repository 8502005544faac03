"""The request log: every request to the trainer and its answer; where people sign in, who asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import count
from remap_core.trials.audit import audit_csv
from remap_core.trials.commands import Receipt
from remap_core.ui.people import visitor

MAX_ENTRIES = 50
MAX_AUDITED = 500
"""Entries that an admin sees at a time; the file has all."""

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
    "added_dataset": "Add data set",
    "remove_dataset": "Remove data set",
    "forged": "Forged",
}
"""By kind of command."""


def show_log(catalogue: Catalogue) -> None:
    """The last requests of all visitors, newest first; an admin finds those of a person or a kind, and exports all."""
    with st.expander("Request log"):
        if visitor.is_open() or not visitor.may(Role.ADMIN):
            _table(catalogue.receipts(MAX_ENTRIES))
        else:
            _audit(catalogue)


def _audit(catalogue: Catalogue) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        sender = st.selectbox(
            "Person",
            catalogue.senders(),
            index=None,
            placeholder="Everybody",
            key="queue-log-person",
            width=240,
        )
        kind = st.selectbox(
            "Request",
            catalogue.kinds(),
            index=None,
            format_func=_request,
            placeholder="All requests",
            key="queue-log-request",
            width=180,
        )
        st.download_button(
            "Download all as CSV",
            lambda: audit_csv(catalogue.receipts(None)),
            file_name="requests.csv",
            mime="text/csv",
            on_click="ignore",
            key="queue-log-csv",
        )
    found = catalogue.receipt_count(sender, kind)
    if found > MAX_AUDITED:
        st.caption(f"The last {MAX_AUDITED} of {count(found)}.")
    _table(catalogue.receipts(MAX_AUDITED, sender, kind))


def _table(receipts: Sequence[Receipt]) -> None:
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
    entry = {"Time": f"{datetime.fromtimestamp(receipt.applied_at, zone):%Y-%m-%d %H:%M:%S}"}
    if not visitor.is_open():
        entry["Person"] = receipt.sender
    return entry | {
        "Request": _request(receipt.kind),
        "Outcome": receipt.outcome.value,
        "Answer": receipt.message,
    }


def _request(kind: str) -> str:
    return REQUESTS.get(kind, kind)


def _zone() -> tzinfo:
    """The visitor's time zone; UTC where the browser does not say."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
