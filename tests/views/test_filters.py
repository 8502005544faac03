import numpy as np
import pytest
from hypothesis import given
from overview_populations import filters, population, populations

from remap_core.errors import InvalidView
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import QUICK
from remap_core.trials.trial import Origin
from remap_core.views.filters import Filter, Span, layer_kinds


@given(populations())
def test_an_empty_filter_passes_every_model(of):
    assert Filter().mask(of).tolist() == [True] * len(of)


@given(populations(), filters())
def test_a_filter_is_the_intersection_of_its_rules(of, drawn):
    alone = [Filter(**{name: getattr(drawn, name)}).mask(of) for name in Filter.__dataclass_fields__]
    assert drawn.mask(of).tolist() == np.all(alone, axis=0).tolist()


@given(populations(), filters())
def test_models_that_pass_match_every_rule(of, drawn):
    for row in np.flatnonzero(drawn.mask(of)):
        kinds = layer_kinds(of.text[row])
        assert drawn.present <= kinds
        assert not drawn.absent & kinds
        assert (drawn.parameters.low or 0) <= of.parameters[row] <= (drawn.parameters.high or 10**6)
        assert not drawn.origins or of.origin[row] in drawn.origins


def test_a_range_includes_its_ends_and_excludes_unknown_values():
    of = population([0.1, 0.2, 0.3], latency_1_ms=[1, 2, np.nan])
    assert Filter(latency_ms=Span(1, 2)).mask(of).tolist() == [True, True, False]
    assert Filter(accuracy=Span(0.2)).mask(of).tolist() == [False, True, True]


def test_models_are_filtered_by_origin():
    of = population([0.1, 0.2], origin=("initial", "ablation"))
    assert Filter(origins=frozenset({Origin.ABLATION})).mask(of).tolist() == [False, True]


def test_models_are_filtered_by_the_recipe_of_their_training():
    of = population([0.1, 0.2], config=(TrainingConfig(), TrainingConfig(recipe=QUICK)))
    assert Filter(recipes=frozenset({"quick"})).mask(of).tolist() == [False, True]


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: Span(2, 1), "A range must start at or below its end, but got 2 to 1."),
        (lambda: Span(-1), "The ends of a range must be numbers of at least 0, but got -1."),
        (lambda: Filter(accuracy=Span(50)), "Accuracies must be between 0 and 100 %, but got 5000.0 %."),
        (lambda: Filter(recipes=frozenset({"A b"})), "The name of a training recipe has only a-z, 0-9 and -"),
        (lambda: Filter(present=frozenset({"lstm"})), "A layer kind must be one of conv2d, "),
        (
            lambda: Filter(present=frozenset({"dense"}), absent=frozenset({"dense"})),
            "A layer kind cannot be both required and excluded, but dense is.",
        ),
    ],
)
def test_an_invalid_filter_is_refused_with_the_rule_and_the_value(made, sentence):
    with pytest.raises(InvalidView) as refusal:
        made()
    assert str(refusal.value).startswith(sentence)
