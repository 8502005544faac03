"""New models from chosen ones: ablations, variations, handcrafted."""

from remap_core.ui.model_map import first_paint

first_paint.begin()

from collections.abc import Callable

import streamlit as st

from remap_core.analysis.previews import Children
from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import model_tag, pluralize
from remap_core.services.child_trainings import full_config
from remap_core.trials.trial import Origin, Trial
from remap_core.ui import app_data, frame, live, sent_commands
from remap_core.ui.data.first_models import require_models
from remap_core.ui.generate.ablation_panel import choose_ablations
from remap_core.ui.generate.baselines_panel import show_baselines
from remap_core.ui.generate.children_table import show_children
from remap_core.ui.generate.draft_editor import handcraft
from remap_core.ui.generate.effects_table import show_effects
from remap_core.ui.generate.preview_table import preview, train_children_bar
from remap_core.ui.generate.variation_panel import choose_variations
from remap_core.ui.generate.ways import ABLATIONS, BASELINE, HANDCRAFTED, SUGGESTED, VARIATIONS, WAY, WAYS
from remap_core.ui.overview.start_here import require_model
from remap_core.ui.people.role_captions import say_viewers_cannot_train
from remap_core.ui.session import current_session
from remap_core.ui.suggest.autopilot_panel import show_autopilot
from remap_core.ui.suggest.candidates_panel import forget_suggestions, show_candidates

Way = Callable[[list[Trial]], Children]
MAKERS: dict[str, tuple[Origin, str, Way]] = {
    ABLATIONS: (Origin.ABLATION, "ablation", choose_ablations),
    VARIATIONS: (Origin.VARIATION, "variation", choose_variations),
    HANDCRAFTED: (Origin.HANDCRAFTED, "handcrafted model", lambda parents: handcraft(parents[0])),
}
MORE_PARENTS = 12  # each has a chart of its own


def choose_way() -> str:
    st.session_state.setdefault(WAY, ABLATIONS)
    title = st.segmented_control(
        "Kind of children",
        WAYS,
        default=st.session_state[WAY],
        required=True,
        key=WAY,
        label_visibility="collapsed",
        persist_state="session",
    )
    return title or ABLATIONS


def choose_more_parents(catalogue: Catalogue, selected: Trial) -> list[Trial]:
    """Models of the drawer that are chosen as parents too."""
    models = [model for model in current_session().drawer if model != selected.id]
    dataset = selected.proposal.dataset
    all_others = [trial for trial in catalogue.trials(models) if trial.proposal.dataset == dataset]
    others = all_others[-MORE_PARENTS:]
    if not others:
        return []
    if len(others) < len(all_others):
        st.caption(f"Of {len(all_others)} other models in the drawer the last {MORE_PARENTS} can be parents, too.")
    chosen = st.pills(
        "More parents, from the drawer",
        [trial.id for trial in others],
        selection_mode="multi",
        format_func=model_tag,
        key=f"generate-parents-{selected.id}",
        persist_state="session",
    )
    return [trial for trial in others if trial.id in chosen]


def show_baseline(catalogue: Catalogue, parent: Trial) -> None:
    accuracy = parent.accuracy_text(otherwise=parent.state.value)
    parameters = pluralize(parent.architecture.parameters, "parameter")
    epochs = pluralize(full_config(catalogue, parent).epochs, "epoch")
    st.markdown(
        f"**{model_tag(parent.id)}** {accuracy} · {parameters}",
        help=f"The baseline. Children train for {epochs}, as models are compared, unless they start from its weights.",
    )


def answers_and_children(newest: Catalogue, parents: list[Trial]) -> None:
    sent_commands.answers(newest)
    show_children(newest, newest.trials([parent.id for parent in parents]))


def rerun_for_news(dataset: str) -> None:
    """The preview names models that wait or run: when one changes its state, it says so."""
    live.watch(lambda: app_data.catalogue().states_of(dataset), app_data.catalogue().states_of(dataset))


def suggest(catalogue: Catalogue) -> None:
    """Suggestions need no selected model."""
    show_candidates(catalogue)
    sent_commands.show_answers()
    show_autopilot()
    raise live.PageEnds


def baselines() -> None:
    """Baselines need no selected model."""
    live.live(show_baselines)
    say_viewers_cannot_train()
    sent_commands.show_answers()
    raise live.PageEnds


with frame.body():
    require_models()
    catalogue = app_data.catalogue()
    forget_suggestions()
    way = choose_way()
    if way == SUGGESTED:
        suggest(catalogue)
    if way == BASELINE:
        baselines()
    selected = require_model(catalogue)
    show_baseline(catalogue, selected)
    origin, noun, choose_children = MAKERS[way]
    parents = [selected]
    if origin is not Origin.HANDCRAFTED:
        parents += choose_more_parents(catalogue, selected)
    children = choose_children(parents)
    chosen = []
    if children:
        chosen = preview(catalogue, children)
        rerun_for_news(selected.proposal.dataset)
    live.live(lambda newest: answers_and_children(newest, parents))
    with st.expander("Effects of edits, over all models"):
        show_effects(selected.proposal.dataset)
    train_children_bar(catalogue, origin, chosen, noun)
