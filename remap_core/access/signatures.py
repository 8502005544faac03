"""Signatures: the trainer takes a command from a person only if the app, the command line or a notebook signed it.

HMAC-SHA256 (RFC 2104) over the command, its id and who sent it, with a key in a file that only REMAP may read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from remap_core.access.person import Person
from remap_core.errors import ForgedCommand, InvalidArgument

SENDER, SIGNATURE = "sender", "signature"

Form = Mapping[str, Any]


def signed(form: Form, subject: str, sender: Person, key: bytes) -> dict[str, Any]:
    """The form with its sender and a signature. subject: what it is for; a signature for one is none for another."""
    full = {**form, SENDER: sender.to_json()}
    return {**full, SIGNATURE: _signature(full, subject, key)}


def bare(form: Form) -> dict[str, Any]:
    """The form without its sender and signature."""
    return {name: value for name, value in form.items() if name not in (SENDER, SIGNATURE)}


def is_signed(form: Form) -> bool:
    """Whether somebody claims to have signed the form."""
    return SENDER in form or SIGNATURE in form


def sender_of(form: Form, subject: str, key: bytes) -> Person:
    """Who signed the form; raises ForgedCommand where the signature is not by `key`."""
    unsigned = {name: value for name, value in form.items() if name != SIGNATURE}
    signature = str(form.get(SIGNATURE, "")).encode()
    if not hmac.compare_digest(signature, _signature(unsigned, subject, key).encode()):
        raise ForgedCommand("Its signature is not valid: it was not sent by this REMAP, or was changed on the way.")
    try:
        return Person.from_json(form[SENDER])
    except (KeyError, TypeError, ValueError, InvalidArgument) as error:
        raise ForgedCommand(f"Its sender cannot be read: {error}.") from None


def _signature(form: Form, subject: str, key: bytes) -> str:
    text = json.dumps([subject, form], sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
