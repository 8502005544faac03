"""`lab.data_issues`: what the models of a lab say about its data."""

import pytest
from catalogues import write_catalogue

import remap_core as remap
from remap_core.errors import NoCatalogue


def test_what_the_models_say_is_in_plain_values(tmp_path):
    write_catalogue(tmp_path)
    found = remap.open(tmp_path, dataset="digits").data_issues()
    assert found["models"] == [6, 5, 4]
    assert (found["suspected"][0]["label"], found["suspected"][0]["other"]) == ("6", "7")


def test_where_nothing_was_trained_there_is_nobody_to_ask(tmp_path):
    with pytest.raises(NoCatalogue):
        remap.open(tmp_path, dataset="digits").data_issues()
