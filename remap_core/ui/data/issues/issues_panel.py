"""What the models say about the data: labels that look wrong, hard images, and classes that are confused."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.analysis.class_pairs import ClassPair
from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.validation_images import read_validation_images
from remap_core.datasets.splits import Part
from remap_core.errors import CatalogueError, RemapError
from remap_core.formatting import count, dataset_title, model_tag, pluralize
from remap_core.services.data.data_issues import DataIssues
from remap_core.trials.dataset_card import DatasetCard
from remap_core.ui import app_data
from remap_core.ui.data.issues.correction_panel import correction_panel, show_made
from remap_core.ui.data.issues.image_list import Pixels, ShownImages, image_list
from remap_core.ui.data.issues.training_images import names_of, show_training_images
from remap_core.ui.markdown import escape_markdown

MAX_PAIRS = 8
"""Pairs of classes in a list."""
_NAME = 40
"""Letters of a class's name in a list."""


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
        show_made(name)
        try:
            view = app_data.dataset_view(name)
            issues = view.issues
            files = names_of(name, Part.VALIDATION)
        except RemapError as error:
            st.info(escape_markdown(str(error)))
            return
        _show(issues, view.card, files, catalogue)


def _show(issues: DataIssues, card: DatasetCard, files: Sequence[str], catalogue: Catalogue) -> None:
    models = pluralize(len(issues.models), "model")
    st.caption(
        f"Asked: the better half of the finished models, {models}, on {pluralize(issues.images, 'validation image')}. "
        "Nothing was trained for this."
    )
    pixels = _pixels(card)
    _images(ShownImages(issues, None if pixels is None else pixels.__getitem__, files), catalogue)
    _class_pairs(issues)


def _pixels(card: DatasetCard) -> Pixels | None:
    """The validation images, where they were published."""
    try:
        return read_validation_images(app_data.folder(), card)
    except CatalogueError as error:
        st.caption(escape_markdown(f"Without pictures: {error}"))
        return None


@st.fragment
def _images(shown: ShownImages, catalogue: Catalogue) -> None:
    """The lists, and what is done with what was said of them; a choice draws only these again."""
    issues = shown.issues
    st.markdown("##### Suspected wrong labels")
    if issues.suspected:
        st.caption("More than two thirds of the good models agree on one other class. The most votes come first.")
        image_list(issues.suspected, shown, "suspected")
    else:
        st.caption("On no image do the good models agree on another class.")
    st.markdown("##### Hard images")
    if issues.hard:
        st.caption("No class gets more than two thirds of the votes. The images that split the models most come first.")
        image_list(issues.hard, shown, "hard")
    else:
        st.caption("On every image the good models agree on one class.")
    show_training_images(catalogue, issues.dataset)
    correction_panel(issues.dataset)


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
