from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.errors import InvalidTrial
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import PAPER, QUICK, RECIPES, THOROUGH, TrainingRecipe

SHARES = st.floats(0, 0.9)
RATES = st.floats(1e-5, 1)


@st.composite
def recipes(draw) -> TrainingRecipe:
    return TrainingRecipe(
        draw(st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)),
        draw(RATES),
        draw(st.sampled_from(["decay", "cosine"])),
        decay=draw(RATES),
        warm_up=draw(SHARES),
        weight_decay=draw(SHARES),
        label_smoothing=draw(SHARES),
        max_gradient_norm=draw(st.floats(0, 1e6)),
        augmentation=tuple(draw(st.lists(st.sampled_from(["shift", "flip"]), unique=True))),
    )


@given(recipes(), st.integers(1, 50), st.integers(0, 5))
def test_configurations_of_every_recipe_round_trip(recipe, epochs, start):
    config = TrainingConfig(epochs=epochs, recipe=recipe, start=start or None)
    assert TrainingConfig.from_json(config.to_json()) == config


def test_configurations_of_version_0_2_are_read_as_the_papers_recipe():
    form = {"epochs": 3, "batch_size": 64, "learning_rate": 0.01, "decay": 0.5, "seed": 2}
    config = TrainingConfig.from_json(form)
    assert config == TrainingConfig(3, 64, replace(PAPER, learning_rate=0.01, decay=0.5), seed=2)
    assert config.to_json() == form


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"learning_rate": 0}, "0 < learning_rate <= 1 must hold, but got 0.0."),
        ({"decay": float("nan")}, "0 < decay <= 1 must hold, but got nan."),
        ({"warm_up": 1}, "0 <= warm_up < 1 must hold, but got 1.0."),
        ({"weight_decay": -0.1}, "0 <= weight_decay < 1 must hold, but got -0.1."),
        ({"label_smoothing": "much"}, "label_smoothing must be a number, but got 'much'."),
        ({"max_gradient_norm": float("inf")}, "max_gradient_norm must be at least 0, but got inf."),
        ({"schedule": "up"}, "schedule must be one of decay, cosine, but got 'up'."),
        ({"name": "My recipe"}, "must be 1 to 40 of a-z, 0-9 and -, but got 'My recipe'."),
        ({"augmentation": "flip"}, "augmentation must be a list of names, but got 'flip'."),
    ],
)
def test_an_invalid_recipe_is_refused_with_the_rule_and_the_value(options, sentence):
    with pytest.raises(InvalidTrial) as refused:
        TrainingRecipe(**{"name": "mine", "learning_rate": 0.1, **options})
    assert sentence in str(refused.value)


def test_a_stored_recipe_with_unknown_fields_is_refused():
    with pytest.raises(InvalidTrial, match="A training recipe has the fields name"):
        TrainingConfig.from_json({"recipe": {"name": "quick", "momentum": 0.9}})


@given(recipes(), st.integers(1, 8), st.integers(1, 30))
def test_a_learning_rate_is_never_above_the_recipes(recipe, epochs, steps):
    rates = [rate for epoch in range(1, epochs + 1) for rate in recipe.learning_rates(epoch, epochs, steps)]
    assert len(rates) == epochs * steps
    assert all(0 <= rate <= recipe.learning_rate * (1 + 1e-12) for rate in rates)


@given(RATES, SHARES, st.integers(1, 8), st.integers(1, 30))
def test_a_cosine_schedule_rises_then_falls_to_nothing(highest, warm_up, epochs, steps):
    recipe = TrainingRecipe("cycle", highest, warm_up=warm_up)
    rates = [rate for epoch in range(1, epochs + 1) for rate in recipe.learning_rates(epoch, epochs, steps)]
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-12)


def test_the_papers_schedule_multiplies_after_every_epoch():
    assert [PAPER.learning_rates(epoch, 10, 2) for epoch in (1, 2)] == [[1e-3, 1e-3], [7.5e-4, 7.5e-4]]


def test_the_title_of_a_recipe_says_how_it_differs_from_todays():
    assert [recipe.title for recipe in RECIPES.values()] == ["paper", "quick", "thorough"]
    assert QUICK.with_learning_rate(0.25).title == "quick, learning rate 0.25"
    assert THOROUGH.with_augmentation(["shift", "flip"]).title == "thorough, with shift and flip"
    assert replace(QUICK, weight_decay=0.5).title == "quick (other values)"


def test_configurations_are_alike_if_only_their_seeds_differ():
    config = TrainingConfig(epochs=3, recipe=QUICK)
    assert config.is_like(replace(config, seed=4))
    assert not config.is_like(replace(config, recipe=PAPER))
    assert not config.is_like(replace(config, epochs=4))
