"""Archives of images: what they hold is found as in a folder, and what is dangerous in them stays out."""

import io
import struct
import tarfile
import zipfile

import pytest
from image_folders import picture, problem_of, report_on, write_classes

from remap_core.datasets.kept import find_kept
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.readers.files import unpacking
from remap_core.datasets.readers.forms import _unpacked
from remap_core.datasets.recipe import Choices
from remap_core.errors import DatasetError


def png() -> bytes:
    content = io.BytesIO()
    picture().save(content, "PNG")
    return content.getvalue()


def zip_of(path, extra=(), prefix="photos/"):
    """A zip of two classes of ten images, and of extra members: names (or ZipInfos) with their content."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for label in ("cat", "dog"):
            for place in range(10):
                archive.writestr(f"{prefix}{label}/{place}.png", png())
        for name, content in extra:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"])
def test_an_archive_is_read_like_the_folder_in_it(tmp_path, ending):
    folder = write_classes(tmp_path / "photos")
    path = tmp_path / f"photos{ending}"
    if ending == ".zip":
        zip_of(path)
    else:
        modes = {".tar": "w", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}
        with tarfile.open(path, modes.get(ending, "w:gz")) as archive:
            archive.add(folder, "photos")
    report = report_on(path)
    assert (report.form, report.images, report.class_names) == ("class folders in an archive", 20, ("cat", "dog"))


def test_an_archive_in_a_folder_and_a_wrongly_named_archive(tmp_path):
    (tmp_path / "download").mkdir()
    zip_of(tmp_path / "download" / "photos.zip")
    assert report_on(tmp_path / "download").images == 20
    assert report_on(zip_of(tmp_path / "photos.dat")).images == 20


@pytest.mark.parametrize("name", ["__MACOSX/photos/cat/._1.png", "photos/.DS_Store", "photos/cat/Thumbs.db"])
def test_litter_in_a_zip_is_neither_unpacked_nor_named(tmp_path, name):
    archive = zip_of(tmp_path / "photos.zip", extra=[(name, b"litter")])
    assert unpacking.unpack(archive, tmp_path / "unpacked", lambda done, total: None) == []
    assert len([path for path in (tmp_path / "unpacked").rglob("*") if path.is_file()]) == 20


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0xA1FF << 16
    return info


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil.png", "its path leaves the archive"),
        ("photos/cat/../../../evil.png", "its path leaves the archive"),
        ("/etc/evil.png", "its path leaves the archive"),
        ("C:\\evil.png", "its path leaves the archive"),
        (link("photos/cat/link.png"), "it is a link"),
        ("photos/cat/" + "x" * 300 + ".png", "its name is too long"),
    ],
)
def test_dangerous_members_are_refused_by_name_and_the_rest_goes_on(tmp_path, name, why):
    report = report_on(zip_of(tmp_path / "photos.zip", [(name, b"/etc/passwd")]))
    assert report.images == 20
    assert [skipped.reason for skipped in report.skipped] == [why]
    assert not (tmp_path / "evil.png").exists()


def test_links_and_paths_in_a_tar_are_refused_by_name(tmp_path):
    folder = write_classes(tmp_path / "photos")
    with tarfile.open(tmp_path / "p.tar", "w") as archive:
        archive.add(folder, "photos")
        for name, kind in (("photos/cat/s.png", tarfile.SYMTYPE), ("photos/cat/h.png", tarfile.LNKTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        archive.addfile(tarfile.TarInfo("../evil.png"))
        archive.addfile(tarfile.TarInfo("..\\evil.png"))
    report = report_on(tmp_path / "p.tar")
    assert report.images == 20
    reasons = [reason for _, reason in report.skipped]
    assert reasons.count("it is a link or a device") == 2
    assert reasons.count("its path leaves the archive") == 2


def test_litter_of_a_mac_is_ignored(tmp_path):
    litter = [("__MACOSX/photos/cat/._0.png", b"x"), ("photos/.DS_Store", b"x"), ("photos/cat/Thumbs.db", b"x")]
    report = report_on(zip_of(tmp_path / "photos.zip", litter))
    assert (report.images, report.skipped) == (20, ())


def test_a_member_that_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path):
    report = report_on(zip_of(tmp_path / "photos.zip", [("photos/cat/bomb.bmp", b"\0" * 20_000_000)]))
    assert (report.images, report.skipped[0].reason) == (20, "it unpacks to more than 200 times its size")
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("cat/bomb.bmp")
        member.size = 50_000_000
        archive.addfile(member, io.BytesIO(b"\0" * member.size))
    assert "the archive unpacks to more than 200 times its size" in problem_of(tmp_path / "bomb.tar.gz")


def test_ten_million_members_are_refused_before_they_are_read(tmp_path):
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    zip64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 10_000_000, 10_000_000, 1, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    (tmp_path / "many.zip").write_bytes(zip64 + locator + end)
    assert "an archive may have at most 2,000,000 files" in problem_of(tmp_path / "many.zip")


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_cut_archive_is_one_sentence(tmp_path, part):
    whole = zip_of(tmp_path / "photos.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: int(len(whole) * part)])
    assert "cut.zip: unsupported file" in problem_of(tmp_path / "cut.zip")


def test_a_damaged_member_is_skipped_and_an_encrypted_one_refused(tmp_path):
    path = zip_of(tmp_path / "photos.zip")
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("photos/cat/3.png").header_offset
    content = bytearray(path.read_bytes())
    content[at + 60 : at + 80] = b"\xff" * 20
    path.write_bytes(content)
    (skipped,) = report_on(path).skipped
    assert skipped.file == "photos/cat/3.png"
    assert "damaged" in skipped.reason


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_RESERVE_BYTES", 10**18)
    assert "the disk is too full to unpack the archive" in problem_of(zip_of(tmp_path / "photos.zip"))


def test_the_original_of_an_image_is_found_in_its_archive(tmp_path):
    path = zip_of(tmp_path / "photos.zip")
    add(path, "pets", Choices(), tmp_path)
    kept = find_kept("pets", tmp_path)
    assert kept.original(0).size == (12, 12)
    path.unlink()
    with pytest.raises(DatasetError, match="the original is no longer there"):
        kept.original(0)


def test_what_an_interrupted_call_left_half_unpacked_is_unpacked_again(tmp_path):
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
            opened.writestr(name, b"whole")
    folder = tmp_path / "work" / "unpacked"
    (folder / "cat").mkdir(parents=True)
    (folder / "cat" / "1.png").write_bytes(b"who")
    assert _unpacked(archive, folder, lambda *_: None) == []
    assert (folder / "cat" / "1.png").read_bytes() == b"whole"
    assert _unpacked(archive, folder, lambda *_: None) == []
