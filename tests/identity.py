"""An identity provider of this machine, and people who sign in at it."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from browsing import free_port
from playwright.sync_api import Page

ADA, BOB, EVE, STRANGER = "ada@example.org", "bob@example.org", "eve@example.org", "mallory@example.com"
"""An admin, a builder by their group, a viewer, and nobody's colleague."""

ROLES = {"admins": ADA, "builders": "group:ml", "viewers": "@example.org"}

GROUPS = {BOB: ["ml"]}


@contextmanager
def identity_provider() -> Iterator[str]:
    """An OIDC provider that takes everybody at their word; yields its address."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    for name in (ADA, BOB, EVE, STRANGER):
        claims = {"sub": name, "email": name, "groups": GROUPS.get(name, [])}
        command += ["--user-claims", json.dumps(claims)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with suppress(OSError):
                urllib.request.urlopen(f"{url}/.well-known/openid-configuration", timeout=5)  # noqa: S310 (our own)
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def write_secrets(home: Path, provider: str) -> int:
    """Streamlit's secrets in a user's home folder; returns the port that the app must have."""
    port = free_port()
    file = home / ".streamlit" / "secrets.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        f"""
        [auth]
        redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
        cookie_secret = "not a secret in a test"
        client_id = "remap"
        client_secret = "not a secret either"
        server_metadata_url = "{provider}/.well-known/openid-configuration"
        """
    )
    file.chmod(0o600)
    return port


def sign_in(page: Page, name: str) -> None:
    """From the sign-in page, at the provider, and back."""
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=sub]").fill(name)
    page.get_by_role("button", name="Authorize").click()


def sign_out(page: Page) -> None:
    """Of the app, then at the provider, and back."""
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()
