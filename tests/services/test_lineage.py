from dataclasses import replace

from catalogues import architecture, changed, evaluation, write_catalogue
from trainings import epoch

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.services.lineage import ancestors, edit_sentence, effect_sentence
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import Origin, Proposal


def test_ancestors_come_oldest_first_and_end_where_a_parent_is_unknown(tmp_path):
    def enqueue(store):
        for parent in (6, 7, 99):
            store.enqueue([Proposal(architecture(f"Dense {parent}"), "digits", parent=parent)], 1.0)

    write_catalogue(tmp_path / "home")
    catalogue = changed(tmp_path / "home", enqueue)
    assert [trial.id for trial in ancestors(catalogue, catalogue.trial(8))] == [1, 6, 7]
    assert [trial.id for trial in ancestors(catalogue, catalogue.trial(8), limit=2)] == [6, 7]
    assert ancestors(catalogue, catalogue.trial(9)) == []


def test_an_effect_says_the_points_and_the_parameters(tmp_path):
    catalogue = open_snapshot(write_catalogue(tmp_path / "home", waiting=1))
    parent, child, larger = catalogue.trials([1, 6, 4])
    assert edit_sentence(parent, child) == "Removed layer 2 (ReLU)"
    assert effect_sentence(catalogue, parent, child) == "0.0 points (within noise), as many parameters"
    difference = larger.architecture.parameters - parent.architecture.parameters
    assert effect_sentence(catalogue, parent, larger).endswith(f"(within noise), {difference:,} parameters more")
    assert effect_sentence(catalogue, parent, catalogue.trial(7)) == "waiting"


def test_the_effect_of_an_edit_on_repeated_models_is_that_of_their_first_trainings_which_are_tested(tmp_path):
    def repeat(store):
        asked = store.trial(1).proposal
        config = replace(asked.config, seed=7)
        (trial,) = store.enqueue([replace(asked, config=config, origin=Origin.REPEAT, parent=1)], 200.0)
        store.claim(201.0)
        store.record_epoch(trial, epoch(2))
        store.complete(trial, evaluation(20), 203.0)

    write_catalogue(tmp_path / "home")
    catalogue = changed(tmp_path / "home", repeat)
    parent, child = catalogue.trials([1, 6])
    assert parent.accuracy != child.accuracy
    assert effect_sentence(catalogue, parent, child) == (
        "0.0 points between the first trainings (within noise), as many parameters"
    )


def test_a_difference_that_other_seeds_make_as_well_is_noise_even_where_the_images_tell_the_two_apart(tmp_path):
    def train(store, right, origin=Origin.INITIAL, parent=None, seed=0):
        asked = store.trial(1).proposal
        config = replace(asked.config, seed=seed)
        (trial,) = store.enqueue([replace(asked, config=config, origin=origin, parent=parent)], 200.0)
        store.claim(201.0)
        store.record_epoch(trial, EpochResult(1, 1.0, 0.5, 1.0, right / 20, 0.5))
        store.complete(trial, evaluation(right), 203.0)
        return trial

    def pair(store):
        assert (train(store, 3), train(store, 20)) == (7, 8)

    write_catalogue(tmp_path / "home")
    catalogue = changed(tmp_path / "home", pair)
    assert effect_sentence(catalogue, *catalogue.trials([7, 8])) == "+85.0 points, as many parameters"
    catalogue = changed(tmp_path / "home", lambda store: train(store, 19, Origin.REPEAT, parent=7, seed=1))
    assert effect_sentence(catalogue, *catalogue.trials([7, 8])) == (
        "+85.0 points between the first trainings (within noise), as many parameters"
    )
