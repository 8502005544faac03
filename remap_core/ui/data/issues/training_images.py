"""What models say about training images that they were trained without; or the trainings that it needs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.validation_images import read_validation_images
from remap_core.datasets.dataset import names_by_part, rows_by_part
from remap_core.datasets.naming import part_name
from remap_core.datasets.splits import Part, Rows
from remap_core.errors import CatalogueError, RemapError
from remap_core.formatting import pluralize
from remap_core.services.data.held_out import (
    HELD_OUT,
    PARTS,
    HeldOutTrainings,
    held_out_trainings,
    training_issues,
)
from remap_core.ui import app_data, sent_commands
from remap_core.ui.data.issues.image_list import Pixels, ShownImages, image_list
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.time_labels import expected_now, time_caption, with_time


def names_of(dataset: str, part: Part) -> Sequence[str]:
    """What the images of a part are called in the person's own source; empty for a data set that was not added."""
    names = names_by_part(dataset, app_data.folder().home)
    return names[part] if names else ()


def show_training_images(catalogue: Catalogue, dataset: str) -> None:
    """The images whose labels look wrong and the hard ones; what is missing for that, and a press that trains it."""
    st.markdown("##### Training images")
    try:
        trainings = held_out_trainings(catalogue, dataset, time.time())
        if trainings.missing:
            _offer(catalogue, trainings)
        elif trainings.needs:
            st.caption(f"{trainings.needs} The images are listed here once all are complete.")
        else:
            _lists(catalogue, trainings)
    except RemapError as error:
        st.caption(escape_markdown(str(error)))


def _offer(catalogue: Catalogue, trainings: HeldOutTrainings) -> None:
    st.caption(
        "Models know the images that they were trained on, so what they say about their labels tells little. "
        f"{trainings.needs} Each part is judged by models that have not seen it."
    )
    if not visitor.may(Role.BUILDER):
        return
    expected = expected_now(catalogue, trainings.missing)
    st.button(
        with_time(f"Train {pluralize(len(trainings.missing), 'model')} without a part", expected),
        key="issues-held-out",
        icon=":material/fact_check:",
        on_click=_train,
        args=(trainings.dataset, sent_commands.press(f"held-out-{trainings.dataset}")),
    )
    time_caption(expected)


def _train(dataset: str, press: sent_commands.Press) -> None:
    trainings = held_out_trainings(app_data.catalogue(), dataset, time.time())
    if trainings.missing:
        sent_commands.enqueue(trainings.missing, press)


def _lists(catalogue: Catalogue, trainings: HeldOutTrainings) -> None:
    home = app_data.folder().home
    rows = _rows_by_part(trainings.dataset, str(home))
    issues = training_issues(catalogue, trainings, rows)
    models = pluralize(len(issues.models), "model")
    st.caption(f"Asked: {models}, each trained without the images that it judges, {issues.images:,} in all.")
    shown = ShownImages(
        issues, _Pictures.of(catalogue, trainings.dataset, rows), names_of(trainings.dataset, issues.part)
    )
    for title, verdicts, kind in (
        ("Suspected wrong labels", issues.suspected, "training-suspected"),
        ("Hard images", issues.hard, "training-hard"),
    ):
        st.markdown(f"**{title}**")
        image_list(verdicts, shown, kind)


@st.cache_resource(max_entries=4, show_spinner=False)
def _rows_by_part(dataset: str, home: str) -> list[Rows]:
    return rows_by_part(dataset, PARTS, Path(home))


class _Pictures:
    """Training images by their places: each is a validation image of the trainings without its part."""

    def __init__(self, pixels: Sequence[Pixels], rows: Sequence[Rows]) -> None:
        self._pixels = pixels
        images = sum(map(len, rows))
        self._part, self._place = np.zeros(images, np.int64), np.zeros(images, np.int64)
        for part, places in enumerate(rows):
            self._part[places], self._place[places] = part, np.arange(len(places))

    @classmethod
    def of(cls, catalogue: Catalogue, dataset: str, rows: Sequence[Rows]) -> _Pictures | None:
        """None where they were not published."""
        cards = [catalogue.dataset(part_name(dataset, part)) for part in HELD_OUT]
        try:
            return cls([read_validation_images(app_data.folder(), card) for card in cards], rows)
        except CatalogueError as error:
            st.caption(escape_markdown(f"Without pictures: {error}"))
            return None

    def __call__(self, row: int) -> Pixels:
        pixels: Pixels = self._pixels[self._part[row]][self._place[row]]
        return pixels
