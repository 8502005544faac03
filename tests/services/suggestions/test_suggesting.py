from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from catalogues import CARD, architecture, changed, copied, evaluation, write_catalogue, write_learnt

from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import InvalidArgument, InvalidView, SpaceExhausted
from remap_core.services.suggestions import known_models
from remap_core.services.suggestions.suggesting import outlook, propose_suggestions, suggest
from remap_core.settings import Settings
from remap_core.space.edits import Remove, apply_all
from remap_core.space.footprint import Footprint
from remap_core.space.text import parse_layers
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.population import pareto_front
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Place, Proposal
from remap_core.views.filters import Filter, Span
from remap_core.views.objective import Objective
from remap_core.views.targets import Target
from remap_core.views.view import View

SETTINGS = Settings(epochs=2)


@pytest.fixture
def learnt(tmp_path):
    """30 models: the larger the better."""
    return open_snapshot(write_learnt(tmp_path / "home"))


def trained(store, chains, right):
    """Finished models, right on so many of 20 images each."""
    proposals = [Proposal(architecture(text), "digits", TrainingConfig(epochs=2)) for text in chains]
    for number, good in zip(store.enqueue(proposals, 100.0), right, strict=True):
        store.claim(101.0)
        store.record_epoch(number, EpochResult(2, 1.0, good / 20, 1.2, good / 20, 0.5))
        store.complete(number, evaluation(good), 103.0)


@copied
def write_reached(home, right=()):
    """Dense models of different sizes that reached what is given."""
    folder = DataFolder(home)
    with closing(CatalogueStore.open(folder)) as store:
        store.register_dataset(CARD)
        trained(store, [f"Dense {4 + number}, ReLU" for number in range(len(right))], right)
        Publisher(store, folder).publish()
    return folder


def reached(tmp_path, *right):
    return open_snapshot(write_reached(tmp_path / "home", right=right))


def test_suggestions_are_new_models_with_their_promise_and_their_reason(learnt):
    found = suggest(learnt, SETTINGS, CARD, n=5)
    known = learnt.fingerprints("digits")
    assert len({one.architecture for one in found}) == 5
    for one in found:
        assert one.architecture.fingerprint not in known
        assert 0 <= one.low <= one.accuracy <= one.high <= 1
        assert 0 <= one.chance <= 1
        assert one.seconds > 0
        assert one.reason.endswith(".")
        assert not one.is_guess
        if one.parent:
            parent = learnt.trial(one.parent)
            assert apply_all(parent.architecture, one.edits) == one.architecture
            assert one.edit
        else:
            assert (one.edits, one.edit) == ((), "")
    assert found[0].gain == max(one.gain for one in found)


def test_the_json_of_a_suggestion_has_layers_that_parse_back(learnt):
    one = suggest(learnt, SETTINGS, CARD, n=1)[0]
    form = one.to_json()
    assert list(form) == [
        *("layers", "parent", "edit", "accuracy", "low", "high", "parameters", "seconds", "chance", "reason")
    ]
    assert parse_layers(form["layers"]) == one.architecture.layers
    assert (form["parent"], form["edit"] or "") == (one.parent, one.edit)


def test_the_same_catalogue_has_the_same_suggestions(learnt):
    assert suggest(learnt, SETTINGS, CARD) == suggest(learnt, SETTINGS, CARD)


@pytest.mark.parametrize("cap", [700, 2_000])
def test_no_suggestion_is_over_a_cap(learnt, cap):
    found = outlook(learnt, SETTINGS, CARD, View(Objective(max_parameters=cap)), step=2)
    assert found.proposals
    assert max(proposal.architecture.parameters for proposal in found.proposals) <= cap
    tight = outlook(learnt, Settings(epochs=2, max_parameters=cap), CARD)
    assert max(proposal.architecture.parameters for proposal in tight.proposals) <= cap


def test_no_suggestion_exceeds_the_target(learnt):
    tiny = Target("tiny", "Tiny", flash=10 * 1024, ram=600, runtime=Footprint(0, 0))
    found = outlook(learnt, SETTINGS, CARD, View(Objective(target=tiny)), step=2)
    assert found.proposals
    assert all(tiny.has_room(proposal.architecture) for proposal in found.proposals)


def test_a_target_without_room_is_named_where_nothing_is_left(learnt):
    nothing = Target("nothing", "Nothing", flash=1_000, ram=100_000, runtime=Footprint(0, 0))
    with pytest.raises(InvalidView, match=r"No network for images of 1 x 8 x 8 fits Nothing: .* 0\.98 KB of flash\."):
        suggest(learnt, SETTINGS, CARD, View(Objective(target=nothing)))


def test_a_filter_leaves_out_what_it_would_hide(learnt):
    view = View(filter=Filter(parameters=Span(500, 3_000), present=frozenset({"dense"}), absent=frozenset({"dropout"})))
    found = outlook(learnt, SETTINGS, CARD, view).proposals
    assert found
    for proposal in found:
        kinds = {layer.kind for layer in proposal.architecture.layers}
        assert "dense" in kinds and "dropout" not in kinds
        assert 500 <= proposal.architecture.parameters <= 3_000


def test_what_waits_runs_or_failed_is_not_suggested_again(learnt, tmp_path):
    first = suggest(learnt, SETTINGS, CARD, n=3)

    def queued(store):
        _waits, runs, fails = store.enqueue(propose_suggestions(first, 0.0), 200.0)
        for trial in (runs, fails):
            store.move(trial, Place.TOP)
            store.claim(201.0)
        store.fail(fails, "It diverged.", 203.0)

    later = outlook(changed(tmp_path / "home", queued), SETTINGS, CARD)
    assert not {one.architecture for one in first} & {proposal.architecture for proposal in later.proposals}


def test_what_is_on_its_way_is_not_asked_for_twice(learnt, tmp_path):
    now = outlook(learnt, SETTINGS, CARD)
    best = now.suggestions(1)
    newest = changed(tmp_path / "home", lambda store: store.enqueue(propose_suggestions(best, 0.0), 200.0))
    later = outlook(newest, SETTINGS, CARD)
    gains = {one.architecture: one.gain for one in now.everything()}
    after = {one.architecture: one.gain for one in later.everything()}
    both = gains.keys() & after.keys()
    assert sum(after[one] for one in both) < sum(gains[one] for one in both)


def test_weights_of_classes_change_what_is_expected(tmp_path):
    catalogue = open_snapshot(write_learnt(tmp_path / "home"))
    plain = suggest(catalogue, SETTINGS, CARD, n=1)[0]
    last = View(Objective(weights=(0,) * 9 + (1,)))
    assert suggest(catalogue, SETTINGS, CARD, last, n=1)[0].accuracy != plain.accuracy
    with pytest.raises(InvalidView, match="one weight for each of the 10 classes"):
        suggest(catalogue, SETTINGS, CARD, View(Objective(weights=(1, 2))))


def test_before_anything_is_trained_new_samples_are_suggested_for_variety():
    found = suggest(None, SETTINGS, CARD, n=4)
    assert len(found) == 4
    for one in found:
        assert (one.parent, one.is_guess) == (None, True)
        assert "0 of the 5 models that a prediction needs are finished" in one.reason
        assert (one.low, one.high) == (0.1, 1.0)
        assert one.seconds > 0


def test_fewer_than_five_models_are_said_and_variety_is_suggested(tmp_path):
    found = suggest(reached(tmp_path, 10, 12, 15), SETTINGS, CARD)
    assert all(one.is_guess for one in found)
    assert found[0].reason == ("Suggested for variety: 3 of the 5 models that a prediction needs are finished.")


def test_equal_accuracies_are_said_and_variety_is_suggested(tmp_path):
    found = suggest(reached(tmp_path, *[14] * 8), SETTINGS, CARD)
    assert found[0].reason.startswith("Suggested for variety: All 8 models are equally good")
    assert {(one.low, one.accuracy, one.high) for one in found} == {(0.7, 0.7, 0.7)}


def test_predictions_that_are_no_better_than_guessing_are_said_and_variety_is_suggested(tmp_path):
    found = suggest(reached(tmp_path, 10, 14, 10, 14, 10, 14, 10, 14, 10, 14), SETTINGS, CARD)
    assert "from the 10 finished models are no better than guessing (rank correlation" in found[0].reason


def test_a_fit_that_fails_is_said_and_variety_is_suggested(learnt, monkeypatch):
    def failing(features, values):
        raise np.linalg.LinAlgError("Eigenvalues did not converge")

    monkeypatch.setattr(known_models, "fit_process", failing)
    assert "could not be fitted to the 30 finished models" in suggest(learnt, SETTINGS, CARD)[0].reason


def test_a_cap_below_the_smallest_network_is_one_sentence_that_names_it(learnt):
    with pytest.raises(SpaceExhausted, match=r"no new model to suggest.* 20 parameters \(the objective's cap\)"):
        suggest(learnt, SETTINGS, CARD, View(Objective(max_parameters=20)))


def test_a_filter_that_hides_everything_is_said(learnt):
    view = View(filter=Filter(parameters=Span(10**7)))
    with pytest.raises(SpaceExhausted, match="the filter hides"):
        suggest(learnt, SETTINGS, CARD, view)


def test_when_all_candidates_were_tried_it_is_said(tmp_path, monkeypatch):
    catalogue = reached(tmp_path, *range(5, 15))
    monkeypatch.setattr(type(catalogue), "tried", lambda *_: Everything())
    with pytest.raises(SpaceExhausted, match="neighbors were tried before"):
        suggest(catalogue, SETTINGS, CARD)


class Everything(set):
    def __contains__(self, _):
        return True

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 7


def test_a_latency_cap_leaves_out_what_is_probably_too_slow(learnt):
    """All models of the catalogue were measured at 0.12 ms."""
    assert suggest(learnt, SETTINGS, CARD, View(Objective(max_latency_ms=0.2)))
    with pytest.raises(SpaceExhausted, match=r"would probably need more than 0.10 ms \(the objective's cap\)"):
        suggest(learnt, SETTINGS, CARD, View(Objective(max_latency_ms=0.1)))


def test_proposals_are_one_batch_of_the_machine_trained_like_the_models_they_come_from(learnt):
    found = suggest(learnt, SETTINGS, CARD, n=3)
    proposals = propose_suggestions(found, now=0.0)
    assert {proposal.batch for proposal in proposals} == {"suggested, 01 Jan 00:00:00 UTC"}
    assert all(proposal.suggested for proposal in proposals)
    assert all(proposal.config.is_like(TrainingConfig(epochs=2)) for proposal in proposals)
    assert [proposal.architecture for proposal in proposals] == [one.architecture for one in found]


def test_a_removal_is_an_ablation_and_a_sample_an_initial_model(learnt):
    for proposal in outlook(learnt, SETTINGS, CARD).proposals:
        match proposal.edits:
            case ():
                assert (proposal.origin, proposal.parent) == (Origin.INITIAL, None)
                assert proposal.space
            case (Remove(),):
                assert proposal.origin in (Origin.ABLATION, Origin.VARIATION)
            case _:
                assert proposal.origin is Origin.VARIATION


def test_a_reason_counts_earlier_edits_of_the_same_sort(tmp_path):
    catalogue = open_snapshot(write_catalogue(tmp_path / "home"))  # model 6 is model 1 without its ReLU

    def more(store):
        trained(store, [f"Dense {20 + number}, Tanh" for number in range(12)], range(4, 16))

    known = outlook(changed(tmp_path / "home", more), SETTINGS, CARD)
    assert catalogue.trial(6).proposal.edits == (Remove(1),)
    said = [one.reason for one in known.everything() if one.edit.startswith("Removed") and "(ReLU)" in one.edit]
    assert all("Removing ReLU helped in 1 of 1 earlier edit" in reason for reason in said)
    assert said or known.posterior is None


def test_a_larger_step_has_candidates_of_several_edits(learnt):
    steps = [len(proposal.edits) for proposal in outlook(learnt, SETTINGS, CARD, step=3).proposals]
    assert set(steps) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"n": 0}, "must be 1 to 100, but got 0"),
        ({"n": 101}, "must be 1 to 100, but got 101"),
        ({"explore": 1.5}, "explore must be between 0 and 1, but got 1.5"),
        ({"step": 6}, "must be 1 to 5 edits, but got 6"),
    ],
)
def test_arguments_out_of_range_are_one_sentence(learnt, arguments, reason):
    with pytest.raises(InvalidArgument, match=reason):
        suggest(learnt, SETTINGS, CARD, **arguments)


def test_models_that_were_trained_otherwise_are_not_predicted_from(tmp_path):
    catalogue = open_snapshot(write_learnt(tmp_path / "home"))
    config = outlook(catalogue, Settings(epochs=9), CARD).known.config
    assert config.epochs == 2  # nothing was trained for 9 epochs yet: the models of 2 are the ones that compare


def test_models_of_other_images_under_the_same_name_are_left_out(learnt):
    other = replace(CARD, input_shape=(1, 10, 10), examples=np.zeros((10, 2, 10, 10, 1), np.uint8))
    found = suggest(learnt, SETTINGS, other, n=3)
    assert "0 of the 5 models" in found[0].reason
    assert {one.architecture.input_shape for one in found} == {(1, 10, 10)}


def test_of_many_models_those_on_the_front_are_kept_however_old_they_are(learnt, monkeypatch):
    population = learnt.population("digits")
    front = set(population.id[pareto_front(population.parameters, population.accuracy)].tolist())
    monkeypatch.setattr(known_models, "MAX_KNOWN", len(front) + 4)
    known = outlook(learnt, SETTINGS, CARD).known
    assert len(known) == len(front) + 4
    assert front <= set(known.id.tolist())
    assert set(known.id.tolist()) - front == set(sorted(set(population.id.tolist()) - front)[-4:])


def test_a_cap_on_latency_that_cannot_be_applied_yet_is_said(tmp_path):
    capped = View(objective=Objective(max_latency_ms=1.0))
    basis = outlook(reached(tmp_path, 10, 12, 14), SETTINGS, CARD, capped).basis
    assert "The cap on latency is not applied: it needs 5 measured models, and there are 3." in basis
    assert "latency" not in outlook(reached(tmp_path, 10, 12, 14), SETTINGS, CARD).basis
