"""The sealed test set: a model is scored on it once, on request."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import count, model_tag, percent, points
from remap_core.trials.commands import ScoreSealed
from remap_core.trials.evaluation import SealedTest
from remap_core.trials.trial import Trial, TrialState
from remap_core.ui import app_data, live, sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor


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
    against_validation = ""
    if trial.last:
        against_validation = f" ({points(score.accuracy - trial.last.validation_accuracy)} vs. validation)"
    st.markdown(f"**Test accuracy {percent(score.accuracy)}**{against_validation}")
    time = datetime.fromtimestamp(test.finished, UTC).strftime("%d %B %Y, %H:%M UTC")
    st.caption(f"{count(score.right)} of {count(score.images)} test images classified correctly. Scored once, {time}.")


def _offer(trial: Trial) -> None:
    """A button that asks first: a score cannot be taken back. None before the training is complete."""
    if trial.state is not TrialState.COMPLETE:
        return
    reason = ""
    if not app_data.folder().weights(trial.id).is_file():
        reason = "Its weights are not in the data folder."
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if visitor.may(Role.BUILDER):
            with st.popover("Score on the sealed test set", icon=":material/lock:", disabled=bool(reason)):
                _ask(trial)
        st.caption(reason or "Not scored yet.", width="content")


def _ask(trial: Trial) -> None:
    name = model_tag(trial.id)
    st.markdown(f"Score {name} on the sealed test images? This can be done only once and cannot be undone.")
    st.caption(
        "The test images were used neither to train models nor to choose between them. Score only your final model: "
        "choosing by this score would make it meaningless."
    )
    key = f"sealed-{trial.id}"
    st.button(
        "Score now, once",
        key=key,
        type="primary",
        on_click=sent_commands.send,
        args=(ScoreSealed(trial.id), sent_commands.press(key)),
    )
