"""One model, or two beside each other: layers, numbers, learning curves, mistakes, lineage, notes, the sealed test."""

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts import learning_curves
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.snac_figure import snac_figure
from remap_core.formatting import count, milliseconds, percent
from remap_core.trials.trial import SeedScore, Trial, TrialId, TrialState
from remap_core.ui import app_data, drawer_state, frame, live, navigation
from remap_core.ui.drawer.comparison_table import compare
from remap_core.ui.drawer.notes import edit_notes, show_receipts
from remap_core.ui.events.chart_events import draw
from remap_core.ui.inspect.confusion_panel import show_mistakes
from remap_core.ui.inspect.export_panel import show_exports
from remap_core.ui.inspect.lineage_tree import show_lineage
from remap_core.ui.inspect.sealed_test_panel import show_sealed_test
from remap_core.ui.inspect.second_model import choose_second_model
from remap_core.ui.inspect.seeds_panel import show_repeats
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session
from remap_core.ui.tables import layer_table, merging_sentence, origin_sentence


def progress(model: TrialId) -> tuple[TrialState, int, SeedScore | None]:
    """How far a model's training is and what its seeds come to, by the newest catalogue."""
    trial = app_data.catalogue().trial(model)
    return trial.state, trial.epochs_done, trial.score


def show_numbers(catalogue: Catalogue, trial: Trial) -> None:
    evaluation = catalogue.evaluation(trial.id)
    shown = {
        "Validation accuracy": trial.accuracy_text(otherwise="not yet"),
        "Train accuracy": percent(trial.last.train_accuracy) if trial.last else "not yet",
        "Parameters": count(trial.architecture.parameters),
        "Multiply-adds": count(trial.architecture.multiply_adds),
        "Latency, batch of 1": milliseconds(evaluation.latency.batch_1_ms) if evaluation else "not yet",
        "Latency, batch of 256": milliseconds(evaluation.latency.batch_256_ms) if evaluation else "not yet",
    }
    with st.container(horizontal=True, gap="medium"):
        for name, value in shown.items():
            st.metric(name, value, width="content")
    if evaluation:
        latency = evaluation.latency
        st.caption(f"Latency on {latency.device}, {latency.threads} thread(s), {latency.dtype}.")


def show_curves(catalogue: Catalogue, trials: list[Trial]) -> None:
    st.markdown("##### Learning curves")
    results = {f"#{model}": epochs for model, epochs in catalogue.epoch_curves([one.id for one in trials]).items()}
    if any(results.values()):
        draw(
            learning_curves.learning_curves_figure(results),
            "inspect-curves",
            learning_curves.learning_curves_alt(results),
        )
    else:
        st.info("The curves begin with the first epoch.")


def act(trial: Trial) -> None:
    with st.container(horizontal=True):
        if st.button("Generate from this model", key="inspect-generate", type="primary"):
            navigation.open_model(trial.id, "generate")
        kept = trial.id in current_session().drawer
        st.button(
            "Keep in the drawer", key="inspect-keep", disabled=kept, on_click=drawer_state.add, args=([trial.id],)
        )
        show_exports(trial)


def show_layers(trial: Trial, key: str) -> None:
    st.markdown("##### Layers")
    layer_table(trial.architecture, key=f"{key}-layers")
    if sentence := merging_sentence(trial.architecture):
        st.caption(sentence)


def show_one(catalogue: Catalogue, trial: Trial) -> None:
    show_numbers(catalogue, trial)
    left, right = st.columns(2, gap="large")
    with left:
        show_curves(catalogue, [trial])
        show_layers(trial, "inspect")
        show_around(catalogue, trial)
    with right:
        show_mistakes(catalogue, trial, key="inspect")


def show_two(catalogue: Catalogue, first: Trial, second: Trial) -> None:
    """Their differences, the curves of both in one figure, then one column each."""
    st.markdown(f"##### From #{first.id} to #{second.id}")
    compare(catalogue, first, second)
    show_curves(catalogue, [first, second])
    for column, one, key in zip(st.columns(2, gap="large"), (first, second), ("inspect", "second"), strict=True):
        with column:
            st.markdown(f"#### #{one.id}")
            show_numbers(catalogue, one)
            show_layers(one, key)
            show_mistakes(catalogue, one, key=key)
    show_around(catalogue, first)


def show_around(catalogue: Catalogue, trial: Trial) -> None:
    """What there is to know and to do beside the model itself."""
    st.markdown(f"##### Lineage of #{trial.id}")
    show_lineage(catalogue, trial, key="inspect-lineage")
    st.markdown(f"##### Seeds of #{trial.model}")
    live.live(lambda newest: show_repeats(newest, trial))
    st.markdown("##### Sealed test")
    show_sealed_test(trial)
    st.markdown("##### Note and tags")
    edit_notes(catalogue, trial)
    show_receipts()


with frame.page("inspect"):
    catalogue = app_data.catalogue()
    trial = navigation.trial_from_url(catalogue)
    if trial is None:
        st.info("No model is selected. Click a circle on the overview, or open one from the drawer.")
        st.page_link("pages/overview.py", label="To the overview")
        st.stop()

    st.subheader(f"Model #{trial.id}")
    st.caption(origin_sentence(trial, catalogue))
    if trial.error:
        (st.info if trial.state is TrialState.PRUNED else st.error)(escape_markdown(trial.error))
    figure = snac_figure(trial.architecture, Size.LARGE, bracketed=True, brush=False)
    draw(figure, "inspect-snac", snac_alt(trial.architecture), shrinks=False)
    act(trial)
    second = choose_second_model(catalogue, trial)
    if second:
        show_two(catalogue, trial, second)
    else:
        show_one(catalogue, trial)
    live.watch(lambda: progress(trial.id), (trial.state, trial.epochs_done, trial.score))
