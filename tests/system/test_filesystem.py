from pathlib import Path

import pytest

from remap_core.system.filesystem import file_system, network_warning

MOUNTS = r"""proc /proc proc rw 0 0
/dev/vda / ext4 rw 0 0
box:/pool /data nfs4 rw 0 0
//box/share /data/my\040share cifs rw 0 0
me@box:/home /mnt/box fuse.sshfs rw 0 0
/dev/vdb /data/local xfs rw 0 0
tmpfs /over tmpfs rw 0 0
box:/again /over nfs rw 0 0
malformed
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/.remap", "ext4"),
        ("/data", "nfs4"),
        ("/data/remap", "nfs4"),
        ("/database", "ext4"),
        ("/data/my share/remap", "cifs"),
        ("/mnt/box/remap", "fuse.sshfs"),
        ("/data/local/remap", "xfs"),
        ("/over/remap", "nfs"),
    ],
)
def test_a_folder_is_on_the_innermost_and_latest_mount(path, kind):
    assert file_system(Path(path), MOUNTS) == kind


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "ceph", "lustre"])
def test_a_network_file_system_gets_a_warning(kind):
    sentence = network_warning(Path("/data/remap"), f"box:/ /data {kind} rw 0 0\n")
    assert f"/data/remap is on a network file system ({kind})" in sentence
    assert "REMAP_HOME" in sentence


@pytest.mark.parametrize("mounts", ["/dev/vda / ext4 rw 0 0\n", "overlay / overlay rw 0 0\n", ""])
def test_a_local_or_unknown_file_system_gets_none(mounts):
    assert network_warning(Path("/data/remap"), mounts) == ""
