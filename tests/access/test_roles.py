import pytest

from remap_core.access.person import NOBODY, Person, local_person
from remap_core.access.roles import Role, Roles
from remap_core.errors import InvalidArgument, SettingsError
from remap_core.settings import Settings


def role(name, groups=(), **settings):
    return Roles.of(Settings(**settings)).role_of(Person(name, groups))


def test_the_highest_of_several_roles_counts():
    members = {"admins": "ada@example.org", "builders": "ada@example.org, bob@example.org"}
    assert role("ada@example.org", **members) is Role.ADMIN
    assert role("bob@example.org", **members) is Role.BUILDER
    assert role("eve@example.org", **members) is Role.VIEWER


@pytest.mark.parametrize(
    ("member", "name", "groups", "is_member"),
    [
        ("Ada@Example.org", "ada@example.ORG", (), True),
        ("@example.org", "anybody@example.org", (), True),
        ("@example.org", "anybody@sub.example.org", (), False),
        ("@example.org", "eve@notexample.org", (), False),
        ("example.org", "eve@example.org", (), False),
        ("group:ml", "eve@example.org", ("ml", "all"), True),
        ("group:ml", "eve@example.org", ("ML",), False),
        ("group:ml", "group:ml", (), False),
        ("*", "anybody", (), True),
    ],
)
def test_members_are_addresses_domains_groups_or_everybody(member, name, groups, is_member):
    assert (role(name, groups, builders=member, viewers="") is Role.BUILDER) is is_member


def test_a_stranger_has_no_role():
    assert role("eve@example.com", viewers="@example.org") is None
    assert Roles(viewers=("*",)).role_of(NOBODY) is None


def test_who_has_the_data_folder_is_an_admin():
    assert Roles(viewers=()).role_of(local_person()) is Role.ADMIN


@pytest.mark.parametrize("members", ["@", "group:", "@a@b", "ada@example.org, @"])
def test_a_member_that_is_none_of_the_forms_is_named(members):
    with pytest.raises(SettingsError, match=r"builders = .* is not valid: each must be"):
        Roles.of(Settings(builders=members))


def test_everybody_cannot_be_an_admin():
    with pytest.raises(SettingsError, match="an admin must be named"):
        Roles.of(Settings(admins="*"))


@pytest.mark.parametrize("name", ["a" * 321, "ada\n@example.org", "ada\0"])
def test_a_name_that_cannot_be_one_is_refused(name):
    with pytest.raises(InvalidArgument, match="The name of a person has at most 320 printable characters"):
        Person(name)
