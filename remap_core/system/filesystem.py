"""On what kind of file system a folder lies: DuckDB and the trainer's lock are not safe on one of a network."""

from __future__ import annotations

import os
import re
from pathlib import Path

NETWORK = {"9p", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "smb2", "smb3"} | {
    f"fuse.{kind}" for kind in ("ceph", "davfs2", "gcsfuse", "glusterfs", "rclone", "s3fs", "smbnetfs", "sshfs")
}
"""Kinds of file systems that other machines serve, as Linux names them; and all that begin with nfs or smb."""

_MOUNTS = Path("/proc/self/mounts")


def file_system(path: Path, mounts: str | None = None) -> str:
    """Kind of the file system that holds `path`, as the system names it (ext4, nfs4, ...); empty where not known.

    >>> file_system(Path("/data/remap"), "/dev/vda / ext4 rw 0 0\\nbox:/pool /data nfs4 rw 0 0\\n")
    'nfs4'
    """
    mounts = _read_mounts() if mounts is None else mounts
    real, found, longest = os.path.realpath(path), "", -1
    for line in mounts.splitlines():
        _, point, kind, *_ = [*line.split(" "), "", "", ""]
        point = _unescaped(point)
        holds = real == point or real.startswith(point.rstrip("/") + "/")
        if point and holds and len(point) >= longest:  # a later mount on the same point hides the earlier
            found, longest = kind, len(point)
    return found


def network_warning(path: Path, mounts: str | None = None) -> str:
    """The sentence that warns of a data folder on a network's file system; empty where there is nothing to warn of."""
    kind = file_system(path, mounts)
    if kind not in NETWORK and not kind.startswith(("nfs", "smb")):
        return ""
    return (
        f"The data folder {path} lies on a network file system ({kind}), where neither DuckDB nor the lock that keeps "
        "a second trainer out is safe: choose a folder on a disk of this machine (REMAP_HOME)."
    )


def _read_mounts() -> str:
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # not Linux
        return ""


def _unescaped(point: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point)
