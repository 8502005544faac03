"""A folder of images in either of two forms: a file of bitmaps for each class, or a folder of image files."""

from __future__ import annotations

from pathlib import Path

from remap_core.datasets.images import Source
from remap_core.datasets.readers.image_folder import read_pictures, visible_entries
from remap_core.datasets.readers.quickdraw import PREFIX, read_bitmaps
from remap_core.datasets.rules import checked_class_names, errors_name, require_enough_images
from remap_core.errors import DatasetError


def read_folder(path: Path) -> tuple[Source, tuple[str, ...]]:
    """Read the images of a folder; class names are those of its files (without Google's prefix) or of its folders.

    Classes and images are sorted by name, so adding an image changes the split. Hidden files and folders (whose name
    starts with a dot) are ignored, as are other files next to those of bitmaps or next to the class folders. Grey
    images become RGB if any image is RGB. Nothing is unpickled.
    Raises DatasetError with the file or folder and the rule that it breaks.
    """
    with errors_name(path):
        if not path.is_dir():
            raise DatasetError("there is no such folder or .npz file.")
        entries = visible_entries(path)
        files = [entry for entry in entries if entry.suffix == ".npy"]
        folders = [entry for entry in entries if entry.is_dir()]
        _require_one_form(files, folders)
        names = [file.stem.removeprefix(PREFIX) for file in files]
        if folders:
            names = [folder.name for folder in folders]
        class_names = checked_class_names(names)
    source: Source = read_bitmaps(files) if files else read_pictures(folders)
    with errors_name(path):
        require_enough_images(source.labels, class_names)
    return source, class_names


def _require_one_form(files: list[Path], folders: list[Path]) -> None:
    rule = "a folder must contain an .npy file or a folder for each class, but it contains"
    if files and folders:
        raise DatasetError(f"{rule} both.")
    if not files and not folders:
        raise DatasetError(f"{rule} neither.")
