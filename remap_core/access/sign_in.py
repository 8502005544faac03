"""How people sign in: not at all, through an OIDC provider, or at a reverse proxy."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from remap_core.errors import SettingsError
from remap_core.settings import Settings

SECRETS = Path(".streamlit/secrets.toml")

Network = IPv4Network | IPv6Network


class SignIn(StrEnum):
    """How people sign in. VISITOR: nobody does, but each visitor of a demo is somebody of their own."""

    NONE = "none"
    VISITOR = "visitor"
    OIDC = "oidc"
    PROXY = "proxy"


def sign_in_of(settings: Settings, secrets: Sequence[Path] | None = None) -> SignIn:
    """How people sign in to the app: OIDC where a secrets file has [auth], PROXY where a header is trusted, else NONE.

    Nobody signs in to a demo, whose visitors are still told apart.

    secrets: Streamlit's secrets files, by default those of the user and of the working folder. Raises SettingsError
    where the settings contradict one another, or where other users of the machine may read the secrets: an app that
    should be closed never opens by mistake.
    """
    has_oidc = _has_auth(secrets)
    if settings.trusted_header:
        trusted_networks(settings)
        if has_oidc:
            raise SettingsError(
                f"trusted_header = {settings.trusted_header!r} and [auth] in {SECRETS} exclude each other: remove one."
            )
        return SignIn.PROXY
    if has_oidc:
        return SignIn.OIDC
    if settings.is_demo:
        return SignIn.VISITOR
    for name in ("trusted_proxies", "admins", "builders"):
        if getattr(settings, name):
            raise SettingsError(
                f"{name} = {getattr(settings, name)!r:.80} needs a way to sign in, or anybody may do everything: "
                f"[auth] in {SECRETS}, or trusted_header."
            )
    return SignIn.NONE


def is_closed(settings: Settings, secrets: Sequence[Path] | None = None) -> bool:
    """Whether the trainer takes signed commands only: people sign in, or somebody has a role.

    The trainer need not see the app's secrets file where roles are in its own settings.
    """
    if settings.admins or settings.builders or settings.trusted_header or settings.is_demo:
        return True
    return _has_auth(secrets)


def trusted_networks(settings: Settings) -> tuple[Network, ...]:
    """The addresses of the proxies whose header is believed; raises SettingsError where there is none."""
    parts = list(filter(None, (part.strip() for part in settings.trusted_proxies.split(","))))
    if not parts:
        raise SettingsError(
            f"trusted_header = {settings.trusted_header!r} needs trusted_proxies, the addresses of the proxies that "
            "set it: anybody else could set it, too."
        )
    try:
        return tuple(ip_network(part) for part in parts)
    except ValueError as error:
        raise SettingsError(
            f"trusted_proxies = {settings.trusted_proxies!r:.80} is not valid: it must list addresses or networks, "
            f"such as 127.0.0.1 or 10.0.0.0/8 ({error})."
        ) from None


def is_trusted(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address is in one of the networks."""
    try:
        peer = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(peer, "ipv4_mapped", None)
    return any((mapped or peer) in network for network in networks)


def _has_auth(secrets: Sequence[Path] | None) -> bool:
    files = secrets if secrets is not None else (Path.home() / SECRETS, SECRETS)
    return any(_read_auth(file) for file in files)


def _read_auth(file: Path) -> bool:
    """Whether a secrets file has [auth]; a file that is there but cannot be read must not open the app."""
    try:
        text = file.read_text(encoding="utf-8")
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}. It may say who can sign in, so REMAP stops.") from None
    try:
        has_auth = "auth" in tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} cannot be read as TOML: {error}.") from None
    if has_auth and os.name == "posix" and mode & stat.S_IROTH:
        raise SettingsError(
            f"{file} can be read by every user of this machine (mode {stat.S_IMODE(mode):o}), and it holds the secret "
            f"that sign-ins are signed with: chmod 600 {file}."
        )
    return has_auth
