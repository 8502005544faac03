"""What `python -m benchmarks.table_search` replays: players that pay for each network once, and what is lacking."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks import table_search
from benchmarks.search_players import neighbours, rows_trained
from benchmarks.trained_table import read_table
from remap_core.analysis.suggest.features import features_of
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers

TABLES = sorted(table_search.TABLES.glob("*.parquet"))
LEAVES = table_search.TABLES / "leaves.parquet"


@pytest.fixture(scope="module")
def leaves():
    return table_search.prepared(LEAVES)


@pytest.fixture(scope="module")
def capped(leaves):
    table, _ = leaves
    return table_search.task_of(table, int(np.median(table.parameters)))


def test_nearest_are_networks_with_the_fewest_changed_layers_then_those_of_like_features():
    chains = ("Conv 8x3, ReLU", "Dense 16, Tanh", "Conv 64x5, ReLU", "Conv 8x3, ReLU, Dense 16", "Conv 16x3, ReLU")
    networks = [Architecture((1, 8, 8), 10, parse_layers(chain)) for chain in chains]
    near = table_search.nearest(networks, features_of(networks))
    assert near[0].tolist() == [4, 2, 3, 1]


def test_the_goal_is_the_three_most_accurate_networks_under_the_cap(capped):
    table = capped.table
    allowed = np.flatnonzero(table.parameters <= capped.cap)
    third = sorted(table.accuracy[allowed])[-3]
    assert set(capped.goal) == {row for row in allowed if table.accuracy[row] >= third}


@pytest.mark.parametrize("name", table_search.PLAYERS)
def test_a_player_pays_for_every_allowed_network_once_and_for_no_other(capped, name):
    most = 60 if name in ("suggestions", "three shown") else int(capped.allowed.sum())
    rows = list(rows_trained(capped, table_search.PLAYERS[name], 0, most))
    assert len(rows) == len(set(rows)) == most
    assert capped.allowed[rows].all()


def test_all_players_but_the_random_one_begin_with_the_same_ten_networks(capped):
    players = [player for name, player in table_search.PLAYERS.items() if name != "random"]
    starts = {tuple(rows_trained(capped, player, 3, table_search.START)) for player in players}
    assert len(starts) == 1


def test_neighbours_of_a_network_do_not_run_out(capped):
    first = neighbours(capped, 0)
    further = neighbours(capped, 0, first)
    assert len(first) == len(further) == table_search.NEIGHBOURS
    assert not set(first) & set(further)


def test_regret_is_the_share_of_moocores_hypervolume_that_is_lacking(leaves, capped):
    moocore = pytest.importorskip("moocore", reason="needs moocore, of the extra test")
    table, guessing = leaves
    rows = np.flatnonzero(capped.allowed)

    def hypervolume(rows):
        points = np.column_stack([np.log(table.parameters[rows]), -table.accuracy[rows]])
        return moocore.hypervolume(points, ref=[np.log(capped.cap), -guessing])

    regrets = table_search.regrets_of(capped, guessing, rows.tolist())
    lacking = [1 - hypervolume(rows[: table_search.START + n]) / hypervolume(rows) for n in (0, 7, 40)]
    assert regrets[[0, 7, 40]] == pytest.approx(lacking)


def test_nothing_is_lacking_once_the_front_was_trained(leaves, capped):
    table, guessing = leaves
    rows = np.flatnonzero(capped.allowed)
    best_first = rows[np.lexsort((table.parameters[rows], -table.accuracy[rows]))]
    on_front = [row for row in best_first if _is_on_front(table, rows, row)]
    filled = [*on_front, *(row for row in best_first if row not in on_front)]
    assert table_search.regrets_of(capped, guessing, filled)[-1] == pytest.approx(0)


def _is_on_front(table, rows, row):
    smaller = rows[table.parameters[rows] <= table.parameters[row]]
    return table.accuracy[row] >= table.accuracy[smaller].max()


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_stored_table_has_different_networks_of_the_stored_size(path):
    networks, accuracy = read_table(path)
    assert len({network.fingerprint for network in networks}) == len(networks)
    assert [network.parameters for network in networks] == pq.read_table(path)["parameters"].to_pylist()
    assert ((accuracy >= 0) & (accuracy <= 1)).all()


def test_variations_are_left_out_on_request(leaves):
    table, _ = leaves
    sampled, _ = table_search.prepared(LEAVES, sampled=True)
    assert sampled.accuracy.tolist() == table.accuracy[:120].tolist()
    assert len(table.accuracy) > 120


def test_the_stored_tables_are_small():
    assert len(TABLES) == 3
    assert sum(path.stat().st_size for path in TABLES) < 1_000_000
