"""The generate page, run by Streamlit's own test runner; clicks on its charts are what the browser tests do."""

import re
from contextlib import closing
from dataclasses import replace

import pytest
from apps import opened, said
from catalogues import CARD, architecture, changed, evaluation, write_catalogue, write_learnt
from trainings import epoch
from weights import leave_weights

from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.inbox import Inbox
from remap_core.space.edits import Prepend, Remove
from remap_core.space.layers import BatchNorm, Dense, InvertedResidual
from remap_core.space.text import layers_text
from remap_core.trials.commands import CancelBatch, Enqueue, Move
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Place, Proposal
from remap_core.ui.session import SESSION


def chosen(way, model="1", **more):
    app = opened("generate", model=model, **more)
    app.button_group(key="generate-way").set_value(way).run()
    assert not app.exception
    return app


def previewed(app):
    """The table of what can be trained."""
    return next((frame.value for frame in app.dataframe if "Train" in frame.value), None)


def refused(app):
    return next((frame.value["Reason"].tolist() for frame in app.dataframe if "Reason" in frame.value), [])


def sent(folder):
    return [command for _, command, _ in Inbox(folder).pending()]


def test_every_ablation_is_previewed_and_the_one_that_is_a_model_already_says_its_accuracy(home):
    write_catalogue(home)
    app = opened("generate", model="1")
    assert re.fullmatch(r"Train 3 ablations, about \d\.\d s \(± \d+ %\)", app.button(key="generate-train").label)
    assert refused(app) == ["Same as Model 6: 52.0 % after 2 epochs."]
    assert app.button(key="generate-add-known").label == "Add #6 to drawer"


def test_a_known_child_goes_into_the_drawer_without_a_training(home):
    folder = write_catalogue(home)
    app = opened("generate", model="1")
    app.button(key="generate-add-known").click().run()
    assert app.session_state[SESSION].drawer == [6]
    assert sent(folder) == []


def test_what_is_trained_says_how_long_that_takes_by_what_was_measured(home):
    write_catalogue(home)
    label = opened("generate", model="1").button(key="generate-train").label
    assert re.search(r"about \d\.\d s \(± \d+ %\)", label)


def test_variations_are_sent_with_their_edits_as_one_batch(home):
    folder = write_catalogue(home)
    app = chosen("Vary")
    app.number_input(key="generate-children-asked").set_value(4).run()
    app.number_input(key="generate-edits-asked").set_value(2).run()
    app.button(key="generate-train").click().run()
    (command,) = sent(folder)
    assert isinstance(command, Enqueue)
    assert {(len(p.edits), p.origin, p.parent) for p in command.proposals} == {(2, Origin.VARIATION, 1)}
    assert len({proposal.batch for proposal in command.proposals}) == 1
    assert app.session_state[SESSION].batches == [command.proposals[0].batch]


def test_variations_obey_the_lists_of_what_is_allowed_where(home):
    folder = write_catalogue(home)
    app = chosen("Vary")
    for kind in ("replace", "remove", "reparameterize"):
        app.button_group(key=f"generate-{kind}-1-list").set_value([]).run()
    app.button_group(key="generate-prepend-1-list").set_value([4]).run()
    app.button(key="generate-train").click().run()
    (command,) = sent(folder)
    assert {(type(edit), edit.index) for proposal in command.proposals for edit in proposal.edits} == {(Prepend, 4)}


def test_when_no_child_can_exist_that_is_said_at_once(home):
    write_catalogue(home)
    app = chosen("Vary")
    for kind in ("prepend", "replace", "remove", "reparameterize"):
        app.button_group(key=f"generate-{kind}-1-list").set_value([]).run()
    assert "#1: No child can be made: no allowed edit changes a layer." in said(app)
    assert app.button(key="generate-train").label == "Nothing new to train"


def test_another_seed_draws_others(home):
    write_catalogue(home)
    app = chosen("Vary")
    before = previewed(app)["Edit"].tolist()
    app.button(key="generate-resample").click().run()
    assert app.number_input(key="generate-seed").value == 1
    assert previewed(app)["Edit"].tolist() != before


def test_several_parents_of_the_drawer_are_varied_at_once(home):
    folder = write_catalogue(home)
    app = chosen("Vary", drawer=[1, 2])
    app.button_group(key="generate-parents-1").set_value([2]).run()
    assert set(previewed(app)["Parent"]) == {1, 2}
    app.button(key="generate-train").click().run()
    (command,) = sent(folder)
    assert {proposal.parent for proposal in command.proposals} == {1, 2}


def test_the_chosen_way_stays_when_something_else_is_done(home):
    write_catalogue(home)
    app = chosen("Edit")
    app.run()
    assert app.button_group(key="generate-way").value == "Edit"


def crafted(app):
    return app.session_state[SESSION].drafts[1]


def test_a_layer_is_removed_undone_and_redone(home):
    write_catalogue(home)
    app = chosen("Edit")
    app.selectbox(key="handcraft-layer").select_index(1).run()
    app.button(key="handcraft-remove").click().run()
    assert [layer.kind for layer in crafted(app).layers] == ["conv2d", "max_pool2d", "dense"]
    app.button(key="handcraft-undo").click().run()
    assert crafted(app).layers == architecture("Conv 16x3, ReLU, MaxPool 2, Dense 64").layers
    app.button(key="handcraft-redo").click().run()
    assert len(crafted(app).layers) == 3


def test_a_hyperparameter_takes_a_value_of_the_grid(home):
    write_catalogue(home)
    app = chosen("Edit")
    app.selectbox(key="handcraft-layer").select_index(3).run()
    app.number_input(key="handcraft-units-1-3-0").set_value(128).run()
    app.button(key="handcraft-change").click().run()
    assert crafted(app).layers[3] == Dense(128)


def test_a_layer_of_another_space_is_inserted_also_one_without_hyperparameters(home):
    write_catalogue(home)
    app = chosen("Edit")
    app.selectbox(key="handcraft-place").select_index(1).run()
    app.selectbox(key="handcraft-kind").set_value("batch_norm").run()
    assert "BatchNorm has no hyperparameters." in said(app)
    app.button(key="handcraft-insert").click().run()
    assert crafted(app).layers[1] == BatchNorm()
    app.selectbox(key="handcraft-layer").select_index(1).run()
    app.button(key="handcraft-change").click().run()
    assert (crafted(app).layers[1], list(app.error)) == (BatchNorm(), [])


def test_a_block_is_inserted_with_its_switch_on(home):
    write_catalogue(home)
    app = chosen("Edit")
    app.selectbox(key="handcraft-kind").set_value("inverted_residual").run()
    app.number_input(key="handcraft-expand-new-inverted_residual").set_value(4).run()
    switch = app.selectbox(key="handcraft-squeeze_excite-new-inverted_residual")
    assert switch.options == ["off", "on"]
    switch.select("on").run()
    app.button(key="handcraft-insert").click().run()
    assert crafted(app).layers[0] == InvertedResidual(16, 3, expand=4, squeeze_excite=True)
    assert not list(app.error)


def test_variations_take_their_layers_from_the_space_that_is_chosen(home):
    write_catalogue(home)
    app = chosen("Vary")
    assert app.selectbox(key="generate-space-remap-2019").value == "remap-2019"
    assert not any("BatchNorm" in edit for edit in previewed(app)["Edit"])
    app.selectbox(key="generate-space-remap-2019").set_value("modern").run()
    app.number_input(key="generate-children-asked").set_value(20).run()
    assert any("BatchNorm" in edit for edit in previewed(app)["Edit"])


def test_variations_begin_with_the_space_that_their_parent_was_sampled_from(home):
    write_catalogue(home, space="mobile")
    app = chosen("Vary")
    assert app.selectbox(key="generate-space-mobile").value == "mobile"
    app.session_state["generate-space-panel"] = True
    app.run()
    assert "**mobile**: 12 steps" in said(app)


def test_children_over_a_cap_on_multiply_adds_are_skipped_with_the_reason(home, monkeypatch):
    monkeypatch.setenv("REMAP_MAX_MULTIPLY_ADDS", "20000")
    write_catalogue(home)
    app = opened("generate", model="1")
    (reasons,) = (table.value["Reason"] for table in app.dataframe if "Reason" in table.value)
    assert "Over the cap: 42,688 multiply-adds, at most 20,000 allowed (REMAP_MAX_MULTIPLY_ADDS)." in list(reasons)


def test_where_few_models_are_known_no_accuracy_is_predicted(home):
    write_catalogue(home)
    assert "Predicted" not in previewed(opened("generate", model="1"))


def test_predicted_accuracies_stand_beside_the_costs(home):
    write_learnt(home)
    app = chosen("Vary")
    assert all(re.fullmatch(r"\d+ % \(\d+ to \d+\)", text) for text in previewed(app)["Predicted"])
    sentence = r"Predicted accuracy \(median error \d+\.\d points; guessing the mean: \d+\.\d\), from 30 trained models"
    assert re.search(sentence, said(app))


def test_a_layer_is_moved_and_stays_chosen(home):
    write_catalogue(home)
    app = chosen("Edit")
    app.selectbox(key="handcraft-layer").select_index(0).run()
    app.button(key="handcraft-right").click().run()
    assert [layer.kind for layer in crafted(app).layers][:2] == ["activation", "conv2d"]
    assert app.selectbox(key="handcraft-layer").value == 1


def test_a_draft_that_does_not_fit_is_kept_and_says_which_block(home):
    write_catalogue(home)
    app = chosen("Edit")
    app.selectbox(key="handcraft-place").select_index(0).run()
    app.selectbox(key="handcraft-kind").set_value("dense").run()
    app.button(key="handcraft-insert").click().run()
    assert "Conv 16x3 at 2 does not fit: it needs an image" in said(app)
    assert refused(app)[0].startswith("Conv 16x3 at 2 does not fit")
    assert app.button(key="generate-train").disabled


def test_pasted_words_become_the_draft_and_are_trained_as_edits_of_the_parent(home):
    folder = write_catalogue(home)
    app = chosen("Edit")
    app.text_area(key="handcraft-paste").set_value("Conv 16x3, MaxPool 2, Dense 64").run()
    app.button(key="handcraft-apply").click().run()
    assert refused(app) == ["Same as Model 6: 52.0 % after 2 epochs."]
    app.text_area(key="handcraft-paste").set_value("ReLU, MaxPool 2, Dense 64").run()
    app.button(key="handcraft-apply").click().run()
    app.button(key="generate-train").click().run()
    (command,) = sent(folder)
    (proposal,) = command.proposals
    assert (proposal.origin, proposal.edits) == (Origin.HANDCRAFTED, (Remove(0),))


def test_linear_layers_of_a_draft_are_fused_on_request_and_undo_takes_it_back(home):
    folder = write_catalogue(home)
    app = chosen("Edit")
    app.text_area(key="handcraft-paste").set_value("Conv 64x3, Conv 16x3, ReLU, MaxPool 2").run()
    app.button(key="handcraft-apply").click().run()
    words = said(app)
    assert "Conv 16x5, ReLU, MaxPool 2 can compute everything that this model can" in words
    assert "with 1,066 parameters instead of" in words
    app.button(key="handcraft-fuse-linear-layers").click().run()
    assert not any(button.key == "handcraft-fuse-linear-layers" for button in app.button)
    app.button(key="handcraft-undo").click().run()
    app.button(key="handcraft-fuse-linear-layers").click().run()
    app.button(key="generate-train").click().run()
    (command,) = sent(folder)
    (proposal,) = command.proposals
    assert layers_text(proposal.architecture.layers) == "Conv 16x5, ReLU, MaxPool 2"


@pytest.mark.parametrize("pasted", ["<img src=x>", "[1, 2", "Dense -3"])
def test_pasted_nonsense_is_said_in_a_sentence_and_changes_nothing(home, pasted):
    write_catalogue(home)
    app = chosen("Edit")
    app.text_area(key="handcraft-paste").set_value(pasted).run()
    app.button(key="handcraft-apply").click().run()
    assert len(app.error) == 1
    assert app.session_state[SESSION].drafts == {}


def test_a_million_units_are_over_the_cap_and_not_trained(home):
    write_catalogue(home)
    app = chosen("Edit")
    app.text_area(key="handcraft-paste").set_value("Dense 1000000").run()
    app.button(key="handcraft-apply").click().run()
    (why,) = refused(app)
    assert why == "Over the cap: 75,000,010 parameters, at most 1,000,000 allowed (REMAP_MAX_PARAMETERS)."
    assert app.button(key="generate-train").disabled


def test_the_objectives_cap_is_the_childrens_too(home):
    write_catalogue(home)
    app = opened("generate", model="1", cap="1000")
    assert all(why.startswith("Over the cap") or why.startswith("Same as Model 6") for why in refused(app))
    assert "at most 1,000 allowed (the objective's cap)." in refused(app)[0]


def test_children_are_shown_with_their_edit_and_what_each_layer_contributes(home):
    write_catalogue(home)
    app = opened("generate", model="1")
    (children,) = [frame.value for frame in app.dataframe if "Result" in frame.value]
    assert children["Edit"].tolist() == ["Removed ReLU"]
    assert children["Result"].tolist() == ["52.0 %"]
    assert children["Test"].tolist() == ["within noise, p = 0.062"]
    assert "What each layer of #1 contributes" in said(app)


def test_what_each_kind_of_edit_did_counts_its_pairs(home):
    write_catalogue(home)
    app = opened("generate", model="1")
    (effects,) = [frame.value for frame in app.dataframe if "Pairs" in frame.value]
    assert effects[["Edit", "Pairs"]].to_numpy().tolist() == [["remove", 1]]
    assert effects[["95 % interval", "Verdict"]].to_numpy().tolist() == [["n/a", "too few pairs"]]


@pytest.mark.parametrize(
    ("right", "interval", "verdict"),
    [((8, 8, 9), "−20.5 to −6.2", "worse"), ((8, 9, 19), "−70.6 to +80.6", "within noise")],
)
def test_what_an_edit_did_has_its_interval_and_a_verdict_from_three_pairs_on(home, right, interval, verdict):
    def train_children(store):
        parent = store.trial(1).proposal  # 55 %
        for number, units in zip(right, (7, 8, 9), strict=True):
            edit = Prepend(4, Dense(units))
            child = edit.apply(parent.architecture)
            made = replace(parent, architecture=child, origin=Origin.VARIATION, parent=1, edits=(edit,))
            (trial,) = store.enqueue([made], 200.0)
            store.claim(201.0)
            store.record_epoch(trial, epoch(1))
            store.complete(trial, evaluation(number), 203.0)

    write_catalogue(home)
    changed(home, train_children)
    app = opened("generate", model="1")
    (effects,) = [frame.value for frame in app.dataframe if "Pairs" in frame.value]
    (row,) = effects[effects["Pairs"] == 3].to_dict("records")
    assert (row["95 % interval"], row["Verdict"]) == (interval, verdict)


def test_a_parent_that_still_waits_can_have_children(home):
    write_catalogue(home, waiting=1)
    app = opened("generate", model="7")
    assert "**#7** waiting" in said(app)


def test_the_queue_says_how_long_all_of_it_takes(home):
    write_catalogue(home, waiting=2)
    assert "0 running, 2 waiting: about" in said(opened("queue"))


def test_the_queue_says_at_most_how_long_it_takes_where_halving_may_prune(home, monkeypatch):
    monkeypatch.setenv("REMAP_HALVING", "true")
    write_catalogue(home, waiting=2)
    assert "0 running, 2 waiting: at most about" in said(opened("queue"))


def test_the_queue_says_on_which_data_set_it_is_not_known_how_long_trainings_take(home):
    folder = write_catalogue(home, waiting=1)
    with closing(CatalogueStore.open(folder)) as store:
        store.register_dataset(replace(CARD, name="/srv/new_*images*.npz"))
        store.enqueue([Proposal(architecture("Dense 9"), "/srv/new_*images*.npz")], 200.0)
        Publisher(store, folder).publish()
    app = opened("queue")
    app.button_group(key="queue-datasets").set_value(True).run()
    words = said(app)
    assert "2 waiting; expected time unknown until 3 trainings on new\\_\\*images\\*.npz are finished." in words


@pytest.mark.parametrize("place", Place)
def test_a_waiting_training_is_moved(home, place):
    folder = write_catalogue(home, waiting=2)
    opened("queue").button(key=f"{place}-8").click().run()
    assert sent(folder) == [Move(8, place)]


def test_a_failed_training_says_why_and_is_tried_again(home):
    folder = write_catalogue(home, failed=1)
    app = opened("queue")
    assert "The training diverged at epoch 1" in said(app)
    app.button(key="retry-7").click().run()
    assert len(sent(folder)) == 1


def test_a_batch_is_looked_at_alone_and_cancelled_whole(home):
    folder = write_catalogue(home)
    store = CatalogueStore.open(folder)
    config = TrainingConfig(epochs=2)
    store.enqueue(
        [Proposal(architecture(f"Dense {units}, ReLU"), "digits", config, batch="mine") for units in (300, 301)], 110.0
    )
    Publisher(store, folder).publish()
    store.close()
    app = opened("queue")
    app.selectbox(key="queue-batch").set_value("mine").run()
    assert "Waiting: 2" in said(app)
    app.button(key="cancel-batch-mine").click().run()
    assert sent(folder) == [CancelBatch("mine")]


def test_a_batch_that_has_ended_is_announced_once(home):
    write_catalogue(home)
    app = opened("queue")
    app.session_state[SESSION].batches.append("ablations of 1")
    app.run()
    assert [toast.value for toast in app.toast] == ["Ablations of 1 finished: 1 complete."]
    assert app.session_state[SESSION].batches == []


def test_children_that_start_from_the_parents_weights_are_sent_with_their_epochs(home):
    folder = write_catalogue(home)
    leave_weights(folder, 1)
    app = opened("generate", model="1")
    app.toggle(key="generate-inherit").set_value(True).run()
    app.number_input(key="generate-inherit-epochs").set_value(4).run()
    assert not app.exception
    app.button(key="generate-train").click().run()
    (command,) = sent(folder)
    configs = {proposal.config for proposal in command.proposals}
    assert [(config.start, config.epochs) for config in configs] == [(1, 4)]
    assert {(proposal.parent, proposal.inherits) for proposal in command.proposals} == {(1, True)}


def test_without_the_parents_weights_children_are_trained_in_full_and_the_page_says_so(home):
    folder = write_catalogue(home)
    app = opened("generate", model="1")
    app.toggle(key="generate-inherit").set_value(True).run()
    assert [one.value for one in app.info] == [
        "The weights of Model 1 are gone, so its children cannot start from them. Children are trained in full."
    ]
    app.button(key="generate-train").click().run()
    (command,) = sent(folder)
    assert {proposal.config.start for proposal in command.proposals} == {None}


def test_a_child_from_its_parents_weights_is_listed_without_a_comparison(home):
    folder = write_catalogue(home)

    def inherited(store):
        parent = store.trial(1).proposal
        config = TrainingConfig(epochs=1, start=1)
        child = replace(parent, config=config, origin=Origin.ABLATION, parent=1, edits=(Remove(0),))
        store.enqueue([replace(child, architecture=Remove(0).apply(parent.architecture))], 200.0)
        store.claim(201.0)
        store.record_epoch(7, epoch(1))
        store.complete(7, evaluation(19), 203.0)

    changed(folder.home, inherited)
    app = opened("generate", model="1")
    table = next(frame.value for frame in app.dataframe if "Change" in frame.value)
    rows = {row["Model"]: row for _, row in table.iterrows()}
    assert (rows[7]["Start"], rows[7]["Change"], rows[7]["Test"]) == ("parent's weights, 1 epoch", "", "")
    assert rows[6]["Start"] == ""
    assert rows[6]["Change"]


def test_of_a_drawer_of_many_models_the_last_twelve_can_be_parents_too(home):
    write_catalogue(home, waiting=20)
    app = opened("generate", drawer=range(1, 21), model="1")
    assert len(app.button_group(key="generate-parents-1").options) == 12
    assert "Of 19 other models in the drawer the last 12 can be parents, too." in said(app)
