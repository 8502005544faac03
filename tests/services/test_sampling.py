"""What the first models of a data set are sampled from."""

from dataclasses import replace

import pytest
from catalogues import CARD

from remap_core.errors import InvalidSpace, SpaceExhausted
from remap_core.services.pace import ELSEWHERE
from remap_core.services.proposals import plan_of, propose_initial
from remap_core.services.sampling import DEFAULT_SECONDS, find_space, lineage_space, plan_for, space_names
from remap_core.settings import Settings
from remap_core.space.caps import Cost
from remap_core.trials.trial import Proposal

GREY, COLOUR, LARGE = (1, 28, 28), (3, 32, 32), (3, 96, 96)
OWN = """
name = "mine"
steps.dense = { kind = "dense", units = [8, 16, 32] }
steps.act = { kind = "activation", function = "relu" }
on_images.start = { dense = 1 }
on_vectors.dense = { act = 1 }
on_vectors.act = { dense = 1, stop = 1 }
caps.activation_memory = 64
"""


@pytest.fixture
def own(tmp_path):
    """Settings that name a person's own space."""
    file = tmp_path / "mine.toml"
    file.write_text(OWN)
    return Settings(space=str(file))


def limits(plan):
    return {cap.cost: (cap.limit, cap.source) for cap in plan.caps}


def test_small_grey_images_are_sampled_as_ever_with_no_cap_but_that_on_parameters():
    plan = plan_for(Settings(), GREY, 10, 1000)
    assert plan.space.name == "remap-2019"
    assert limits(plan) == {Cost.PARAMETERS: (1_000_000, "REMAP_MAX_PARAMETERS")}


@pytest.mark.parametrize("shape", [COLOUR, LARGE, (1, 64, 64)])
def test_colour_or_large_images_have_another_space_and_default_caps(shape):
    plan = plan_for(Settings(), shape, 10, 1000)
    assert plan.space.name == "residual"
    assert limits(plan) == {
        Cost.PARAMETERS: (1_000_000, "REMAP_MAX_PARAMETERS"),
        Cost.MULTIPLY_ADDS: (30_000_000, "a default for these images"),
        Cost.MEMORY: (512 * 1024, "a default for these images"),
        Cost.SECONDS: (DEFAULT_SECONDS, "a default for these images"),
    }
    assert all(one.multiply_adds <= 30_000_000 for one in plan.sample(10, seed=0))


def test_a_chosen_space_keeps_the_caps_of_the_images():
    chosen = plan_for(Settings(), LARGE, 10, 1000, space="remap-2019")
    assert chosen.space.name == "remap-2019"
    assert limits(chosen) == limits(plan_for(Settings(), LARGE, 10, 1000))


def test_what_is_set_counts_instead_of_the_defaults():
    settings = Settings(max_multiply_adds=40_000_000, max_activation_memory=900, max_seconds=7200)
    assert limits(plan_for(settings, COLOUR, 10, 1000)) == {
        Cost.PARAMETERS: (1_000_000, "REMAP_MAX_PARAMETERS"),
        Cost.MULTIPLY_ADDS: (40_000_000, "REMAP_MAX_MULTIPLY_ADDS"),
        Cost.MEMORY: (900 * 1024, "REMAP_MAX_ACTIVATION_MEMORY"),
        Cost.SECONDS: (7200, "REMAP_MAX_SECONDS"),
    }


def test_the_default_of_seconds_gives_way_where_it_would_leave_nearly_nothing():
    plan = plan_for(Settings(epochs=100), LARGE, 10, 100_000)
    seconds, source = limits(plan)[Cost.SECONDS]
    assert seconds > DEFAULT_SECONDS
    assert source == "a default for these images"
    assert max(plan.seconds_of(one) for one in plan.sample(5, seed=3)) <= seconds


def test_a_cap_on_seconds_that_is_set_does_not_give_way():
    with pytest.raises(SpaceExhausted, match=r"had more than 1\.0 s of training \(REMAP_MAX_SECONDS\)\."):
        plan_for(Settings(epochs=100, max_seconds=1), LARGE, 10, 100_000, pace=ELSEWHERE).sample(2, seed=0)


def test_a_persons_own_space_samples_within_its_caps_and_comes_first_in_the_choice(own):
    plan = plan_for(own, COLOUR, 10, 1000)
    assert plan.space.name == "mine"
    assert limits(plan)[Cost.MEMORY] == (64 * 1024, "the caps of mine")
    assert space_names(own) == ["mine", "remap-2019", "modern", "residual", "mobile"]
    assert find_space(own, COLOUR, "mine") == plan.space
    assert find_space(own, COLOUR, "mobile").name == "mobile"


def test_another_name_is_refused_with_those_that_there_are():
    with pytest.raises(InvalidSpace, match=r"one of remap-2019, modern, residual, mobile, but got 'mine'\."):
        find_space(Settings(), COLOUR, "mine")


def test_a_damaged_file_is_not_offered_and_says_why_where_it_is_used(own, tmp_path):
    (tmp_path / "mine.toml").write_text("name = 'mine'")
    assert space_names(own) == ["remap-2019", "modern", "residual", "mobile"]
    with pytest.raises(InvalidSpace, match="steps is missing"):
        plan_for(own, COLOUR, 10, 1000)


def test_proposals_carry_the_name_of_their_space(own):
    assert {proposal.space for proposal in propose_initial(Settings(), CARD, 3, seed=0)} == {"remap-2019"}
    plan = plan_of(Settings(), CARD, "mobile")
    assert {proposal.space for proposal in propose_initial(Settings(), CARD, 3, seed=0, plan=plan)} == {"mobile"}
    assert {proposal.space for proposal in propose_initial(own, CARD, 3, seed=0)} == {"mine"}


def test_children_take_layers_from_the_space_of_their_lineage_while_it_is_known(own, tmp_path):
    (sampled,) = propose_initial(own, CARD, 1, seed=0)
    assert lineage_space(own, sampled).name == "mine"
    assert lineage_space(Settings(), sampled).name == "remap-2019"
    assert lineage_space(own, replace(sampled, space="mobile")).name == "mobile"
    assert lineage_space(Settings(), Proposal(sampled.architecture, "digits")).name == "remap-2019"


@pytest.mark.parametrize("name", ["<b>", "x" * 41, "two words"])
def test_a_proposal_has_no_name_that_a_space_cannot_have(name):
    (sampled,) = propose_initial(Settings(), CARD, 1, seed=0)
    with pytest.raises(InvalidSpace, match="space must be 1 to 40 letters"):
        replace(sampled, space=name)
