"""`remap doctor` where a Ray cluster is asked for."""

import pytest

from remap_core.catalogue.health import Level
from remap_core.cli import environment_checks
from remap_core.settings import Settings


def findings(executor):
    settings = Settings(executor=executor)
    return list(environment_checks.check_settings(settings, dict.fromkeys(Settings.model_fields, "default")))


@pytest.mark.parametrize(("executor", "is_error"), [("ray", True), ("local", False)])
def test_a_missing_extra_is_an_error_if_it_is_needed(monkeypatch, executor, is_error):
    monkeypatch.setattr(environment_checks, "find_spec", lambda name: None)
    errors = [finding.sentence for finding in findings(executor) if finding.level is Level.ERROR]
    assert errors == ["executor = 'ray' needs the extra `ray`: pip install 'remap-nas[ray]'"] * is_error
