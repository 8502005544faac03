"""What the models say about the data: labels that look wrong, hard images, and classes that are confused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from remap_core.analysis.class_pairs import ClassPair
from remap_core.analysis.image_votes import ImageVerdict
from remap_core.data_folder.validation_images import read_validation_images
from remap_core.datasets.dataset import validation_names
from remap_core.drawing.samples import samples_uri
from remap_core.errors import CatalogueError, RemapError
from remap_core.formatting import count, dataset_title, model_tag, pluralize
from remap_core.services.data.data_issues import DataIssues
from remap_core.trials.dataset_card import DatasetCard
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown

MAX_IMAGES = 60
"""Images of a table; the command line lists all."""
MAX_PAIRS = 8
"""Pairs of classes in a list."""
ROW_HEIGHT = 56
_ROWS = 6
"""Rows of a table before it scrolls."""
_EDGE = 64
"""Pixels of a picture, about; more than a row shows."""
_NAME = 40
"""Letters of a class's name in a list."""

Pixels = NDArray[np.uint8]
Row = dict[str, str | int]


def show_issues() -> None:
    """For the data set that is shown; asked only once the panel is opened, and nothing without a trained data set."""
    catalogue = app_data.newest()
    name = app_data.looked_at()
    if catalogue is None or name not in catalogue.datasets():
        return
    title = f"What the models say about {escape_markdown(dataset_title(name))}"
    panel = st.expander(title, key="data-issues", on_change="rerun")
    if not panel.open:
        return
    with panel:
        try:
            view = app_data.dataset_view(name)
            issues = view.issues
            files = validation_names(name, app_data.folder().home)
        except RemapError as error:
            st.info(escape_markdown(str(error)))
            return
        _show(issues, view.card, files)


def _show(issues: DataIssues, card: DatasetCard, files: Sequence[str]) -> None:
    models = pluralize(len(issues.models), "model")
    st.caption(
        f"Asked: the better half of the finished models, {models}, on {pluralize(issues.images, 'validation image')}. "
        "Nothing was trained for this."
    )
    row = partial(_row, issues=issues, pixels=_pixels(card), files=files)
    st.markdown("##### Suspected wrong labels")
    if issues.suspected:
        st.caption("More than two thirds of the good models agree on one other class. The most votes come first.")
    _images(issues.suspected, row, "suspected", "On no image do the good models agree on another class.")
    st.markdown("##### Hard images")
    if issues.hard:
        st.caption("No class gets more than two thirds of the votes. The images that split the models most come first.")
    _images(issues.hard, row, "hard", "On every image the good models agree on one class.")
    _class_pairs(issues)


def _pixels(card: DatasetCard) -> Pixels | None:
    """The validation images, where they were published."""
    try:
        return read_validation_images(app_data.folder(), card)
    except CatalogueError as error:
        st.caption(escape_markdown(f"Without pictures: {error}"))
        return None


def _images(verdicts: Sequence[ImageVerdict], row: Callable[[ImageVerdict], Row], kind: str, none: str) -> None:
    if not verdicts:
        st.caption(none)
        return
    rows = [row(verdict) for verdict in verdicts[:MAX_IMAGES]]
    st.dataframe(
        rows,
        key=f"data-issues-{kind}",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height="content" if len(rows) <= _ROWS else ROW_HEIGHT * (1 + _ROWS),
        column_config={"Image": st.column_config.ImageColumn(width="small")},
        alt=f"{kind.capitalize()} validation images, their labels and what the good models say.",
    )
    shown = pluralize(len(verdicts), "image")
    if len(verdicts) > MAX_IMAGES:
        shown = f"{count(MAX_IMAGES)} of {shown}; all of them: remap data issues NAME"
    st.caption(f"{shown}.")


def _row(verdict: ImageVerdict, issues: DataIssues, pixels: Pixels | None, files: Sequence[str]) -> Row:
    """A row of a table. A picture comes first, where there is one, and last what the source calls the image."""
    voters = count(len(issues.models))
    row: Row = {}
    if pixels is not None:
        row["Image"] = _picture(pixels[verdict.row])
    row |= {
        "Label": issues.class_names[verdict.label],
        "Other class": issues.class_names[verdict.other],
        "Votes for it": f"{count(verdict.for_other)} of {voters}",
        "Votes for the label": f"{count(verdict.for_label)} of {voters}",
        "Number": verdict.row,
    }
    if files:
        row["File"] = files[verdict.row]
    return row


def _picture(image: Pixels) -> str:
    """An image as a data URI; a large one with every so many pixels, as a page may have a hundred of them."""
    step = max(1, max(image.shape[:2]) // _EDGE)
    return samples_uri(image[np.newaxis, ::step, ::step])


def _class_pairs(issues: DataIssues) -> None:
    pairs = issues.pairs
    data, architecture = st.columns(2, gap="large")
    with data:
        st.markdown("##### A limit of the data")
        if pairs.limits_of_data:
            st.caption("Classes that every good model confuses: look at their images and labels.")
        _pair_list(issues, pairs.limits_of_data, "No two classes are confused by every good model.")
    with architecture:
        st.markdown("##### A limit of the architecture")
        if pairs.limits_of_architecture:
            st.caption("Classes that some models tell apart, by more than chance: look at these models.")
        _pair_list(issues, pairs.limits_of_architecture, "In no two classes do good models differ by more than chance.")
        if pairs.undecided:
            st.caption(f"{pluralize(pairs.undecided, 'more pair')}: too few images to say that it is no chance.")


def _pair_list(issues: DataIssues, pairs: Sequence[ClassPair], none: str) -> None:
    if not pairs:
        st.caption(none)
        return
    lines = [f"- {_sentence(issues, pair)}" for pair in pairs[:MAX_PAIRS]]
    if len(pairs) > MAX_PAIRS:
        lines.append(f"- … and {count(len(pairs) - MAX_PAIRS)} more")
    st.markdown("\n".join(lines))


def _sentence(issues: DataIssues, pair: ClassPair) -> str:
    first = escape_markdown(issues.class_names[pair.first][:_NAME])
    second = escape_markdown(issues.class_names[pair.second][:_NAME])
    return (
        f"**{first}** and **{second}**: of {pluralize(pair.images, 'image')}, {pair.mean:.1f} are read as the other on "
        f"average ({pair.first_as_second:.1f} {first} as {second}), {count(pair.fewest)} by {model_tag(pair.best)}"
    )
