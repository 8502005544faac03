"""A finish trains a model further. It is no model: it has no circle, and its accuracy compares with no other."""

import pytest
from catalogues import changed, finish, write_catalogue

from remap_core.trials.training_recipe import PAPER


@pytest.fixture
def catalogue(tmp_path):
    return changed(write_catalogue(tmp_path / "home").home, finish)


def test_a_finish_belongs_to_its_model_and_is_neither_child_nor_repeat(catalogue):
    assert [trial.id for trial in catalogue.finishes(1)] == [7]
    assert catalogue.trial(7).model == 1
    assert [trial.id for trial in catalogue.children(1)] == [6]
    assert catalogue.repeats(1) == []
    assert [trial.id for trial in catalogue.descendants("digits")] == [6]


def test_a_finish_is_not_in_the_population_and_leaves_the_accuracy_of_its_model(catalogue):
    population = catalogue.population("digits")
    assert population.id.tolist() == [1, 2, 3, 4, 5, 6]
    assert population.accuracy[0] == pytest.approx(0.55)
    assert catalogue.trial(1).accuracy == pytest.approx(0.52)  # of its last epoch
    assert catalogue.best("digits").id == 6


def test_a_population_knows_how_each_model_was_trained(catalogue):
    population = catalogue.population("digits")
    assert {(config.epochs, config.recipe) for config in population.config} == {(2, PAPER)}
    assert population.trained_like(population.config[0]).tolist() == [0, 1, 2, 3, 4, 5]
    assert population.trained_like(catalogue.trial(7).proposal.config).tolist() == []
