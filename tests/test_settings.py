from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.errors import SettingsError
from remap_core.setting_sources import read_settings, unknown_variables
from remap_core.settings import SPACE_NAMES, Settings
from remap_core.space.markov.search_spaces import SPACES

NO_FILE = Path("no such file.toml")


def test_everything_has_a_default():
    settings, origins = read_settings({}, NO_FILE)
    assert (settings.home, settings.dataset, settings.population, settings.epochs) == (Path(".remap"), "digits", 40, 10)
    assert set(origins.values()) == {"default"}


def test_the_environment_overrides_the_file_and_the_file_overrides_the_default(tmp_path):
    file = tmp_path / "remap.toml"
    file.write_text("epochs = 3\nseed = 7\n")
    settings, origins = read_settings({"REMAP_SEED": "9", "UNRELATED": "1"}, file)
    assert (settings.epochs, settings.seed, settings.population) == (3, 9, 40)
    assert (origins["epochs"], origins["seed"], origins["population"]) == (str(file), "REMAP_SEED", "default")


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"REMAP_EPOCHS": "many"}, "epochs = 'many' (from REMAP_EPOCHS) is not valid:"),
        ({"REMAP_POPULATION": "-1"}, "population = '-1' (from REMAP_POPULATION) is not valid:"),
        ({"REMAP_DEVICE": "abacus"}, "device = 'abacus' (from REMAP_DEVICE) is not valid:"),
        ({"REMAP_DATASET": ""}, "dataset = '' (from REMAP_DATASET) is not valid:"),
        (
            {"REMAP_HOME": "~no-one-of-this-name/x"},
            "home = '~no-one-of-this-name/x' (from REMAP_HOME) is not valid: its ~ must stand for",
        ),
        (
            {"REMAP_HOME": ""},
            "home = '' (from REMAP_HOME) is not valid: it must name a folder (. is the working folder).",
        ),
        ({"REMAP_SPACE": "outer"}, "space = 'outer' (from REMAP_SPACE) is not valid:"),
        ({"REMAP_EPOCHS": "0"}, "epochs = '0' (from REMAP_EPOCHS) is not valid:"),
        ({"REMAP_EPOCHS": "9" * 9000}, "epochs = '9999"),
        ({"REMAP_BATCH_SIZE": "1e3"}, "batch_size = '1e3' (from REMAP_BATCH_SIZE) is not valid:"),
        ({"REMAP_LEARNING_RATE": "nan"}, "learning_rate = 'nan' (from REMAP_LEARNING_RATE) is not valid:"),
        ({"REMAP_LEARNING_RATE": "inf"}, "learning_rate = 'inf' (from REMAP_LEARNING_RATE) is not valid:"),
        ({"REMAP_MAX_PARAMETERS": "1"}, "max_parameters = '1' (from REMAP_MAX_PARAMETERS) is not valid:"),
        ({"REMAP_TIME_LIMIT": "-1"}, "time_limit = '-1' (from REMAP_TIME_LIMIT) is not valid:"),
        ({"REMAP_MEMORY_LIMIT": "2GB"}, "memory_limit = '2GB' (from REMAP_MEMORY_LIMIT) is not valid:"),
        ({"REMAP_HALVING": "by three"}, "halving = 'by three' (from REMAP_HALVING) is not valid:"),
        ({"REMAP_SEED": str(2**31)}, "seed = '2147483648' (from REMAP_SEED) is not valid:"),
        ({"REMAP_WORKERS": "-1"}, "workers = '-1' (from REMAP_WORKERS) is not valid:"),
        ({"REMAP_EXECUTOR": "abacus"}, "executor = 'abacus' (from REMAP_EXECUTOR) is not valid:"),
        (
            {"REMAP_RAY_ADDRESS": "ray://h:1"},
            "ray_address = 'ray://h:1' (from REMAP_RAY_ADDRESS) is not valid: it must",
        ),
        ({"REMAP_RAY_ADDRESS": "head"}, "ray_address = 'head' (from REMAP_RAY_ADDRESS) is not valid: it must be auto"),
        ({"REMAP_RAY_ADDRESS": "head:0"}, "ray_address = 'head:0' (from REMAP_RAY_ADDRESS) is not valid: it must be"),
        ({"REMAP_RAY_GPUS": "2"}, "ray_gpus = '2' (from REMAP_RAY_GPUS) is not valid:"),
        ({"REMAP_RAY_GPUS": "nan"}, "ray_gpus = 'nan' (from REMAP_RAY_GPUS) is not valid:"),
        ({"REMAP_EVENTS": "smoke"}, "events = 'smoke' (from REMAP_EVENTS) is not valid:"),
        ({"REMAP_AUTOSTART": "perhaps"}, "autostart = 'perhaps' (from REMAP_AUTOSTART) is not valid:"),
        ({"REMAP_METRICS_PORT": "65536"}, "metrics_port = '65536' (from REMAP_METRICS_PORT) is not valid:"),
        ({"REMAP_METRICS_ADDRESS": ""}, "metrics_address = '' (from REMAP_METRICS_ADDRESS) is not valid:"),
    ],
)
def test_an_invalid_value_is_reported_with_its_setting_origin_and_rule(environ, sentence):
    with pytest.raises(SettingsError) as refused:
        read_settings(environ, NO_FILE)
    assert str(refused.value).startswith(sentence)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("name", Settings.model_fields)
@pytest.mark.parametrize("value", [[], {"a": 1}, [[1]], None])
def test_no_setting_accepts_a_list_a_table_or_none(name, value):
    with pytest.raises(ValueError, match=name):
        Settings.model_validate({name: value})


@given(st.sampled_from(sorted(Settings.model_fields)), st.text(max_size=30))
def test_any_value_of_a_variable_is_accepted_or_refused_in_one_line(name, text):
    try:
        read_settings({f"REMAP_{name.upper()}": text}, NO_FILE)
    except SettingsError as refused:
        assert str(refused).startswith(f"{name} = ")
        assert len(str(refused).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("epochs: 3", "cannot be read as TOML"),
        ("epoch = 3", "is not a setting; did you mean epochs?"),
        ("zzz = 3", "is not a setting."),
        ("[training]\nepochs = 3", "training = {'epochs': 3} (from"),
        ("seed = [1]", "seed = [1] (from"),
        ("home = 3", "home = 3 (from"),
        ("epochs = 1979-05-27", "epochs = datetime.date(1979, 5, 27) (from"),
        ("epochs = 3\nepochs = 4", "cannot be read as TOML"),
    ],
)
def test_an_invalid_file_is_reported(tmp_path, text, sentence):
    file = tmp_path / "remap.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        read_settings({}, file)
    assert sentence in str(refused.value)
    assert str(file) in str(refused.value)


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Settings().epochs = 3


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("REMAP_EPOCH", "REMAP_EPOCHS"), ("REMAP_DATA", "REMAP_DATASET"), ("remap_home", "REMAP_HOME"), ("REMAP_Q", None)],
)
def test_an_unknown_variable_is_reported_with_the_most_similar_setting(name, nearest):
    (sentence,) = unknown_variables({name: "1", "REMAP_SEED": "1", "HOME": "/", "REMAP_TEST_DATA": "/"})
    assert sentence.startswith(f"{name} is not a setting and has no effect")
    assert sentence.endswith(f"; did you mean {nearest}?" if nearest else "effect.")


def test_a_tilde_in_the_data_folder_is_the_home_folder():
    assert read_settings({"REMAP_HOME": "~/remap"}, NO_FILE)[0].home == Path.home() / "remap"


def test_the_search_space_is_auto_one_of_the_spaces_or_a_file():
    assert ("auto", *SPACES) == SPACE_NAMES
    for space in (*SPACE_NAMES, "mine.toml", "~/spaces/mine.toml"):
        assert read_settings({"REMAP_SPACE": space}, NO_FILE)[0].space == space
    with pytest.raises(SettingsError) as refused:
        read_settings({"REMAP_SPACE": "imagenet"}, NO_FILE)
    assert str(refused.value) == (
        "space = 'imagenet' (from REMAP_SPACE) is not valid: it must be auto, remap-2019, modern, residual, mobile "
        "or a path to a .toml file."
    )
