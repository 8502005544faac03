"""Finishing a model: a long training from its weights, for a model that will be used elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.datasets.augmentation import suggested_augmentation
from remap_core.datasets.recipe import AUGMENTATIONS
from remap_core.formatting import model_name, model_tag, percent, pluralize
from remap_core.services.model_files import exported_training
from remap_core.services.proposals import propose_finish
from remap_core.trials.trial import Proposal, Trial, TrialId, TrialState
from remap_core.ui import app_data, live, sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.tables import training_status
from remap_core.ui.time_labels import expected_now, time_caption, with_time

EPOCHS = "finish-epochs"
CHANGES = "finish-augmentation"
WEIGHTS = "export-weights"
FACTOR = 3
"""Times the epochs that the model was trained for: what is suggested."""


def choose_weights(catalogue: Catalogue, trial: Trial) -> Trial:
    """The training whose weights are exported: the model's own, or one that finished it."""
    complete = [finish for finish in catalogue.finishes(trial.model) if finish.state is TrialState.COMPLETE]
    model = catalogue.trial(trial.model)
    if not complete:
        return model
    trainings = {training.id: training for training in (model, *complete)}
    chosen = st.segmented_control(
        "Weights",
        list(trainings),
        default=exported_training(catalogue, model).id,
        required=True,
        format_func=lambda ident: _weights_label(trainings[ident], model),
        key=f"{WEIGHTS}-{model.id}",
    )
    return trainings.get(chosen, model)


def _weights_label(training: Trial, model: Trial) -> str:
    accuracy = percent(training.last.validation_accuracy) if training.last else ""
    if training.id == model.id:
        return f"As compared: {accuracy}"
    return f"Finished, {pluralize(training.epochs_done, 'epoch')}: {accuracy}"


def show_finish(trial: Trial) -> None:
    """Trainings that finish a model, and a way to start one."""
    live.watch(lambda: _complete(trial.model), _complete(trial.model))
    live.live(lambda newest: _show_unfinished(newest, trial))
    if not visitor.may(Role.BUILDER):
        return
    with st.expander("Finish this model", key="finish", on_change="rerun") as panel:
        if panel.open:
            _offer(app_data.catalogue(), trial)


def _complete(model: TrialId) -> int:
    """How many trainings have finished a model."""
    return sum(finish.state is TrialState.COMPLETE for finish in app_data.catalogue().finishes(model))


def _show_unfinished(catalogue: Catalogue, trial: Trial) -> None:
    for finish in catalogue.finishes(trial.model):
        if finish.state is not TrialState.COMPLETE:
            parts = [f"Finishing {model_tag(trial.model)}: {training_status(finish)}"]
            if finish.accuracy is not None:
                parts.append(finish.accuracy_text())
            st.caption(", ".join(parts))
            if finish.error:
                st.error(escape_markdown(finish.error), icon=":material/error:")


def _offer(catalogue: Catalogue, trial: Trial) -> None:
    model = catalogue.trial(trial.model)
    if model.state is not TrialState.COMPLETE:
        st.caption(f"{model_name(model.id)} can be finished once it is complete.")
        return
    if not app_data.folder().weights(model.id).exists():
        st.info(f"The weights of {model_name(model.id)} are gone, so it cannot be finished.")
        return
    st.caption(
        "Trains the model further from its weights, with the recipe `thorough`. The map keeps the accuracy that is "
        "comparable with other models; exports use the more accurate weights."
    )
    channels, height, width = model.architecture.input_shape
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = st.number_input(
            "Epochs", 1, 10_000, max(30, FACTOR * model.proposal.config.epochs), key=EPOCHS, width=120
        )
        changes = st.pills(
            "Change training images",
            AUGMENTATIONS,
            selection_mode="multi",
            default=suggested_augmentation(channels, height, width),
            key=CHANGES,
            help="Random changes in every epoch. Leave out flip where left and right matter, as with letters.",
        )
    proposal = _proposal(catalogue, model, epochs, changes)
    expected = expected_now(catalogue, [proposal])
    st.button(
        with_time(f"Finish {model_tag(model.id)}", expected),
        key="finish-train",
        icon=":material/flag:",
        on_click=_train,
        args=(proposal, sent_commands.press(f"finish-{model.id}")),
    )
    time_caption(expected)


def _proposal(catalogue: Catalogue, model: Trial, epochs: int, changes: Sequence[str]) -> Proposal:
    return propose_finish(catalogue, model, epochs, changes, time.time())


def _train(proposal: Proposal, press: sent_commands.Press) -> None:
    sent_commands.enqueue((proposal,), press)
