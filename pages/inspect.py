"""One model, or two side by side: layers, numbers, learning curves, mistakes, lineage, notes, the sealed test."""

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts import learning_curves
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.snac_figure import snac_figure
from remap_core.formatting import count, milliseconds, model_name, model_tag, percent, pluralize
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.trial import Trial, TrialState
from remap_core.ui import app_data, drawer_state, frame, live, navigation, sent_commands
from remap_core.ui.drawer.comparison_table import compare
from remap_core.ui.drawer.notes import edit_notes
from remap_core.ui.events.chart_events import draw
from remap_core.ui.inspect.confusion_panel import show_mistakes
from remap_core.ui.inspect.export_panel import show_exports
from remap_core.ui.inspect.lineage_tree import show_lineage
from remap_core.ui.inspect.sealed_test_panel import show_sealed_test
from remap_core.ui.inspect.second_model import choose_second_model
from remap_core.ui.inspect.seeds_panel import show_repeats
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.overview.start_here import require_model
from remap_core.ui.session import current_session
from remap_core.ui.tables import fusing_sentence, layer_table, origin_sentence

NOT_YET = "not yet"


def show_heading(catalogue: Catalogue, trial: Trial) -> None:
    st.subheader(model_name(trial.id))
    st.caption(origin_sentence(trial, catalogue))
    if trial.error and trial.state is TrialState.PRUNED:
        st.info(escape_markdown(trial.error))
    elif trial.error:
        st.error(escape_markdown(trial.error))
    figure = snac_figure(
        trial.architecture,
        Size.LARGE,
        bracketed=True,
        brush=False,
    )
    draw(figure, "inspect-snac", snac_alt(trial.architecture), shrinks=False)


def show_numbers(catalogue: Catalogue, trial: Trial) -> None:
    evaluation = catalogue.evaluation(trial.id)
    with st.container(horizontal=True, gap="medium"):
        for name, text in numbers(trial, evaluation).items():
            st.metric(name, text, width="content")
    if evaluation:
        latency = evaluation.latency
        threads = pluralize(latency.threads, "thread")
        st.caption(f"Latency measured on {latency.device}, {threads}, {latency.dtype}.")


def numbers(trial: Trial, evaluation: Evaluation | None) -> dict[str, str]:
    texts = {
        "Validation accuracy": trial.accuracy_text(otherwise=NOT_YET),
        "Train accuracy": NOT_YET,
        "Parameters": count(trial.architecture.parameters),
        "Multiply-adds": count(trial.architecture.multiply_adds),
        "Latency, batch of 1": NOT_YET,
        "Latency, batch of 256": NOT_YET,
    }
    if trial.last:
        texts["Train accuracy"] = percent(trial.last.train_accuracy)
    if evaluation:
        texts["Latency, batch of 1"] = milliseconds(evaluation.latency.batch_1_ms)
        texts["Latency, batch of 256"] = milliseconds(evaluation.latency.batch_256_ms)
    return texts


def show_curves(catalogue: Catalogue, trials: list[Trial]) -> None:
    st.markdown("##### Learning curves")
    curves = catalogue.epoch_curves([trial.id for trial in trials])
    results = {model_tag(model): epochs for model, epochs in curves.items()}
    if not any(results.values()):
        st.info("The curves start after the first epoch.")
        return
    figure = learning_curves.learning_curves_figure(results)
    draw(figure, "inspect-curves", learning_curves.learning_curves_alt(results))


def show_actions(trial: Trial) -> None:
    in_drawer = trial.id in current_session().drawer
    with st.container(horizontal=True):
        if st.button("Generate from this model", key="inspect-generate", type="primary"):
            navigation.open_model(trial.id, "generate")
        st.button(
            "In drawer" if in_drawer else "Add to drawer",
            key="inspect-add-to-drawer",
            disabled=in_drawer,
            on_click=drawer_state.add,
            args=([trial.id],),
        )
        show_exports(trial)


def show_layers(trial: Trial, key: str) -> None:
    st.markdown("##### Layers")
    layer_table(trial.architecture, key=f"{key}-layers")
    sentence = fusing_sentence(trial.architecture)
    if sentence:
        st.caption(sentence)


def show_one(catalogue: Catalogue, trial: Trial) -> None:
    show_numbers(catalogue, trial)
    left, right = st.columns(2, gap="large")
    with left:
        show_curves(catalogue, [trial])
        show_layers(trial, "inspect")
        show_context(catalogue, trial)
    with right:
        show_mistakes(catalogue, trial, key="inspect")


def show_two(catalogue: Catalogue, first: Trial, second: Trial) -> None:
    """How the two differ, the curves of both in one figure, then one column each."""
    st.markdown(f"##### From {model_tag(first.id)} to {model_tag(second.id)}")
    compare(catalogue, first, second)
    show_curves(catalogue, [first, second])
    left, right = st.columns(2, gap="large")
    with left:
        show_column(catalogue, first, "inspect")
    with right:
        show_column(catalogue, second, "second")
    show_context(catalogue, first)


def show_column(catalogue: Catalogue, trial: Trial, key: str) -> None:
    st.markdown(f"#### {model_name(trial.id)}")
    show_numbers(catalogue, trial)
    show_layers(trial, key)
    show_mistakes(catalogue, trial, key=key)


def show_context(catalogue: Catalogue, trial: Trial) -> None:
    """Lineage, repeats, the sealed test, notes."""
    st.markdown(f"##### Lineage of {model_tag(trial.id)}")
    show_lineage(catalogue, trial, key="inspect-lineage")
    st.markdown("##### Repeat with other seeds")
    live.live(lambda newest: show_repeats(newest, trial))
    st.markdown("##### Sealed test")
    show_sealed_test(trial)
    st.markdown("##### Note and tags")
    edit_notes(catalogue, trial)
    sent_commands.show_answers()


with frame.body():
    catalogue = app_data.catalogue()
    trial = require_model(catalogue)
    show_heading(catalogue, trial)
    show_actions(trial)
    second = choose_second_model(catalogue, trial)
    if second:
        show_two(catalogue, trial, second)
    else:
        show_one(catalogue, trial)
