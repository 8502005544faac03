"""New models from chosen ones: ablations, variations, handcrafted."""

from collections.abc import Callable

import streamlit as st

from remap_core import formatting
from remap_core.analysis.previews import Children
from remap_core.catalogue.reader import Catalogue
from remap_core.trials.trial import Origin, Trial
from remap_core.ui import app_data, frame, live, navigation, receipts
from remap_core.ui.generate.ablation_panel import choose_ablations
from remap_core.ui.generate.children_table import show_children
from remap_core.ui.generate.draft_editor import handcraft
from remap_core.ui.generate.effects_table import show_effects
from remap_core.ui.generate.preview_table import preview
from remap_core.ui.generate.variation_panel import choose_variations
from remap_core.ui.session import current_session

Way = Callable[[list[Trial]], Children]
WAYS: dict[str, tuple[Origin, str, Way]] = {
    "Ablations": (Origin.ABLATION, "ablation", choose_ablations),
    "Variations": (Origin.VARIATION, "variation", choose_variations),
    "Handcrafted": (Origin.HANDCRAFTED, "handcrafted model", lambda parents: handcraft(parents[0])),
}


def choose_parents(catalogue: Catalogue, selected: Trial) -> list[Trial]:
    """The selected model, and those of the drawer that shall have children too."""
    kept = [trial for trial in catalogue.trials(current_session().drawer) if trial.id != selected.id]
    others = [trial for trial in kept if trial.proposal.dataset == selected.proposal.dataset]
    more = st.pills(
        "Together with these of the drawer",
        [trial.id for trial in others],
        selection_mode="multi",
        format_func=lambda model: f"#{model}",
        key=f"generate-parents-{selected.id}",
        persist_state="session",
    )
    return [selected, *(trial for trial in others if trial.id in more)]


def baseline(parent: Trial) -> str:
    accuracy = parent.accuracy_text(otherwise=parent.state.value)
    epochs = formatting.pluralize(parent.proposal.config.epochs, "epoch")
    parameters = formatting.pluralize(parent.architecture.parameters, "parameter")
    return f"Baseline #{parent.id}: {accuracy}, {parameters}; its children are trained for {epochs} as it was."


def answers_and_children(newest: Catalogue, parents: list[Trial]) -> None:
    receipts.show_receipts(newest)
    show_children(newest, newest.trials([parent.id for parent in parents]))


with frame.page("generate"):
    catalogue = app_data.catalogue()
    selected = navigation.trial_from_url(catalogue)
    if selected is None:
        st.info("Children are made from a selected model. Click a circle on the overview first.")
        st.page_link("pages/overview.py", label="To the overview")
        st.stop()

    st.caption(baseline(selected))
    way = st.segmented_control(
        "How", WAYS, default="Ablations", required=True, key="generate-way", persist_state="session"
    )
    origin, noun, choose = WAYS[way]
    is_alone = origin is Origin.HANDCRAFTED or not set(current_session().drawer) - {selected.id}
    parents = [selected] if is_alone else choose_parents(catalogue, selected)
    children = choose(parents)

    st.markdown("##### Preview")
    if children:
        preview(catalogue, origin, children, noun)
    else:
        st.caption("Nothing to train yet.")

    st.markdown("##### Children")
    live.live(lambda newest: answers_and_children(newest, parents))
    with st.expander("What each kind of edit did, over all models"):
        show_effects(selected.proposal.dataset)
