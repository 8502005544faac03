"""`remap halving`: a finished population, replayed."""

from contextlib import closing

import pytest
from catalogues import CARD, architecture, evaluation, write_halved
from typer.testing import CliRunner

from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore
from remap_core.cli.typer_app import app
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import NoCatalogue, NotFound
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal


def replayed(home, *words):
    return CliRunner(env={"REMAP_HOME": str(home)}).invoke(app, ["halving", *words])


def write_population(home):
    """Nine models of nine epochs, the larger the better but for the last: it is the best, and slow to learn."""
    folder = DataFolder(home)
    with closing(CatalogueStore.open(folder)) as store:
        store.register_dataset(CARD)
        config = TrainingConfig(epochs=9)
        store.enqueue([Proposal(architecture(f"Dense {n}"), "digits", config) for n in range(1, 10)], 100.0)
        store.enqueue([Proposal(architecture("Dense 99"), "digits", config, Origin.VARIATION, 1)], 100.0)
        for number in range(1, 11):
            store.claim(101.0)
            accuracies = (0.01, 0.02, 0.5, *[0.95] * 6) if number == 9 else (number / 10,) * 9
            for epoch, accuracy in enumerate(accuracies, 1):
                store.record_epoch(number, EpochResult(epoch, 1.0, 0.5, 1.0, accuracy, 1.0))
            store.complete(number, evaluation(10), 102.0)
        Publisher(store, folder).publish()


def test_the_best_models_that_halving_would_have_pruned_are_listed_with_the_saved_epochs(tmp_path):
    write_population(tmp_path)
    ended = replayed(tmp_path)
    assert ended.exit_code == 0
    assert ended.output.splitlines()[:9] == [
        "9 initial models of digits, up to 9 epochs each: 81 epochs in total.",
        "With halving (1 in 3 continues): 9 to epoch 1, 3 to epoch 3, 1 to the end; 21 epochs, 74.1 % fewer.",
        "The best 5 by validation accuracy: 4 of 5 would have been pruned.",
        "  Model 9: 95.0 % with 685 parameters. Pruned after epoch 1: 9th of 9.",
        "  Model 8: 80.0 % with 610 parameters. Kept.",
        "  Model 7: 70.0 % with 535 parameters. Pruned after epoch 3: 2nd of 3.",
        "  Model 6: 60.0 % with 460 parameters. Pruned after epoch 3: 3rd of 3.",
        "  Model 5: 50.0 % with 385 parameters. Pruned after epoch 1: 4th of 9.",
        "The Pareto front of accuracy against parameters: 8 of 9 would have been pruned.",
    ]


def test_a_halved_population_gets_a_warning(tmp_path):
    write_halved(tmp_path)
    assert replayed(tmp_path).output.splitlines()[-1] == (
        "1 model already pruned, so this replay says little about halving."
    )


def test_without_a_finished_population_there_is_nothing_to_replay(tmp_path):
    assert isinstance(replayed(tmp_path).exception, NoCatalogue)
    write_halved(tmp_path)
    ended = replayed(tmp_path, "--dataset", "digits#600")
    assert isinstance(ended.exception, NotFound)
    assert str(ended.exception) == "There are no complete initial models of digits#600 yet."


@pytest.mark.parametrize("word", ["3", "--rungs"])
def test_an_unknown_argument_is_wrong_usage(tmp_path, word):
    assert replayed(tmp_path, word).exit_code == 2
