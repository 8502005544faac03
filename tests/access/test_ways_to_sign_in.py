import os

import pytest

from remap_core.access.sign_in import SignIn, is_closed, is_trusted, sign_in_of, trusted_networks
from remap_core.errors import SettingsError
from remap_core.settings import Settings

PROXY = {"trusted_header": "X-Remap-User", "trusted_proxies": "127.0.0.1"}


@pytest.fixture
def secrets(tmp_path):
    def write(text, mode=0o600):
        file = tmp_path / "secrets.toml"
        file.write_text(text)
        file.chmod(mode)
        return [tmp_path / "missing.toml", file]

    return write


def test_without_secrets_and_header_nobody_signs_in(secrets):
    assert sign_in_of(Settings(), secrets("[other]\nkey = 1\n")) is SignIn.NONE
    assert not is_closed(Settings(), secrets("[other]\nkey = 1\n"))


def test_auth_in_the_secrets_means_oidc(secrets):
    files = secrets("[auth]\ncookie_secret = 'x'\n")
    assert sign_in_of(Settings(admins="ada@example.org"), files) is SignIn.OIDC
    assert is_closed(Settings(), files)


def test_a_trusted_header_means_a_proxy(secrets):
    assert sign_in_of(Settings(**PROXY), secrets("")) is SignIn.PROXY
    assert is_closed(Settings(**PROXY), secrets(""))


def test_a_header_without_the_proxys_address_is_refused(secrets):
    with pytest.raises(SettingsError, match="needs trusted_proxies"):
        sign_in_of(Settings(trusted_header="X-Remap-User"), secrets(""))


def test_two_ways_to_sign_in_exclude_each_other(secrets):
    with pytest.raises(SettingsError, match="exclude each other"):
        sign_in_of(Settings(**PROXY), secrets("[auth]\n"))


@pytest.mark.parametrize("name", ["admins", "builders", "trusted_proxies"])
def test_roles_without_a_way_to_sign_in_do_not_open_the_app(secrets, name):
    with pytest.raises(SettingsError, match=f"{name} = .* needs a way to sign in"):
        sign_in_of(Settings(**{name: "ada@example.org"}), secrets(""))


def test_the_trainer_is_closed_by_roles_alone(secrets):
    assert is_closed(Settings(admins="ada@example.org"), secrets(""))


def test_secrets_that_everybody_can_read_are_refused(secrets):
    with pytest.raises(SettingsError, match=r"can be read by every user of this machine \(mode 644\)"):
        sign_in_of(Settings(), secrets("[auth]\n", 0o644))


def test_secrets_without_auth_may_be_readable(secrets):
    assert sign_in_of(Settings(), secrets("key = 1\n", 0o644)) is SignIn.NONE


def test_secrets_that_are_not_toml_stop_the_app(secrets):
    with pytest.raises(SettingsError, match="cannot be read as TOML"):
        sign_in_of(Settings(), secrets("[auth"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_secrets_that_cannot_be_read_stop_the_app(secrets):
    with pytest.raises(SettingsError, match="It may say who can sign in, so REMAP stops"):
        sign_in_of(Settings(), secrets("[auth]\n", 0o000))


def test_a_folder_instead_of_secrets_stops_the_app(tmp_path):
    with pytest.raises(SettingsError, match="It may say who can sign in, so REMAP stops"):
        sign_in_of(Settings(), [tmp_path])


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("::1", False),
        ("11.1.2.3", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_only_the_named_networks_are_trusted(address, trusted):
    networks = trusted_networks(Settings(trusted_header="X-Remap-User", trusted_proxies="127.0.0.1, 10.0.0.0/8"))
    assert is_trusted(address, networks) is trusted


def test_an_address_that_is_none_is_named():
    with pytest.raises(SettingsError, match="must list addresses or networks"):
        trusted_networks(Settings(trusted_header="X-Remap-User", trusted_proxies="proxy.local"))
