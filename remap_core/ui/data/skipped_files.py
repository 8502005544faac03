"""Files that are left out: how many, the first ones, and the whole list to download."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

import streamlit as st

from remap_core.datasets.readers.found import Skipped
from remap_core.formatting import count, pluralize
from remap_core.ui.markdown import escape_markdown

SHOWN = 10
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def show_skipped(skipped: Sequence[Skipped], title: str) -> None:
    """Nothing where no file is left out."""
    if not skipped:
        return
    with st.expander(f"Skipped: {pluralize(len(skipped), 'file')}"):
        lines = [f"- {escape_markdown(file)}: {escape_markdown(reason)}" for file, reason in skipped[:SHOWN]]
        if len(skipped) > SHOWN:
            lines.append(f"- … and {count(len(skipped) - SHOWN)} more")
        st.markdown("\n".join(lines))
        st.download_button(
            "Download the list",
            skipped_csv(skipped),
            file_name="skipped.csv",
            mime="text/csv",
            on_click="ignore",
            key=f"data-skipped-{title}",
        )


def skipped_csv(skipped: Sequence[Skipped]) -> bytes:
    """The list as a table; a name that a spreadsheet would calculate is quoted.

    >>> table = skipped_csv([Skipped("a, b.png", "it is empty"), Skipped("=1+1.png", "it is damaged")])
    >>> table.decode().splitlines()
    ['file,reason', '"a, b.png",it is empty', "'=1+1.png,it is damaged"]
    """
    text = StringIO()
    table = csv.writer(text)
    table.writerow(Skipped._fields)
    for row in skipped:
        table.writerow([_as_text(cell) for cell in row])
    return text.getvalue().encode(errors="replace")


def _as_text(cell: str) -> str:
    if cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
