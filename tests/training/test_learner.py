import pytest
import torch
from small_tasks import BARS, trial_on

from remap_core.training.learner import Learner, seeded
from remap_core.training.residence import resident

DATA = resident(BARS, "cpu")
HALF_DROPPED = trial_on(BARS, "Dropout 0.5").architecture


def go_on() -> bool:
    return False


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, again, other = (Learner.begin(HALF_DROPPED, seed, "cpu").network[-1].weight for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_what_is_drawn_inside_depends_on_the_seed_alone_and_leaves_no_trace():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    with seeded("cpu", 7, 1):
        first = torch.rand(3)
    assert torch.equal(torch.rand(3), expected)
    with seeded("cpu", 7, 1):
        assert torch.equal(torch.rand(3), first)
    with seeded("cpu", 7, 2):
        assert not torch.equal(torch.rand(3), first)


def test_dropout_is_on_while_learning_and_off_while_judging():
    learner = Learner.begin(HALF_DROPPED, 0, "cpu")
    learn = [learner.learn(DATA.validation, torch.arange(18), 18, 0.0, go_on).loss for _ in range(2)]
    judged = [learner.judge(DATA.validation, go_on)[0].loss for _ in range(2)]
    assert learn[0] != learn[1]
    assert judged[0] == judged[1]


def test_scores_are_means_over_images_whatever_the_batches():
    learner = Learner.begin(trial_on(BARS, "Dense 4").architecture, 0, "cpu")
    whole = learner.learn(DATA.train, torch.arange(84), 84, 0.0, go_on)
    parts = learner.learn(DATA.train, torch.randperm(84), 80, 0.0, go_on)
    judged, predictions = learner.judge(DATA.train, go_on)
    assert parts == pytest.approx(whole)
    assert judged == pytest.approx(whole)
    assert judged.accuracy == pytest.approx((predictions == BARS.train.labels).mean())


def test_a_learner_names_every_weight_and_both_its_moments():
    learner = Learner.begin(trial_on(BARS, "Conv 2x3").architecture, 0, "cpu")
    names = [name for name, _ in learner.tensors()]
    assert len(set(names)) == len(names) == 4 * 4  # two layers of weight and bias; itself, two moments and a step
    before = {name: tensor.clone() for name, tensor in learner.tensors()}
    learner.learn(DATA.train, torch.arange(84), 84, 1e-3, go_on)
    assert not any(torch.equal(tensor, before[name]) for name, tensor in learner.tensors())
