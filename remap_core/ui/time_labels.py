"""The expected time of trainings, on the button that starts them and below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import NotFound
from remap_core.formatting import pluralize
from remap_core.services.expected_time import UNKNOWN_TIME, ExpectedTime, expected_time, workers_of
from remap_core.trials.trial import Proposal
from remap_core.ui import app_data


def expected_now(catalogue: Catalogue, proposals: Sequence[Proposal]) -> ExpectedTime | None:
    """The expected time of trainings on one data set with the present trainer; None while it is unknown.

    Also None where the data set is no longer in the catalogue.
    """
    try:
        estimates = app_data.time_estimates({proposal.dataset for proposal in proposals})
    except NotFound:
        return None
    workers = workers_of(app_data.trainer())
    return expected_time(catalogue, proposals, workers=workers, estimates=estimates)


def with_time(label: str, expected: ExpectedTime | None) -> str:
    """A button's label with the time, for example "Train 9 ablations, about 13 s (± 23 %)".

    >>> with_time("Train 9 ablations", ExpectedTime(seconds=13.2, error=0.233, trainings=9, waiting=5))
    'Train 9 ablations, about 13 s (± 23 %)'
    """
    if expected is None:
        return label
    return f"{label}, {replace(expected, waiting=0).text}"


def time_caption(expected: ExpectedTime | None) -> None:
    """Below the button: that the time is unknown, or what has to finish first."""
    if expected is None:
        st.caption(UNKNOWN_TIME)
    elif expected.waiting:
        st.caption(f"{pluralize(expected.waiting, 'training')} in the queue first.")
