"""Who may upload files, and how many: Streamlit takes them from every browser that is connected."""

from __future__ import annotations

from functools import cache

from starlette.exceptions import HTTPException
from streamlit import config
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from remap_core.access.roles import Role
from remap_core.services.demo.own_images import MAX_MEGABYTES
from remap_core.ui.session import SESSION

MAX_FILES = 20
"""Files of one session that are kept."""
MAX_BYTES = 300_000_000
"""Bytes of one session's files: the largest that a network may be imported from, and some pictures."""

MAX_DEMO_BYTES = 60_000_000
"""Bytes of all sessions' files in a demo."""


@cache
def limit_uploads() -> None:
    """Take files only from visitors who may see the pages, and few from who is not an admin; once per process.

    Streamlit (1.67) takes files from whoever is connected, signed in or not, and keeps all of a session until it ends.
    With this, a stranger's are refused unread. Of a session that is no admin's, too large a file is refused, and the
    oldest go when there are too many: a page keeps the picture that it shows. An admin's are images that become a data
    set, as many as there are.
    """
    is_active = getattr(Runtime, "is_active_session", None)
    add = getattr(MemoryUploadedFileManager, "add_file", None)
    if is_active is None or add is None:  # another Streamlit: nothing that we know of to mend
        return

    def is_active_and_known(self: Runtime, session_id: str) -> bool:
        return is_active(self, session_id) and _role(self, session_id) is not None

    def add_within_limits(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
        if not Runtime.exists() or _role(Runtime.instance(), session_id) is not Role.ADMIN:
            _make_room(self, session_id, len(file.data))
        add(self, session_id, file)

    Runtime.is_active_session = is_active_and_known  # type: ignore[method-assign]
    MemoryUploadedFileManager.add_file = add_within_limits  # type: ignore[method-assign]


@cache
def limit_demo_uploads() -> None:
    """In a demo, small files, and few of all visitors together: they are in memory; once per process.

    Where there are too many, who has the most loses the oldest.
    """
    config.set_option("server.maxUploadSize", MAX_MEGABYTES)
    add = getattr(MemoryUploadedFileManager, "add_file", None)
    if add is None:
        return

    def add_within_total(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
        _make_room_in_all(self, len(file.data))
        add(self, session_id, file)

    MemoryUploadedFileManager.add_file = add_within_total  # type: ignore[method-assign]


def _make_room_in_all(files: MemoryUploadedFileManager, size: int) -> None:
    """Forget files of the sessions that hold the most until another one of so many bytes fits."""
    held = {session: sum(len(file.data) for file in kept.values()) for session, kept in files.file_storage.items()}
    while size + sum(held.values()) > MAX_DEMO_BYTES and any(held.values()):
        largest = max(held, key=lambda session: held[session])
        oldest, file = next(iter(files.file_storage[largest].items()))
        files.remove_file(largest, oldest)
        held[largest] -= len(file.data)


def _role(runtime: Runtime, session_id: str) -> Role | None:
    """The role of a session's visitor; None for a stranger, and before the first page."""
    session = runtime.get_app_session(session_id)
    if session is None or SESSION not in session.session_state:
        return None
    role: Role | None = session.session_state[SESSION].role
    return role


def _make_room(files: MemoryUploadedFileManager, session_id: str, size: int) -> None:
    """Forget a session's oldest files until another one of so many bytes fits."""
    if size > MAX_BYTES:
        raise HTTPException(413, "File too large")
    kept = dict(files.file_storage.get(session_id, {}))
    while kept and (len(kept) >= MAX_FILES or size + sum(len(file.data) for file in kept.values()) > MAX_BYTES):
        oldest = next(iter(kept))
        files.remove_file(session_id, oldest)
        del kept[oldest]
