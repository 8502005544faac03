"""What a person may choose about images, with the proposed values filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

import streamlit as st

from remap_core.datasets.image_report import Report
from remap_core.datasets.recipe import (
    AUGMENTATIONS,
    BACKGROUNDS,
    COLOURS,
    FITS,
    MAX_SIDE,
    MIN_SIDE,
    Augmentation,
    Choices,
    Colour,
    Fit,
    Recipe,
)
from remap_core.formatting import duration, pluralize
from remap_core.services.data.data_jobs import DataJob, JobOutcome, prepare_again
from remap_core.services.data.side_times import training_seconds
from remap_core.services.demo.own_images import preparing
from remap_core.ui import app_data
from remap_core.ui.data.augmentation_samples import show_augmentations
from remap_core.ui.data.space_choice import chosen_caps, chosen_space
from remap_core.ui.live import errors_as_sentences
from remap_core.ui.people.admission import admit_images

_FIT_TEXTS: dict[Fit, str] = {"squash": "Squash", "crop": "Crop the middle", "pad": "Pad"}
_COLOUR_TEXTS: dict[Colour, str] = {"grey": "Grey", "colour": "Colour"}


def show_choices(job: DataJob, report: Report) -> bool:
    """The choices, and a button that prepares again with changed ones; returns whether some are changed."""
    recipe = report.recipe
    if recipe is None:
        return False
    chosen = _choose(job, report, recipe)
    if chosen == _present(recipe, report):
        return False
    st.info("Changed choices need another pass over the files.")
    if st.button("Prepare again", key="data-again", type="primary"):
        _prepare(job, chosen)
    return True


def choose_columns(job: DataJob, outcome: JobOutcome) -> None:
    """The columns of a label table, where the report asks for them."""
    if not outcome.columns:
        return
    asked = job.choices
    file_column, label_column = _two_columns(outcome.columns, asked.file_column, asked.label_column, job.ident)
    if st.button("Use these columns", type="primary", key="data-columns"):
        _prepare(job, replace(job.choices, file_column=file_column, label_column=label_column))


def _choose(job: DataJob, report: Report, recipe: Recipe) -> Choices:
    key = f"{job.ident}-{job.attempt}"
    size, colour, fit = st.columns(3, gap="large")
    with size:
        side = _side(report, recipe, job)
    with colour:
        colours = st.segmented_control(
            "Colour",
            COLOURS,
            default=recipe.colour,
            format_func=_COLOUR_TEXTS.__getitem__,
            required=True,
            key=f"data-colour-{key}",
        )
        background = st.segmented_control(
            "Background",
            BACKGROUNDS,
            default=recipe.background,
            format_func=str.capitalize,
            required=True,
            key=f"data-background-{key}",
            help="Behind transparent pixels, and at the borders of padded images.",
        )
    with fit:
        fits = st.segmented_control(
            "Fit",
            FITS,
            default=recipe.fit,
            format_func=_FIT_TEXTS.__getitem__,
            required=True,
            key=f"data-fit-{key}",
            help="How an image that is not square becomes one.",
        )
    left_out = _left_out(report, recipe, key)
    augmentation = _augmentation(job, recipe, key)
    file_column, label_column = _columns(report, recipe, key)
    return replace(
        _present(recipe, report),
        file_column=file_column,
        label_column=label_column,
        side=side,
        colour=colours,
        fit=fits,
        background=background,
        left_out=left_out,
        augmentation=augmentation,
    )


def _columns(report: Report, recipe: Recipe, key: str) -> tuple[str | None, str | None]:
    """The columns of the label table, where there is one."""
    if not report.columns:
        return recipe.file_column or None, recipe.label_column or None
    return _two_columns(report.columns, recipe.file_column, recipe.label_column, key)


def _two_columns(columns: Sequence[str], file: str | None, label: str | None, key: str) -> tuple[str, str]:
    files, labels = st.columns(2)
    file_column = files.selectbox(
        "Column with the files",
        columns,
        index=_index(columns, file, 0),
        key=f"data-file-column-{key}",
    )
    label_column = labels.selectbox(
        "Column with the classes",
        columns,
        index=_index(columns, label, len(columns) - 1),
        key=f"data-label-column-{key}",
    )
    return file_column, label_column


def _side(report: Report, recipe: Recipe, job: DataJob) -> int:
    proposed = recipe.side or report.shape[0]
    side = st.number_input(
        "Side, pixels",
        min_value=MIN_SIDE,
        max_value=max(MAX_SIDE, proposed),
        value=proposed,
        step=8,
        key=f"data-side-{job.ident}-{job.attempt}",
    )
    st.caption(_time_text(report, int(side), f"space-{job.ident}"))
    return int(side)


def _time_text(report: Report, side: int, space_key: str) -> str:
    channels = report.shape[2]
    pace = app_data.pace()
    seconds = training_seconds(
        app_data.settings(),
        pace,
        (channels, side, side),
        len(report.class_names),
        report.split[0],
        space=chosen_space(space_key),
        caps=chosen_caps(space_key),
    )
    epochs = pluralize(app_data.settings().epochs, "epoch")
    if not isfinite(seconds):
        return "No model of the search space fits this size."
    expected = f"About {duration(seconds)}"
    if seconds < 1:
        expected = "Under 1 s"
    text = f"{expected} per training of {epochs}"
    if pace.own:
        return f"{text}, from trainings in this data folder."
    return f"{text}: a rough guess for 2 cores without a GPU."


def _left_out(report: Report, recipe: Recipe, key: str) -> tuple[str, ...]:
    images = dict(report.all_classes)
    known = list(images) or [*report.class_names, *recipe.left_out]
    chosen = st.multiselect(
        "Classes to leave out",
        known,
        default=[name for name in recipe.left_out if name in known],
        format_func=lambda name: f"{name[:60]} ({images.get(name, 0):,})",
        placeholder="None",
        key=f"data-left-out-{key}",
    )
    return tuple(sorted(chosen))


def _augmentation(job: DataJob, recipe: Recipe, key: str) -> tuple[Augmentation, ...]:
    chosen = st.pills(
        "Augmentation: random changes of training images",
        AUGMENTATIONS,
        selection_mode="multi",
        default=list(recipe.augmentation),
        format_func=str.capitalize,
        key=f"data-augmentation-{key}",
        help="Only where the class stays the same: a flipped digit is another digit.",
    )
    kinds = tuple(kind for kind in AUGMENTATIONS if kind in chosen)
    show_augmentations(job.work, kinds)
    return kinds


def _present(recipe: Recipe, report: Report) -> Choices:
    """The choices that the recipe settled; images that kept their size are given by it."""
    return Choices(
        side=recipe.side or report.shape[0],
        colour=recipe.colour,
        fit=recipe.fit,
        background=recipe.background,
        label_table=recipe.label_table or None,
        file_column=recipe.file_column or None,
        label_column=recipe.label_column or None,
        left_out=tuple(sorted(recipe.left_out)),
        augmentation=recipe.augmentation,
        images=recipe.images,
        seed=recipe.seed,
    )


def _index(columns: Sequence[str], chosen: str | None, otherwise: int) -> int:
    if chosen in columns:
        return columns.index(chosen)
    return otherwise


def _prepare(job: DataJob, choices: Choices) -> None:
    with errors_as_sentences():
        admit_images()
        with preparing(app_data.folder(), job):
            prepare_again(app_data.folder(), job, choices)
        st.rerun()
