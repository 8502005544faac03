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
    """The score, or the button that asks for it, or why there can be none; live."""
    live.live(lambda newest: _show(newest, newest.trial(trial.id)))


def _show(catalogue: Catalogue, trial: Trial) -> None:
    test = catalogue.sealed_test(trial.id)
    if test and test.score:
        _show_score(trial, test)
    elif test and test.is_pending:
        waits = "" if app_data.trainer() else " It waits for a trainer."
        st.caption(f":material/hourglass_top: Asked for: a worker scores the model as soon as one is free.{waits}")
    else:
        if test and test.error:
            st.warning(f"It could not be scored: {escape_markdown(test.error)}")
        _offer(trial)


def _show_score(trial: Trial, test: SealedTest) -> None:
    score = test.score
    if score is None or test.finished is None:
        return
    validation = trial.last.validation_accuracy if trial.last else float("nan")
    st.metric(
        "Test accuracy", percent(score.accuracy), f"{points(score.accuracy - validation)} against validation", "off"
    )
    when = datetime.fromtimestamp(test.finished, UTC).strftime("%d %B %Y, %H:%M UTC")
    st.caption(f"{count(score.right)} of {count(score.images)} test images are right. Scored once, on {when}.")


def _offer(trial: Trial) -> None:
    reason = _reason_against(trial)
    st.caption(
        "Images that neither trained a model nor chose between models. Look once, at the end: choosing by this score "
        "would make it worthless."
    )
    st.button(
        "Score on the sealed test set, once",
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
        return f"Only complete models are scored, and this one is {trial.state}."
    if not app_data.folder().weights(trial.id).is_file():
        return "The weights of this model are not in the data folder, so it cannot be scored."
    return ""
