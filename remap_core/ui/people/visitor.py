"""Who looks at the page, and what they may do."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path

import streamlit as st

from remap_core.access.person import NOBODY, Person
from remap_core.access.roles import Role, Roles
from remap_core.access.sign_in import SECRETS, SignIn, is_trusted, sign_in_of, trusted_networks
from remap_core.datasets.naming import owner_of
from remap_core.errors import FolderUnusable, NotSignedIn, SettingsError
from remap_core.formatting import duration
from remap_core.ui import app_data
from remap_core.ui.session import current_session, new_visitor

MAX_CLOCK_ERROR = 300.0
"""Seconds by which the clock of the identity provider may be ahead."""

_LOOPBACK = "127.0.0.1"
"""Streamlit has no address for a peer on the same machine."""


@st.cache_resource(show_spinner=False)
def sign_in() -> SignIn:
    """How people sign in to this app; raises SettingsError where that is not clear."""
    found = sign_in_of(app_data.settings(), [Path(file) for file in st.get_option("secrets.files")])
    if found is SignIn.OIDC and find_spec("authlib") is None:
        raise SettingsError(f"[auth] in {SECRETS} needs the extra auth: pip install -e '.[auth]'.")
    if found is SignIn.PROXY and os.environ.get("FORWARDED_ALLOW_IPS", _LOOPBACK) != "":
        raise SettingsError(
            "trusted_header needs FORWARDED_ALLOW_IPS= (empty) in the app's environment: without it, the server takes "
            "a visitor's word for the address that they come from."
        )
    return found


@st.cache_resource(show_spinner=False)
def roles() -> Roles:
    """Who has which role; raises SettingsError."""
    return Roles.of(app_data.settings())


def is_open() -> bool:
    """Whether nobody signs in, and everybody may do everything."""
    return sign_in() is SignIn.NONE


def is_from_elsewhere() -> bool:
    """Whether who looks at this page sits at another machine, as far as the server can tell."""
    try:
        peer = ip_address(st.context.ip_address or _LOOPBACK)
    except ValueError:  # a server without a network, as in tests
        return False
    return not (getattr(peer, "ipv4_mapped", None) or peer).is_loopback


def identify() -> None:
    """Find out who looks at this page, for this run. Raises NotSignedIn with the reason where nobody may."""
    session = current_session()
    session.person, session.role = NOBODY, Role.ADMIN
    if is_open():
        return
    session.role = None  # nothing is drawn for a stranger, whatever is asked on the way
    match sign_in():
        case SignIn.OIDC:
            session.person = _oidc_person()
        case SignIn.PROXY:
            session.person = _proxy_person()
        case SignIn.VISITOR:
            session.person = Person(_visitor())
    session.role = roles().role_of(session.person)
    if session.role is None:
        raise NotSignedIn(f"{session.person.name} is signed in, but has no role here: ask an administrator of REMAP.")


def welcome() -> None:
    """As `identify`, at the beginning of a whole run: a session that was another person's begins again, empty."""
    before = current_session().belongs_to
    identify()
    if before not in (None, person()):
        st.session_state.clear()
        identify()
    current_session().belongs_to = person()


def is_still_in() -> bool:
    """Whether who looks at this page is whom it was drawn for: a sign-in may have ended since, or a demo's day."""
    try:
        identify()
    except NotSignedIn:
        return False
    return current_session().belongs_to in (None, person())


def person() -> Person:
    """Who looks at this page; NOBODY in an open app."""
    return current_session().person


def sender() -> Person:
    """Who sends a command now: a sign-in may have ended since the page was drawn. Raises NotSignedIn."""
    identify()
    if sign_in() is SignIn.VISITOR and current_session().belongs_to not in (None, person()):
        raise NotSignedIn("The demo has gone back to its prepared models: please look again.")
    return person()


def role() -> Role:
    """The role of who looks at this page; raises NotSignedIn for a stranger, for whom no page is drawn."""
    own = current_session().role
    if own is None:
        raise NotSignedIn("Please sign in.")
    return own


def may(role: Role) -> bool:
    """Whether who looks at this page has at least that role. In an open app everybody is an admin."""
    own = current_session().role
    return own is not None and own >= role


def is_guest() -> bool:
    """Whether who looks at this page visits a demo, in which images that they add are their own."""
    return sign_in() is SignIn.VISITOR


def may_add_images() -> bool:
    """Whether who looks at this page may add data sets; in a demo, everybody may."""
    return may(Role.ADMIN) or is_guest()


def may_change_dataset(name: str) -> bool:
    """Whether who looks at this page may train a data set's first models, and remove it; in a demo, their own."""
    return may(Role.ADMIN) or is_own_dataset(name)


def is_own_dataset(name: str) -> bool:
    """Whether a data set is this visitor's of a demo, and nobody else's."""
    return is_guest() and owner_of(name) == person().name


def may_change(owner: str) -> bool:
    """Whether who looks at this page may cancel, move or retry that person's trainings."""
    return may(Role.ADMIN) or (may(Role.BUILDER) and owner == person().name)


def _visitor() -> str:
    """The name of a demo's visitor. Once the demo is restored, who saw the models of before is somebody else."""
    session = current_session()
    with suppress(FolderUnusable):  # the page says so
        restored = app_data.restored()
        if session.restored not in (None, restored):
            session.visitor = new_visitor()
        session.restored = restored
    return session.visitor


def _oidc_person() -> Person:
    """Who is signed in at the identity provider, by the cookie that Streamlit signs."""
    if not st.user.is_logged_in:
        raise NotSignedIn("")
    claims = st.user.to_dict()
    name = str(claims.get("email") or "")
    if not name:
        raise NotSignedIn("The identity provider does not say the e-mail address: it must send the claim 'email'.")
    if claims.get("email_verified") is False:
        raise NotSignedIn(f"The identity provider has not verified the e-mail address {name}.")
    _require_recent(claims)
    return Person(name, _groups(claims.get(app_data.settings().groups_claim)))


def _require_recent(claims: Mapping[str, object]) -> None:
    """A sign-in ends after some hours. A clock that is off must not lengthen it."""
    issued = claims.get("iat")
    if not isinstance(issued, int | float):
        raise NotSignedIn("The identity provider does not say when the sign-in was: it must send the claim 'iat'.")
    age = time.time() - issued
    if age < -MAX_CLOCK_ERROR:
        raise NotSignedIn(
            f"The sign-in is {duration(-age)} in the future: the clock of this server or of the identity provider is "
            "wrong."
        )
    if age > 3600 * app_data.settings().sign_in_hours:
        raise NotSignedIn(f"The sign-in was {duration(age)} ago: please sign in again.")


def _groups(claim: object) -> tuple[str, ...]:
    if isinstance(claim, str):
        return (claim,)
    if isinstance(claim, list | tuple):
        return tuple(map(str, claim))
    return ()


def _proxy_person() -> Person:
    """Who the reverse proxy says it is, if the connection comes from that proxy."""
    settings = app_data.settings()
    address = st.context.ip_address or _LOOPBACK
    if not is_trusted(address, trusted_networks(settings)):
        raise NotSignedIn(f"REMAP is reached through its proxy only, but this connection comes from {address}.")
    named = st.context.headers.get_all(settings.trusted_header)
    if len(named) != 1 or not named[0].strip():
        raise NotSignedIn(f"The proxy does not say who is signed in: it must set the header {settings.trusted_header}.")
    groups: list[str] = []
    if settings.trusted_groups_header:
        listed = st.context.headers.get_all(settings.trusted_groups_header)
        groups = [group.strip() for line in listed for group in line.split(",") if group.strip()]
    return Person(named[0].strip(), tuple(groups))
