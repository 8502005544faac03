"""Photos as people have them: several sizes and modes, one on its side, two damaged, and litter between them."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"beech": (60, 140, 50), "maple": (200, 110, 40), "plum": (120, 60, 150)}
SIZES = ((96, 72), (72, 96), (120, 68))
ORIENTATION = 0x0112
ON_ITS_SIDE = 6


def photo(name: str, number: int) -> Image.Image:
    """A light spot on the ground of its class; no two are the same."""
    rng = np.random.default_rng([ord(name[0]), number])
    width, height = SIZES[number % len(SIZES)]
    y, x = np.mgrid[0:height, 0:width]
    centre_x, centre_y = rng.uniform(0.35, 0.65, 2)
    is_spot = np.hypot(x / width - centre_x, y / height - centre_y) < 0.2
    pixels = np.empty((height, width, 3))
    pixels[:] = COLOURS[name]
    pixels[is_spot] = rng.uniform(160, 250, 3)
    noisy = pixels + rng.normal(0, 10, pixels.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def photo_file(name: str, number: int) -> tuple[str, bytes]:
    """A photo as a file: mostly JPEG, now and then PNG with a palette, with alpha, or grey."""
    image = photo(name, number)
    file = io.BytesIO()
    mode = {5: "P", 11: "RGBA", 17: "L"}.get(number)
    if mode:
        image.convert(mode).save(file, "PNG")
        return f"{number:03}.png", file.getvalue()
    exif = Image.Exif()
    if number == 3:
        exif[ORIENTATION] = ON_ITS_SIDE
    image.save(file, "JPEG", quality=92, exif=exif)
    return f"IMG_{number:03}.jpg", file.getvalue()


def write_photos(path: Path, per_class: int = 20, damaged: int = 2) -> Path:
    """A zip of one folder per class; the first photos of beech are damaged, and a Thumbs.db is among them."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in COLOURS:
            for number in range(per_class):
                file, content = photo_file(name, number)
                if name == "beech" and number < damaged:
                    content = content[:200]
                archive.writestr(f"trees/{name}/{file}", content)
        archive.writestr("trees/Thumbs.db", b"litter")
    return path
