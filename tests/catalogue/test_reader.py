from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from catalogues import evaluation as scored
from catalogues import wide_card, write_catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trainings import EVALUATION, epoch, proposal

from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError, CommandRefused, InvalidTrial, NotFound
from remap_core.geometry.prediction_distances import prediction_distances
from remap_core.services.comparison import compare_predictions
from remap_core.trials.commands import Outcome, Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import EpochResult, Evaluation, Latency
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Place, TrialState

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.uint8)
TOY = DatasetCard(
    "toy", (1, 2, 2), ("no", "yes"), (24, 8, 8), LABELS, np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2, 1)
)


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path)


@pytest.fixture
def store(folder):
    with closing(CatalogueStore.open(folder)) as store:
        store.register_dataset(TOY)
        yield store


@pytest.fixture(params=["snapshot", "live"])
def read(request, store, folder):
    """Opens the store's current content: as other processes read it, or in the trainer's own process."""
    opened = []

    def open_catalogue():
        if request.param == "snapshot":
            Publisher(store, folder).publish()
        opened.append(open_snapshot(folder) if request.param == "snapshot" else store.catalogue())
        return opened[-1]

    yield open_catalogue
    for catalogue in opened:
        catalogue.close()


def enqueue(store, *units, **more):
    return store.enqueue([proposal(number, **more) for number in units], 100.0)


def trained(store, *units, evaluation=EVALUATION, finished=300.0, epochs=2, **more):
    """Enqueue, train and complete, one after the other; all finish at the same time."""
    ids = enqueue(store, *units, **more)
    for trial in ids:
        store.move(trial, Place.TOP)
        store.claim(200.0)
        for number in range(1, epochs + 1):
            store.record_epoch(trial, epoch(number))
        store.complete(trial, evaluation, finished)
    return ids


def evaluated(right, latency=1.0):
    """An evaluation of 8 images, so many of them correct."""
    predictions = np.where(np.arange(8) < right, LABELS, 1 - LABELS).astype(np.uint8)
    confusion = np.zeros((2, 2), np.int64)
    np.add.at(confusion, (LABELS, predictions), 1)
    return Evaluation(confusion, predictions, Latency(latency, 2 * latency, "cpu", 1))


def ids(trials):
    return [trial.id for trial in trials]


# Data sets


def test_data_sets_come_in_the_order_of_their_registration(store, read):
    store.register_dataset(replace(TOY, name="another"))
    assert read().datasets() == ["toy", "another"]


def test_a_card_is_read_back_as_it_was_registered(store, read):
    card = read().dataset("toy")
    assert (card.name, card.input_shape, card.class_names, card.split) == ("toy", (1, 2, 2), ("no", "yes"), (24, 8, 8))
    np.testing.assert_array_equal(card.validation_labels, TOY.validation_labels)
    np.testing.assert_array_equal(card.examples, TOY.examples)
    assert (card.validation_labels.dtype, card.examples.dtype, card.examples.shape) == ("u1", "u1", (2, 3, 2, 2, 1))


def test_a_card_may_have_no_examples(store, read):
    store.register_dataset(replace(TOY, examples=np.zeros((2, 0, 2, 2, 1), np.uint8)))
    assert read().dataset("toy").examples.shape == (2, 0, 2, 2, 1)


def repeat(model, seed):
    return {"origin": Origin.REPEAT, "parent": model, "config": TrainingConfig(epochs=2, seed=seed)}


def repeated(store, right, model=1, units=4, seed=1):
    """A complete repeat with so many of 8 images correct."""
    asked = replace(proposal(units), **repeat(model, seed))
    (trial,) = store.enqueue([asked], 100.0)
    store.move(trial, Place.TOP)
    store.claim(200.0)
    store.record_epoch(trial, epoch(2))
    store.complete(trial, evaluated(right), 400.0)
    return trial


def test_a_repeated_model_is_one_row_at_the_mean_of_its_seeds(store, read):
    trained(store, 4, 5, evaluation=evaluated(8))
    repeated(store, 6, seed=1)
    repeated(store, 4, seed=2)
    population = read().population("toy")
    assert population.id.tolist() == [1, 2]
    assert population.accuracy.tolist() == [0.75, 1.0]
    assert population.seeds.tolist() == [3, 1]
    assert population.deviation[0] == pytest.approx(0.25)
    assert np.isnan(population.deviation[1])
    np.testing.assert_allclose(population.class_accuracy[0], [1.0, 0.5])


def test_a_repeat_never_counts_as_a_second_model(store, read):
    trained(store, 4, 5, evaluation=evaluated(7))
    trained(store, 6, origin=Origin.ABLATION, parent=1)
    trial = repeated(store, 1)
    catalogue = read()
    assert ids(catalogue.children(1)) == ids(catalogue.descendants("toy")) == [3]
    assert ids(catalogue.repeats(1)) == [trial]
    assert catalogue.evaluated_models("toy") == [1, 2, 3]
    assert catalogue.best("toy").id == 2
    assert catalogue.fingerprints("toy")[proposal(4).architecture.fingerprint] == 1


def test_a_repeated_model_has_a_score_over_its_seeds_and_its_repeats_have_none(store, read):
    trained(store, 4, evaluation=evaluated(8))
    trial = repeated(store, 6)
    model, again = read().trials([1, trial])
    assert (model.score.mean, model.score.seeds) == (0.875, 2)
    assert model.score.deviation == pytest.approx(0.1767767)
    assert model.accuracy == 0.875
    assert again.score is None


def test_a_repeat_that_is_not_complete_does_not_count(store, read):
    trained(store, 4)
    store.enqueue([replace(proposal(4), **repeat(1, 1))], 100.0)
    assert read().trial(1).score is None
    assert read().population("toy").seeds.tolist() == [1]


def test_an_unknown_data_set_is_not_found(read):
    for question in (read().dataset, read().population):
        with pytest.raises(NotFound, match="There is no data set digits"):
            question("digits")


# Populations


def test_a_population_has_a_row_for_every_finished_model_in_the_order_in_which_they_finished(store, read):
    trained(store, 4, evaluation=evaluated(6, latency=0.5), finished=302.0)
    trained(store, 5, evaluation=evaluated(8), finished=301.0, origin=Origin.ABLATION, parent=1, epochs=1)
    enqueue(store, 6, 7, 8)
    store.cancel(3, 400.0)
    store.claim(400.0)
    store.fail(4, "no", 401.0)
    store.claim(402.0)
    population = read().population("toy")
    assert (population.dataset, population.class_names) == ("toy", ("no", "yes"))
    assert population.id.tolist() == [2, 1]
    assert population.parent.tolist() == [1, 0]
    assert population.parameters.tolist() == [proposal(n).architecture.parameters for n in (5, 4)]
    assert population.multiply_adds.tolist() == [proposal(n).architecture.multiply_adds for n in (5, 4)]
    assert population.epochs.tolist() == [1, 2]
    assert population.accuracy.tolist() == [1.0, 0.75]
    assert population.train_accuracy.tolist() == [0.5, 0.5]
    assert population.loss.tolist() == [1.1, 0.55]
    assert population.class_accuracy.tolist() == [[1.0, 1.0], [1.0, 0.5]]
    assert population.seconds.tolist() == [0.01, 0.01]
    assert population.latency_1_ms.tolist() == [1.0, 0.5]
    assert population.latency_256_ms.tolist() == [2.0, 1.0]
    assert population.origin == ("ablation", "initial")
    assert population.text == ("Dense 5, ReLU", "Dense 4, ReLU")


@pytest.mark.parametrize("models", [0, 1])
def test_the_columns_of_a_population_have_the_same_types_however_few_rows(store, read, models):
    trained(store, *range(4, 4 + models))
    population = read().population("toy")
    for name in ("id", "parent", "parameters", "multiply_adds", "epochs"):
        column = getattr(population, name)
        assert (column.dtype, column.shape) == (np.int64, (models,)), name
    for name in ("accuracy", "train_accuracy", "loss", "seconds", "latency_1_ms", "latency_256_ms"):
        column = getattr(population, name)
        assert (column.dtype, column.shape) == (np.float64, (models,)), name
    assert (population.class_accuracy.dtype, population.class_accuracy.shape) == (np.float64, (models, 2))
    assert len(population) == len(population.text) == models


def test_what_was_not_measured_is_nan_in_a_population(store, read):
    unmeasured = Evaluation(np.array([[8, 0], [0, 0]]), np.zeros(8, np.uint8), Latency(np.nan, np.nan, "cpu", 1))
    trained(store, 4, evaluation=unmeasured, epochs=0)
    population = read().population("toy")
    assert population.epochs.tolist() == [0]
    assert population.accuracy.tolist() == [1.0]
    np.testing.assert_array_equal(population.class_accuracy, [[1.0, np.nan]])
    for name in ("train_accuracy", "loss", "seconds", "latency_1_ms", "latency_256_ms"):
        assert np.isnan(getattr(population, name)).all(), name


def test_a_loss_that_is_not_a_number_is_stored_as_it_is(store, read):
    enqueue(store, 4)
    store.claim(200.0)
    store.record_epoch(1, replace(epoch(1), validation_loss=np.nan, train_loss=np.inf))
    store.complete(1, EVALUATION, 300.0)
    catalogue = read()
    assert np.isnan(catalogue.population("toy").loss).all()
    assert catalogue.trial(1).last.train_loss == np.inf


def test_a_population_is_of_its_own_data_set(store, read):
    store.register_dataset(replace(TOY, name="another"))
    trained(store, 4)
    assert len(read().population("another")) == 0


def test_a_class_that_was_added_to_the_data_set_is_nan_for_older_models(store, read):
    trained(store, 4)
    store.register_dataset(replace(TOY, class_names=("no", "yes", "maybe")))
    np.testing.assert_array_equal(read().population("toy").class_accuracy, [[0.75, 1.0, np.nan]])


def test_the_best_model_is_the_most_accurate_and_of_equals_the_smallest(store, read):
    trained(store, 2, evaluation=evaluated(5))
    trained(store, 5, 4, 6, evaluation=evaluated(7))
    enqueue(store, 3)
    assert read().best("toy").id == 3


def test_before_any_model_is_finished_there_is_no_best(store, read):
    enqueue(store, 3)
    assert read().best("toy") is None


def test_fingerprints_name_the_oldest_trial_that_did_not_fail(store, read):
    trained(store, 4)
    enqueue(store, 5, 6)
    store.cancel(2, 400.0)
    store.enqueue([proposal(4, epochs=3), proposal(5, epochs=3)], 500.0)
    expected = {4: 1, 6: 3, 5: 5}
    assert read().fingerprints("toy") == {proposal(n).architecture.fingerprint: trial for n, trial in expected.items()}


# Trials


def test_a_trial_is_read_as_it_was_stored(store, read):
    (complete,) = trained(store, 4)
    (waiting,) = enqueue(store, 5, origin=Origin.VARIATION, parent=1, batch="variations of 1")
    catalogue = read()
    assert [catalogue.trial(complete), catalogue.trial(waiting)] == [store.trial(complete), store.trial(waiting)]


@pytest.mark.parametrize("trial", [0, 3, 10**40])
def test_an_unknown_trial_is_not_found(store, read, trial):
    enqueue(store, 4)
    with pytest.raises(NotFound, match=f"Model {trial} does not exist"):
        read().trial(trial)


def test_trials_come_in_the_order_asked_for_without_those_that_do_not_exist(store, read):
    enqueue(store, 4, 5, 6)
    catalogue = read()
    assert ids(catalogue.trials([3, 10**40, 1, 99, 3])) == [3, 1, 3]
    assert catalogue.trials([]) == []


def test_children_come_oldest_first(store, read):
    enqueue(store, 4)
    enqueue(store, 5, 6, parent=1)
    enqueue(store, 7, parent=2)
    enqueue(store, 8, parent=1)
    catalogue = read()
    assert ids(catalogue.children(1)) == [2, 3, 5]
    assert catalogue.children(5) == []


def test_a_batch_has_the_trials_of_one_request(store, read):
    enqueue(store, 4, 5, batch="ablations of 9")
    enqueue(store, 6, batch="variations of 9")
    assert ids(read().batch("ablations of 9")) == [1, 2]


def test_epochs_are_those_of_the_current_attempt(store, read):
    enqueue(store, 4)
    store.claim(200.0)
    store.record_epoch(1, epoch(1))
    store.record_epoch(1, epoch(2))
    store.fail(1, "no", 300.0)
    store.retry(1, 400.0)
    store.claim(500.0)
    again = EpochResult(1, 0.5, 0.25, 0.75, 0.125, 3.0)
    store.record_epoch(1, again)
    assert read().epochs(1) == [again]


def test_an_epoch_that_was_recorded_twice_has_its_last_result(store, read):
    enqueue(store, 4)
    store.claim(200.0)
    for result in (epoch(1), epoch(2), again := replace(epoch(1), seconds=9.0)):
        store.record_epoch(1, result)
    assert read().epochs(1) == [again, epoch(2)]


def test_epochs_continue_after_a_restart(store, read):
    enqueue(store, 4)
    store.claim(200.0)
    store.record_epoch(1, epoch(1))
    store.requeue_running()
    store.claim(300.0)
    store.record_epoch(1, epoch(2))
    assert read().epochs(1) == [epoch(1), epoch(2)]


def test_curves_are_the_epochs_of_several_trials(store, read):
    enqueue(store, 4, 5, 6)
    for trial, epochs in ((1, 2), (2, 1)):
        store.claim(200.0)
        for number in range(1, epochs + 1):
            store.record_epoch(trial, epoch(number))
    catalogue = read()
    assert catalogue.epoch_curves([2, 1, 3, 99]) == {2: [epoch(1)], 1: [epoch(1), epoch(2)], 3: [], 99: []}
    assert catalogue.epoch_curves([]) == {}


# Evaluations


def test_an_evaluation_is_read_back_as_it_was_measured(store, read):
    trained(store, 4)
    evaluation = read().evaluation(1)
    np.testing.assert_array_equal(evaluation.confusion, EVALUATION.confusion)
    np.testing.assert_array_equal(evaluation.predictions, EVALUATION.predictions)
    assert (evaluation.confusion.dtype, evaluation.predictions.dtype) == (np.int64, np.uint8)
    assert evaluation.latency == EVALUATION.latency


@pytest.mark.parametrize("classes", [256, 257, 1000])
def test_any_number_of_classes_is_read_back_to_the_digit(tmp_path, classes):
    card = wide_card(classes)
    with closing(open_snapshot(write_catalogue(tmp_path / "home", card=card))) as catalogue:
        again = catalogue.dataset("birds")
        assert again.validation_labels.tolist() == card.validation_labels.tolist()
        for model in range(1, 7):
            expected = scored(10 + model, card)
            found = catalogue.evaluation(model)
            assert found.predictions.dtype == expected.predictions.dtype
            assert found.predictions.tolist() == expected.predictions.tolist()
            assert np.array_equal(found.confusion, expected.confusion)
        first, second = catalogue.mapped_models([1, 2])
        differing = np.mean(scored(11, card).predictions != scored(12, card).predictions)
        assert prediction_distances([first.predictions, second.predictions])[0, 1] == differing
        population = catalogue.population("birds")
        assert population.class_accuracy[0].tolist() == scored(11, card).class_accuracy.tolist()
        test = compare_predictions(catalogue, catalogue.trial(1), catalogue.trial(2))
        assert test.second_only == len(card.validation_labels) * differing


def test_a_trial_that_is_not_complete_has_no_evaluation(store, read):
    enqueue(store, 4)
    assert read().evaluation(1) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 1)), max_size=50))
def test_predictions_survive_whatever_they_and_the_labels_are(store, pairs):
    labels, predictions = np.array(pairs, np.uint8).reshape(-1, 2).T
    store.register_dataset(replace(TOY, validation_labels=labels))
    (trial,) = trained(store, 4, evaluation=replace(EVALUATION, predictions=predictions))
    with closing(store.catalogue()) as catalogue:
        np.testing.assert_array_equal(catalogue.evaluation(trial).predictions, predictions)


def test_predictions_stay_what_they_were_when_the_data_set_gets_other_labels(store, read):
    trained(store, 4)
    store.register_dataset(replace(TOY, validation_labels=1 - LABELS[:6]))
    np.testing.assert_array_equal(read().evaluation(1).predictions, EVALUATION.predictions)


def test_a_model_of_a_data_set_that_is_not_registered_keeps_its_predictions(store, read):
    store.enqueue([replace(proposal(4), dataset="elsewhere")], 100.0)
    store.claim(200.0)
    store.complete(1, EVALUATION, 300.0)
    np.testing.assert_array_equal(read().evaluation(1).predictions, EVALUATION.predictions)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"confusion": np.zeros((3, 3), np.int64)}, "The confusion counts of Model 1 must be 2 x 2, but are 3 x 3."),
        ({"predictions": np.full(8, 2, np.uint8)}, "The predictions of Model 1 must be classes below 2, but one is 2."),
        (
            {"predictions": np.zeros(7, np.uint8)},
            "Model 1 must have one prediction for each of the 8 validation images of toy, but has 7.",
        ),
    ],
)
def test_an_evaluation_of_something_else_is_refused_and_changes_nothing(store, changes, sentence):
    enqueue(store, 4)
    store.claim(200.0)
    before = store.trial(1), store.version
    with pytest.raises(InvalidTrial) as caught:
        store.complete(1, replace(EVALUATION, **changes), 300.0)
    assert str(caught.value) == sentence
    assert (store.trial(1), store.version) == before


# The queue


def test_the_queue_lists_running_trials_then_waiting_ones_in_order_then_those_that_ended_last(store, read):
    enqueue(store, *range(2, 10))  # trials 1 to 8
    for now in (200.0, 201.0, 202.0, 203.0):
        store.claim(now)
    store.complete(2, EVALUATION, 300.0)
    store.fail(3, "no", 302.0)
    store.cancel(6, 301.0)
    store.move(8, Place.TOP)
    catalogue = read()
    assert ids(catalogue.queue()) == [1, 4, 8, 5, 7, 3, 6, 2]
    assert ids(catalogue.queue(finished=1)) == [1, 4, 8, 5, 7, 3]
    assert ids(catalogue.queue(finished=0)) == [1, 4, 8, 5, 7]
    assert ids(catalogue.queue(finished=1, waiting=2)) == [1, 4, 8, 5, 3]
    assert ids(catalogue.queue(finished=0, waiting=0)) == [1, 4]


def test_of_trials_that_ended_at_the_same_time_the_newest_comes_first(store, read):
    trained(store, 4, 5, 6, finished=300.0)
    assert ids(read().queue(finished=2)) == [3, 2]


def test_all_states_are_counted(store, read):
    enqueue(store, 4, 5, 6)
    store.claim(200.0)
    store.cancel(2, 300.0)
    assert read().counts() == {
        **dict.fromkeys(TrialState, 0),
        TrialState.RUNNING: 1,
        TrialState.WAITING: 1,
        TrialState.CANCELLED: 1,
    }


def test_a_paused_queue_is_reported(store, read):
    assert not read().paused()
    store.set_paused(True)
    assert read().paused()


def test_receipts_come_newest_first(store, read):
    def refuse():
        raise CommandRefused("Not today.")

    store.apply_once("1", "pause", 200.0, lambda: "done")
    store.apply_once("2", "cancel", 200.0, refuse)
    store.apply_once("3", "resume", 201.0, lambda: "done")
    catalogue = read()
    refused = Receipt("2", "cancel", Outcome.REFUSED, "Not today.", 200.0)
    assert catalogue.receipt("2") == refused
    assert catalogue.receipt("4") is None
    assert catalogue.receipts(2) == [Receipt("3", "resume", Outcome.APPLIED, "done", 201.0), refused]


def test_receipts_are_found_by_person_and_by_request(store, read):
    for number, (sender, kind) in enumerate([("ada", "pause"), ("bob", "pause"), ("ada", "resume"), ("", "pause")]):
        store.apply_once(str(number), kind, 200.0 + number, lambda: "done", sender)
    catalogue = read()
    assert [receipt.command for receipt in catalogue.receipts(None)] == ["3", "2", "1", "0"]
    assert [receipt.command for receipt in catalogue.receipts(None, sender="ada")] == ["2", "0"]
    assert [receipt.command for receipt in catalogue.receipts(1, kind="pause")] == ["3"]
    assert catalogue.receipt_count() == 4
    assert catalogue.receipt_count("ada", "pause") == 1
    assert (catalogue.senders(), catalogue.kinds()) == (["ada", "bob"], ["pause", "resume"])


# The connection


def test_the_live_catalogue_has_the_version_as_its_number_and_sees_what_is_committed(store):
    with closing(store.catalogue()) as catalogue:
        assert catalogue.number == store.version
        enqueue(store, 4)
        assert catalogue.counts()[TrialState.WAITING] == 1

        def enqueue_and_look():
            enqueue(store, 5)
            return f"{catalogue.counts()[TrialState.WAITING]} seen"

        assert store.apply_once("1", "enqueue", 1.0, enqueue_and_look).message == "1 seen"


def test_a_closed_catalogue_cannot_be_read(read):
    catalogue = read()
    catalogue.close()
    with pytest.raises(CatalogueError, match=r"The catalogue cannot be read: .*closed"):
        catalogue.counts()


def test_epochs_are_counted_over_all_trials(tmp_path):
    with closing(open_snapshot(write_catalogue(tmp_path, waiting=2))) as catalogue:
        assert catalogue.epochs_done() == 12
