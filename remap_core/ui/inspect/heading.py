"""The head of the inspect page: number, results, origin and layers of a model, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.wrapping_snac import wrapping_snac_html
from remap_core.formatting import kilobytes, milliseconds, model_tag, percent, pluralize
from remap_core.space.footprint import footprint
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.trial import Trial, TrialState
from remap_core.ui import app_data, drawer_state, navigation, view_state
from remap_core.ui.inspect.second_model import choose_second_model
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people.role_captions import owner_name
from remap_core.ui.session import current_session
from remap_core.ui.tables import origin_sentence, training_status


def show_heading(catalogue: Catalogue, trial: Trial) -> None:
    """Number and results in a line, how optimistic they are, where the model comes from, why it failed, its SNAC."""
    st.markdown(f"##### {model_tag(trial.id)} :small[{_numbers(trial, catalogue.evaluation(trial.id))}]")
    _show_optimism(trial)
    _show_origin(catalogue, trial)
    if trial.error and trial.state is TrialState.PRUNED:
        st.info(escape_markdown(trial.error))
    elif trial.error:
        st.error(escape_markdown(trial.error))
    st.html(wrapping_snac_html(trial.architecture))


def _show_optimism(trial: Trial) -> None:
    """Of the most accurate model of the view, how optimistic that accuracy is."""
    dataset = app_data.dataset_view()
    if trial.proposal.dataset != dataset.name or trial.state is not TrialState.COMPLETE:
        return
    best = dataset.best_of_many(view_state.current_view())
    if best and best.model == trial.id:
        st.caption(best.sentence, help="The sealed test is at the end of Performance.")


def _show_origin(catalogue: Catalogue, trial: Trial) -> None:
    """Where it comes from, and who queued it where people sign in."""
    owner = owner_name(trial.owner)
    if owner is None:
        st.caption(origin_sentence(trial, catalogue))
    else:
        st.caption(f"{origin_sentence(trial, catalogue)} Queued by {owner.text}.", help=owner.whole)


def _numbers(trial: Trial, evaluation: Evaluation | None) -> str:
    parts = []
    if trial.accuracy is not None:
        parts.append(trial.accuracy_text())
    if trial.state is not TrialState.COMPLETE:
        parts.append(training_status(trial))
    parts.append(pluralize(trial.architecture.parameters, "parameter"))
    if evaluation:
        parts.append(milliseconds(evaluation.latency.batch_1_ms))
    target = view_state.current_objective().target
    if target:
        parts.append(target.verdict(target.needs(trial.architecture)))
    return " · ".join(parts)


def show_details(catalogue: Catalogue, trial: Trial) -> None:
    """The results that the heading has no room for, in a line; its tooltip says how the latency was measured."""
    parts = [f"Trained for {trial.proposal.config.title}"]
    if trial.last:
        parts.append(f"Training accuracy {percent(trial.last.train_accuracy)}")
    parts.append(pluralize(trial.architecture.multiply_adds, "multiply-add"))
    small = footprint(trial.architecture, int8=True)
    parts.append(f"{kilobytes(small.ram_bytes)} of RAM and {kilobytes(small.flash_bytes)} of flash in int8")
    measured = None
    evaluation = catalogue.evaluation(trial.id)
    if evaluation:
        latency = evaluation.latency
        parts.append(f"{milliseconds(latency.batch_256_ms)} for 256 images")
        threads = pluralize(latency.threads, "thread")
        device = escape_markdown(latency.device)
        measured = f"Latency measured on {device}, {threads}, {latency.dtype}, in batches of 1 and of 256."
    st.caption(" · ".join(parts), help=measured)


def show_actions(catalogue: Catalogue, trial: Trial, second: Trial | None) -> None:
    """Generate, keep, compare."""
    in_drawer = trial.id in current_session().drawer
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button("Generate", key="inspect-generate", type="primary"):
            navigation.open_model(trial.id, "generate")
        st.button(
            "In drawer" if in_drawer else "Add to drawer",
            key="inspect-add-to-drawer",
            disabled=in_drawer,
            on_click=drawer_state.add,
            args=([trial.id],),
        )
        choose_second_model(catalogue, trial, second)
