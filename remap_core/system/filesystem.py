"""The kind of a folder's file system: DuckDB and the trainer's lock are not safe on a network file system."""

from __future__ import annotations

import os
import re
from pathlib import Path

FUSE_NETWORK_KINDS = ("ceph", "davfs2", "gcsfuse", "glusterfs", "rclone", "s3fs", "smbnetfs", "sshfs")
NETWORK_KINDS = {
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "davfs",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    *(f"fuse.{kind}" for kind in FUSE_NETWORK_KINDS),
}
"""Kinds of file systems that other machines serve, as Linux names them."""
NETWORK_PREFIXES = ("nfs", "smb")
"""All kinds that start like this are network file systems, too."""

_MOUNTS = Path("/proc/self/mounts")


def file_system(path: Path, mounts: str | None = None) -> str:
    """The kind of the file system that holds `path`, as the system names it (ext4, nfs4, ...); empty if unknown.

    mounts: the content of /proc/mounts, by default of this machine.

    >>> file_system(Path("/data/remap"), "/dev/vda / ext4 rw 0 0\\nbox:/pool /data nfs4 rw 0 0\\n")
    'nfs4'
    """
    if mounts is None:
        mounts = _read_mounts()
    real_path = os.path.realpath(path)
    kind = ""
    innermost = ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount_point = _unescaped(fields[1])
        if not _holds(mount_point, real_path):
            continue
        if len(mount_point) >= len(innermost):  # a later mount on the same point hides the earlier
            innermost = mount_point
            kind = fields[2]
    return kind


def network_warning(path: Path, mounts: str | None = None) -> str:
    """A warning if the data folder `path` is on a network file system; empty otherwise."""
    kind = file_system(path, mounts)
    if kind not in NETWORK_KINDS and not kind.startswith(NETWORK_PREFIXES):
        return ""
    return (
        f"The data folder {path} is on a network file system ({kind}), where neither DuckDB nor the lock against a "
        "second trainer is safe: choose a folder on a disk of this machine (REMAP_HOME)."
    )


def _holds(mount_point: str, path: str) -> bool:
    if not mount_point:
        return False
    return path == mount_point or path.startswith(mount_point.rstrip("/") + "/")


def _read_mounts() -> str:
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # not Linux
        return ""


def _unescaped(mount_point: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), mount_point)
