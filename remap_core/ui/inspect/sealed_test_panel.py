"""The sealed test set: a model is scored on it once, on request."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import count, percent, points
from remap_core.trials.commands import ScoreSealed
from remap_core.trials.evaluation import SealedTest
from remap_core.trials.trial import Trial, TrialState
from remap_core.ui import app_data, live, sent_commands
from remap_core.ui.markdown import escape_markdown


def show_sealed_test(trial: Trial) -> None:
    """The score, or the button that requests it, or why there can be none; live."""
    live.live(lambda newest: _show(newest, newest.trial(trial.id)))


def _show(catalogue: Catalogue, trial: Trial) -> None:
    test = catalogue.sealed_test(trial.id)
    if test is None:
        _offer(trial)
    elif test.score:
        _show_score(trial, test)
    elif test.is_pending:
        _show_pending()
    else:
        if test.error:
            st.warning(f"Scoring failed: {escape_markdown(test.error)}")
        _offer(trial)


def _show_pending() -> None:
    sentence = "Requested: the next free worker scores the model."
    if app_data.trainer() is None:
        sentence = "Requested: waiting for a trainer."
    st.caption(f":material/hourglass_top: {sentence}")


def _show_score(trial: Trial, test: SealedTest) -> None:
    score = test.score
    if score is None or test.finished is None:
        return
    against_validation = None
    if trial.last:
        against_validation = f"{points(score.accuracy - trial.last.validation_accuracy)} vs. validation"
    st.metric("Test accuracy", percent(score.accuracy), against_validation, "off")
    time = datetime.fromtimestamp(test.finished, UTC).strftime("%d %B %Y, %H:%M UTC")
    st.caption(f"{count(score.right)} of {count(score.images)} test images classified correctly. Scored once, {time}.")


def _offer(trial: Trial) -> None:
    reason = _reason_against(trial)
    st.caption(
        "The test images were used neither to train models nor to choose between them. Score only your final model: "
        "choosing by this score would make it meaningless."
    )
    st.button(
        "Score once on the sealed test set",
        key=f"sealed-{trial.id}",
        disabled=bool(reason),
        help=reason or None,
        on_click=sent_commands.send,
        args=(ScoreSealed(trial.id),),
    )
    if reason:
        st.caption(reason)


def _reason_against(trial: Trial) -> str:
    if trial.state is not TrialState.COMPLETE:
        return f"Only complete models can be scored; this one is {trial.state}."
    if not app_data.folder().weights(trial.id).is_file():
        return "The weights of this model are not in the data folder, so it cannot be scored."
    return ""
