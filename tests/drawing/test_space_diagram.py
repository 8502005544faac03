import pytest

from remap_core.drawing.space_diagram import space_alt, space_figure
from remap_core.space.markov.search_space import FIRST, LAST
from remap_core.space.markov.search_spaces import MODERN, REMAP_2019, SPACES


def traces(space, name):
    return [trace for trace in space_figure(space).data if trace.name == name]


@pytest.mark.parametrize("space", SPACES.values())
def test_every_step_of_each_part_is_a_chip_and_every_transition_an_arc(space):
    (steps,) = traces(space, "steps")
    states = (*space.states(), LAST)
    assert list(steps.y) == list(range(len(states)))
    assert list(space_figure(space).layout.yaxis.ticktext) == [state.step for state in states]
    assert len(traces(space, "arc")) == sum(len(space.after(state)) for state in space.states())


def test_an_arc_is_as_wide_as_what_it_stands_for_is_probable():
    widths = {trace.hovertext: trace.line.width for trace in traces(REMAP_2019, "arc")}
    assert widths["start → conv: 50 %"] == pytest.approx(3 * widths["start → pool: 17 %"])


def test_arcs_lead_to_the_right_where_they_go_on_and_to_the_left_where_they_go_back():
    place = {state: row for row, state in enumerate((*MODERN.states(), LAST))}
    arcs = iter(traces(MODERN, "arc"))
    for state in MODERN.states():
        for _ in MODERN.after(state):
            arc = next(arcs)
            goes_on = arc.y[-1] > arc.y[0] + 0.9
            assert arc.y[0] == pytest.approx(place[state], abs=0.3)
            assert (max(arc.x, key=abs) > 0) == goes_on


def test_the_chips_have_the_colours_of_their_layers_and_say_what_they_choose_from():
    (steps,) = traces(REMAP_2019, "steps")
    states = (*REMAP_2019.states(), LAST)
    conv = next(row for row, state in enumerate(states) if state.step == "conv")
    assert steps.marker.color[conv] == "#5b8def"
    assert "Conv: kernel size 1, 3, 5; filters 16, 32, 64, 128; stride 1; padding valid" in steps.hovertext[conv]
    assert states[0] == FIRST


def test_the_diagram_is_said_in_words():
    beginning = "Search space remap-2019, most probable next steps: start to conv (50 %), conv to act (38 %)"
    assert space_alt(REMAP_2019).startswith(beginning)
