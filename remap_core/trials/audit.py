"""The record of who asked the trainer for what: as rows, and as a CSV file that a spreadsheet shows literally."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from remap_core.trials.commands import Receipt

HEADER = ("id", "time", "person", "request", "outcome", "answer")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet would compute (OWASP, CSV injection)."""


def audit_csv(receipts: Iterable[Receipt]) -> str:
    """The receipts as CSV (RFC 4180), in their order. Times are ISO 8601 in UTC; requests are named as commands are.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(HEADER)
    rows.writerows(map(_row, receipts))
    return text.getvalue()


def _row(receipt: Receipt) -> list[str]:
    time = datetime.fromtimestamp(receipt.applied_at, UTC).isoformat(timespec="milliseconds")
    texts = (receipt.command, time, receipt.sender, receipt.kind, receipt.outcome.value, receipt.message)
    return [f"'{text}" if text.startswith(_FORMULA) else text for text in texts]
