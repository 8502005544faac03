from pathlib import Path

import pytest

from remap_core.errors import SettingsError
from remap_core.settings import Settings, read_settings

NO_FILE = Path("no such file.toml")


def test_everything_has_a_default():
    settings, origins = read_settings({}, NO_FILE)
    assert (settings.home, settings.dataset, settings.population, settings.epochs) == (Path(".remap"), "digits", 40, 10)
    assert set(origins.values()) == {"default"}


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path):
    file = tmp_path / "remap.toml"
    file.write_text("epochs = 3\nseed = 7\n")
    settings, origins = read_settings({"REMAP_SEED": "9", "UNRELATED": "1"}, file)
    assert (settings.epochs, settings.seed, settings.population) == (3, 9, 40)
    assert (origins["epochs"], origins["seed"], origins["population"]) == (str(file), "REMAP_SEED", "default")


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"REMAP_EPOCHS": "many"}, "epochs = 'many' (from REMAP_EPOCHS) is not usable:"),
        ({"REMAP_POPULATION": "-1"}, "population = '-1' (from REMAP_POPULATION) is not usable:"),
        ({"REMAP_DEVICE": "abacus"}, "device = 'abacus' (from REMAP_DEVICE) is not usable:"),
        ({"REMAP_DATASET": ""}, "dataset = '' (from REMAP_DATASET) is not usable:"),
    ],
)
def test_a_value_that_is_not_usable_is_named_with_where_it_came_from(environ, sentence):
    with pytest.raises(SettingsError) as refused:
        read_settings(environ, NO_FILE)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("epochs: 3", "cannot be read as TOML"), ("epoch = 3", "epoch = 3 (from"), ("seed = [1]", "seed = [1] (from")],
)
def test_a_file_that_is_not_usable_is_said(tmp_path, text, sentence):
    file = tmp_path / "remap.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        read_settings({}, file)
    assert sentence in str(refused.value)
    assert str(file) in str(refused.value)


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().epochs = 3
