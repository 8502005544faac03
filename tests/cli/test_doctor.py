"""`remap doctor`, with PyTorch's survey played."""

import json
import subprocess
import sys
from importlib import metadata

import pytest
from catalogues import write_catalogue
from typer.testing import CliRunner

from remap_core.cli import environment_checks
from remap_core.cli.environment_checks import check_devices, check_packages
from remap_core.cli.typer_app import app
from remap_core.settings import Settings

FOUND = {"torch": "2.9", "instructions": "AVX2", "gpus": [], "complaints": []}
GPU = {"name": "A GPU", "memory": 80e9, "bf16": True}


def surveyed(found) -> subprocess.Popen:
    text = found if isinstance(found, str) else json.dumps(found)
    code = f"import sys; sys.stdout.write({text!r}); sys.stderr.write('first line\\nOSError: libtorch.so')"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def diagnose(tmp_path, monkeypatch):
    """Run `remap doctor ...` on a folder of six models; gives exit code and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMAP_HOME", str(write_catalogue(tmp_path / "home").home))
    monkeypatch.setattr(sys.modules["remap_core.cli.doctor"], "start_survey", lambda: surveyed(FOUND))

    def run(*words):
        ended = CliRunner().invoke(app, ["doctor", *words])
        return ended.exit_code, ended.output

    return run


def test_warnings_alone_are_no_error(diagnose):
    code, said = diagnose()
    assert code == 0
    assert "warning No trainer is running" in said
    assert "ok      PyTorch 2.9 uses AVX2 on the CPU." in said
    assert "Errors: 0, warnings: 2." in said


def test_as_json_it_is_one_object(diagnose):
    code, said = diagnose("--json")
    report = json.loads(said)
    assert (code, report["healthy"]) == (0, True)
    assert {finding["area"] for finding in report["findings"]} == {"packages", "settings", "data folder", "devices"}
    assert all(finding["sentence"].count("\n") == 0 for finding in report["findings"])


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("REMAP_WORKERS", "several", "error   workers = 'several' (from REMAP_WORKERS) is not valid"),
        ("REMAP_DATASET", "nowhere.npz", "error   The data set cannot be loaded:"),
        ("REMAP_DEVICE", "cuda", 'error   PyTorch finds no usable GPU: device = "cuda" cannot train'),
    ],
)
def test_a_setting_that_cannot_work_is_an_error(diagnose, monkeypatch, variable, value, sentence):
    monkeypatch.setenv(variable, value)
    code, said = diagnose()
    assert (code, sentence in said) == (1, True)


def test_a_missing_data_set_is_left_for_the_trainer_to_download(diagnose, monkeypatch, tmp_path):
    monkeypatch.setenv("REMAP_DATASET", "cifar-10#500")
    code, said = diagnose()
    assert code == 0
    assert "ok      The trainer will download the data set cifar-10#500 from https://www.cs.toronto.edu/~kriz/" in said
    assert not (tmp_path / "home" / "downloads").exists()


def test_changed_settings_and_unknown_variables_are_shown(diagnose, monkeypatch):
    monkeypatch.setenv("REMAP_EPOCHS", "3")
    monkeypatch.setenv("REMAP_WORKER", "3")
    monkeypatch.setenv("REMAP_WORKERS", "1000")
    code, said = diagnose()
    assert code == 0
    assert "ok      epochs = 3 (from REMAP_EPOCHS)." in said
    assert "warning REMAP_WORKER is not a setting and has no effect; did you mean REMAP_WORKERS?" in said
    assert "warning workers = 1000 is more than the" in said


def test_a_folder_that_cannot_be_created_is_an_error(diagnose, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "file" / "home"))
    code, said = diagnose()
    assert (code, "cannot be created: Not a directory" in said) == (1, True)


def devices(found, **settings):
    return {(finding.level.value, finding.sentence) for finding in check_devices(surveyed(found), Settings(**settings))}


def test_a_gpu_is_shown_with_its_memory():
    assert ("ok", "GPU: A GPU, 80 GB, bf16.") in devices(FOUND | {"gpus": [GPU]}, device="cuda")


def test_what_pytorch_warns_about_is_a_warning():
    assert ("warning", "PyTorch warns: The driver is too old.") in devices(
        FOUND | {"complaints": ["The driver is too old."]}
    )


def test_a_pytorch_that_does_not_start_is_an_error_with_its_last_words():
    assert ("error", "PyTorch does not start (OSError: libtorch.so): reinstall it.") in devices("")


def packages(monkeypatch, needed):
    monkeypatch.setattr(environment_checks.metadata, "requires", lambda _: needed)
    return {(finding.level.value, finding.sentence) for finding in check_packages()}


def test_packages_that_are_missing_or_too_old_are_errors(monkeypatch):
    version = metadata.version("duckdb")
    needed = ["no-such-package>=1", "duckdb>=99", "numpy", "absent>=1; extra == 'paper'"]
    said = packages(monkeypatch, needed)
    assert ("error", "no-such-package is missing: pip install 'no-such-package>=1'") in said
    assert ("error", f"duckdb {version} is too old: pip install 'duckdb>=99'") in said
    assert ("ok", f"numpy {metadata.version('numpy')}.") in said
    assert not any("absent" in sentence for _, sentence in said)


def test_code_that_is_not_installed_is_a_warning(monkeypatch):
    def missing(_):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(environment_checks.metadata, "version", missing)
    assert any(level == "warning" and "is not installed" in sentence for level, sentence in packages(monkeypatch, []))


def test_the_command_line_imports_no_torch():
    code = "import sys, remap_core.cli; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
