import pytest
from hypothesis import given
from hypothesis import strategies as st
from overview_populations import population
from strategies import architectures

from remap_core.errors import InvalidView
from remap_core.space.architecture import Architecture
from remap_core.space.caps import KILOBYTE, exceeded
from remap_core.space.footprint import Footprint, footprint
from remap_core.space.text import parse_layers
from remap_core.views.target_fit import none_fits_sentence, target_shares, verdict_on
from remap_core.views.targets import TARGETS, Target, find_target, require_possible

NANO, BROWSER = TARGETS["arduino-nano-33-ble"], TARGETS["browser"]
TINY = Target("tiny", "Tiny", flash=40 * KILOBYTE, ram=4 * KILOBYTE, runtime=Footprint(0, 0))
TEXTS = ("MaxPool 2, Conv 2x3", "Conv 8x3, ReLU", "Dense 64, ReLU")
THREE = population([0.5, 0.9, 0.7], text=TEXTS)
"""For images of 1 x 28 x 28: the second needs 6 KB of RAM in int8, the third 54 KB of flash."""


def test_the_budgets_are_those_of_the_devices():
    budgets = {
        target.key: (target.ram and target.ram // KILOBYTE, target.flash // KILOBYTE) for target in TARGETS.values()
    }
    assert budgets == {
        "arduino-nano-33-ble": (256, 1024),
        "esp32-s3": (512, 8192),
        "raspberry-pi-pico": (264, 2048),
        "browser": (None, 1024),
    }


def test_what_the_runtime_takes_is_not_left_for_a_network():
    assert (NANO.ram_left, NANO.flash_left) == (192 * KILOBYTE, 832 * KILOBYTE)
    assert (BROWSER.ram_left, BROWSER.flash_left) == (None, 1024 * KILOBYTE)


@pytest.mark.parametrize(
    ("target", "needed", "verdict", "brief"),
    [
        (NANO, (192, 832), "fits Arduino Nano 33 BLE", "fits"),
        (NANO, (202, 832), "exceeds Arduino Nano 33 BLE by 10 KB of RAM", "RAM +10 KB"),
        (
            NANO,
            (202, 852),
            "exceeds Arduino Nano 33 BLE by 10 KB of RAM and 20 KB of flash",
            "RAM +10 KB, flash +20 KB",
        ),
        (BROWSER, (9_000, 1_124), "exceeds Browser by 100 KB of download", "download +100 KB"),
    ],
)
def test_a_verdict_says_what_is_exceeded_and_by_how_much(target, needed, verdict, brief):
    needed = Footprint(*(kilobytes * KILOBYTE for kilobytes in needed))
    assert (target.verdict(needed), target.brief_verdict(needed)) == (verdict, brief)


@given(architectures(), st.sampled_from([*TARGETS.values(), TINY]))
def test_a_network_has_room_where_it_keeps_to_the_caps(architecture, target):
    fits = exceeded(target.caps, architecture) is None
    assert target.has_room(architecture) == fits
    assert target.verdict(footprint(architecture, target.int8)).startswith("fits" if fits else "exceeds")


def test_an_unknown_target_is_refused_with_the_known_ones():
    with pytest.raises(InvalidView) as refusal:
        find_target("nano")
    assert str(refusal.value) == (
        "The target must be one of arduino-nano-33-ble, esp32-s3, raspberry-pi-pico, browser, or RAM/flash in KB, such "
        "as 128/512, but got 'nano'."
    )


@pytest.mark.parametrize("written", ["128/512", "128-512", " 128 KB / 512 kb ", "128 KB RAM, 512 KB flash"])
def test_a_device_of_ones_own_is_its_ram_and_flash(written):
    own = find_target(written)
    assert own == find_target(own.key)
    assert (own.name, own.int8) == ("128 KB RAM, 512 KB flash", True)
    assert (own.ram_left, own.flash_left) == (64 * KILOBYTE, 320 * KILOBYTE)


@pytest.mark.parametrize("written", ["64/512", "128/192", "2000000/512", "0/0"])
def test_a_device_without_room_beside_its_runtime_or_beyond_all_bounds_is_refused(written):
    with pytest.raises(InvalidView, match=r"more than 64 KB of RAM and 192 KB of flash.* at most 1,048,576 KB of each"):
        find_target(written)


@pytest.mark.parametrize("written", ["", "128", "128/", "-5/512", "1.5/512", "128/512/9", "9" * 400 + "/512"])
def test_what_is_neither_a_device_nor_ram_and_flash_is_no_target(written):
    with pytest.raises(InvalidView, match="must be one of"):
        find_target(written)


def test_images_that_leave_no_room_for_any_network_are_refused_with_both_sizes():
    require_possible(NANO, (3, 224, 224), 10)
    with pytest.raises(InvalidView) as refusal:
        require_possible(NANO, (3, 320, 320), 10)
    assert str(refusal.value) == (
        "No network for images of 3 x 320 x 320 fits Arduino Nano 33 BLE: the smallest one needs 300 KB of RAM and "
        "3.1 KB of flash, and there is room for 192 KB of RAM and 832 KB of flash."
    )


def test_models_of_a_population_need_what_their_architectures_need():
    chains = [Architecture((1, 28, 28), 2, parse_layers(text)) for text in TEXTS]
    for int8 in (True, False):
        needed = [footprint(chain, int8) for chain in chains]
        assert THREE.ram(int8).tolist() == [one.ram_bytes for one in needed]
        assert THREE.flash(int8).tolist() == [one.flash_bytes for one in needed]
    assert (target_shares(TINY, THREE) <= 1).tolist() == [True, False, False]
    assert verdict_on(TINY, THREE, 1) == "exceeds Tiny by 2 KB of RAM"


def test_a_model_of_images_that_are_gone_is_not_said_to_fit():
    gone = population([0.5], text="Conv 4x3, Conv 4x99")
    assert (target_shares(TINY, gone) <= 1).tolist() == [False]
    assert (verdict_on(TINY, gone, 0), none_fits_sentence(TINY, gone)) == ("", "")


def test_that_no_model_fits_is_said_with_the_smallest_one_and_the_room():
    smaller = Target("less", "Less", flash=40 * KILOBYTE, ram=600, runtime=Footprint(0, 0))
    assert none_fits_sentence(TINY, THREE) == none_fits_sentence(TINY, population([])) == ""
    assert none_fits_sentence(smaller, THREE) == (
        "None of 3 models fits Less: the smallest one there, #3, needs 0.83 KB of RAM and 55 KB of flash, and there is "
        "room for 0.59 KB of RAM and 40 KB of flash."
    )
