"""One model: its layers, its numbers, its learning curves and what it mistakes for what."""

import streamlit as st

from remap_core.drawing import confusion, curves
from remap_core.drawing.snac import Size, snac_alt
from remap_core.drawing.snac_figure import snac_figure
from remap_core.drawing.words import count, milliseconds, percent
from remap_core.trials import TrialState
from remap_core.ui import shell, state
from remap_core.ui.events import draw
from remap_core.ui.tables import layer_table, origin_sentence


def progress(model: int) -> tuple[TrialState, int]:
    """How far a model's training is, by the newest catalogue."""
    trial = state.catalogue().trial(model)
    return trial.state, trial.epochs_done


with shell.page("inspect"):
    catalogue = state.catalogue()
    trial = shell.asked_trial(catalogue)
    if trial is None:
        st.info("No model is selected. Click a circle on the overview, or open one from the drawer.")
        st.page_link("pages/overview.py", label="To the overview")
        st.stop()

    st.subheader(f"Model #{trial.id}")
    st.caption(origin_sentence(trial, catalogue))
    if trial.error:
        st.error(trial.error)
    draw(snac_figure(trial.architecture, Size.LARGE), "inspect-snac", snac_alt(trial.architecture))

    evaluation = catalogue.evaluation(trial.id)
    shown = {
        "Validation accuracy": percent(trial.last.validation_accuracy) if trial.last else "not yet",
        "Train accuracy": percent(trial.last.train_accuracy) if trial.last else "not yet",
        "Parameters": count(trial.architecture.parameters),
        "Multiply-adds": count(trial.architecture.multiply_adds),
        "Latency, batch of 1": milliseconds(evaluation.latency.batch_1_ms) if evaluation else "not yet",
    }
    for column, (name, value) in zip(st.columns(len(shown)), shown.items(), strict=True):
        column.metric(name, value)
    if evaluation:
        latency = evaluation.latency
        st.caption(f"Latency on {latency.device}, {latency.threads} thread(s), {latency.dtype}.")

    left, right = st.columns(2)
    with left:
        st.markdown("##### Learning curves")
        results = catalogue.epochs(trial.id)
        if results:
            draw(
                curves.learning_curves_figure({f"#{trial.id}": results}),
                "inspect-curves",
                curves.learning_curves_alt({f"#{trial.id}": results}),
            )
        else:
            st.info("The curves begin with the first epoch.")
    with right:
        st.markdown("##### Confusion matrix")
        if evaluation:
            names = catalogue.dataset(trial.proposal.dataset).class_names
            as_shares = st.toggle("Shares of each row", key="inspect-shares")
            draw(
                confusion.confusion_figure(evaluation, names, shares=as_shares),
                "inspect-confusion",
                confusion.confusion_alt(evaluation, names),
            )
        else:
            st.info("The confusion matrix is drawn when the training is complete.")
    st.markdown("##### Layers")
    layer_table(trial.architecture, key="inspect-layers")
    if st.button("Generate from this model", key="inspect-generate", type="primary"):
        shell.open_model(trial.id, "generate")
    shell.watch(lambda: progress(trial.id), (trial.state, trial.epochs_done))
