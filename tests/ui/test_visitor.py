import time

import pytest
from apps import opened, said

from remap_core.access.person import NOBODY, Person
from remap_core.access.roles import Role
from remap_core.errors import NotSignedIn, SettingsError
from remap_core.ui import app_data
from remap_core.ui.people import visitor
from remap_core.ui.session import Session, current_session


class User(dict):
    """What Streamlit says of who is signed in."""

    def __init__(self, *, is_logged_in=True, **claims):
        super().__init__({"email": "ada@example.org", "iat": time.time() - 60} | claims)
        self.is_logged_in = is_logged_in

    def to_dict(self):
        return {name: value for name, value in self.items() if value is not None}


class Headers(list):
    def get_all(self, name):
        return [value for key, value in self if key.lower() == name.lower()]


class Context:
    def __init__(self, address, *headers):
        self.ip_address, self.headers = address, Headers(headers)


@pytest.fixture
def app(home, monkeypatch):
    """Sets the app up, and says who is there."""
    monkeypatch.setattr("streamlit.session_state", {})
    (home.parent / "user").mkdir()
    monkeypatch.setenv("HOME", str(home.parent / "user"))

    def setup(*, user=None, context=None, **settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"REMAP_{name.upper()}", value)
        if user is not None:
            secrets = home.parent / "secrets.toml"
            secrets.write_text("[auth]\n")
            secrets.chmod(0o600)
            monkeypatch.setattr(visitor.st, "get_option", lambda _name: [str(secrets)])
            monkeypatch.setattr(visitor.st, "user", user)
        if context is not None:
            monkeypatch.setattr(visitor.st, "context", context)
        for cached in (app_data.settings, visitor.sign_in, visitor.roles):
            cached.clear()
        return visitor

    yield setup
    for cached in (visitor.sign_in, visitor.roles):
        cached.clear()


def refusal(app, **setup):
    app(**setup)
    assert not visitor.is_still_in()
    with pytest.raises(NotSignedIn) as error:
        visitor.identify()
    assert visitor.person() == NOBODY or current_session().role is None
    assert not visitor.may(Role.VIEWER)
    with pytest.raises(NotSignedIn):
        visitor.sender()
    return str(error.value)


def test_in_an_open_app_everybody_is_an_admin_without_a_name(app):
    app().identify()
    assert visitor.is_open()
    assert (visitor.sender(), visitor.role()) == (NOBODY, Role.ADMIN)
    assert visitor.may_change("somebody")


def test_who_is_signed_in_has_the_role_of_the_settings(app):
    app(user=User(groups=["ml"]), builders="group:ml").identify()
    assert (visitor.sender(), visitor.role()) == (Person("ada@example.org", ("ml",)), Role.BUILDER)
    assert visitor.may_change("ada@example.org")
    assert not visitor.may_change("bob@example.org")


def test_groups_may_come_in_another_claim_and_as_one_text(app):
    app(user=User(team="ml"), builders="group:ml", groups_claim="team").identify()
    assert visitor.role() is Role.BUILDER


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (User(is_logged_in=False), ""),
        (User(email=None), "must send the claim 'email'"),
        (User(email_verified=False), "has not verified the e-mail address ada@example.org"),
        (User(iat=None), "must send the claim 'iat'"),
        (User(iat="yesterday"), "must send the claim 'iat'"),
        (User(iat=time.time() - 13 * 3600), " ago: please sign in again."),
        (User(iat=time.time() + 3600), "in the future: the clock of this server or of the identity provider is wrong"),
        (User(email="eve@example.com"), "eve@example.com is signed in, but has no role here"),
    ],
)
def test_a_sign_in_that_is_none_or_over_or_of_a_stranger_lets_nobody_in(app, user, reason):
    assert reason in refusal(app, user=user, viewers="@example.org")


PROXY = {"trusted_header": "X-Remap-User", "trusted_groups_header": "X-Remap-Groups", "trusted_proxies": "10.0.0.0/8"}


def test_a_proxy_says_who_it_is(app, monkeypatch):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")
    context = Context("10.1.2.3", ("x-remap-user", "ada@example.org"), ("X-Remap-Groups", "all, ml"))
    app(context=context, builders="group:ml", **PROXY).identify()
    assert (visitor.sender(), visitor.role()) == (Person("ada@example.org", ("all", "ml")), Role.BUILDER)


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        (Context("192.168.0.9", ("X-Remap-User", "ada@example.org")), "this connection comes from 192.168.0.9"),
        (Context(None, ("X-Remap-User", "ada@example.org")), "this connection comes from 127.0.0.1"),
        (Context("10.1.2.3"), "it must set the header X-Remap-User"),
        (Context("10.1.2.3", ("X-Remap-User", " ")), "it must set the header X-Remap-User"),
        (
            Context("10.1.2.3", ("X-Remap-User", "eve@example.org"), ("x-remap-user", "ada@example.org")),
            "it must set the header X-Remap-User",
        ),
    ],
)
def test_a_header_that_is_not_the_proxys_lets_nobody_in(app, monkeypatch, context, reason):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")
    assert reason in refusal(app, context=context, **PROXY)


def test_a_proxy_needs_a_server_that_takes_no_visitors_word_for_their_address(app, monkeypatch):
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    app(context=Context("10.1.2.3"), **PROXY)
    with pytest.raises(SettingsError, match=r"trusted_header needs FORWARDED_ALLOW_IPS= \(empty\)"):
        visitor.sign_in()


def test_every_visitor_of_a_demo_is_a_builder_with_a_name_of_their_own(app, monkeypatch):
    app(profile="demo").identify()
    first = visitor.person()
    assert (visitor.role(), visitor.may(Role.ADMIN), visitor.is_open()) == (Role.BUILDER, False, False)
    assert first.name.startswith("visitor-")
    assert visitor.sender() == first, "also in the next run"
    another = Session()
    monkeypatch.setattr(visitor, "current_session", lambda: another)
    visitor.identify()
    assert visitor.person() != first
    assert not visitor.may_change(first.name)


def test_a_session_that_another_person_comes_back_to_begins_empty(app, monkeypatch):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")
    app(context=Context("10.1.2.3", ("X-Remap-User", "ada@example.org")), **PROXY).welcome()
    current_session().drawer = [1, 2]
    app(context=Context("10.1.2.3", ("X-Remap-User", "ada@example.org"))).welcome()
    assert current_session().drawer == [1, 2]
    app(context=Context("10.1.2.3", ("X-Remap-User", "bob@example.org"))).welcome()
    assert (current_session().drawer, visitor.person().name) == ([], "bob@example.org")


@pytest.mark.parametrize(
    ("address", "is_elsewhere"),
    [
        (None, False),
        ("127.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("10.0.0.9", True),
        ("x", False),
    ],
)
def test_a_visitor_from_another_machine_is_told_apart(app, address, is_elsewhere):
    assert app(context=Context(address)).is_from_elsewhere() is is_elsewhere


def test_an_open_app_says_so_to_those_who_reach_it_from_another_machine(home, monkeypatch):
    assert "Nobody signs in here" not in said(opened("overview"))
    monkeypatch.setattr("remap_core.ui.people.visitor.is_from_elsewhere", lambda: True)
    assert "Nobody signs in here, so whoever reaches this address may do everything." in said(opened("overview"))
