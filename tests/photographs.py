"""Photos to write, in all the modes that people have; a network tells their classes apart with ease."""

import numpy as np
from PIL import Image

HUES = {"brick": (200, 70, 50), "grass": (60, 170, 60), "sky & sea": (60, 90, 220)}


def painted(hue, number: int) -> Image.Image:
    """A noisy photo that is no square, of a size of its own."""
    rng = np.random.default_rng([number, *hue])
    size = (40 + number, 60 - number, 3)
    return Image.fromarray(np.clip(rng.normal(hue, 40, size), 0, 255).astype(np.uint8))


def in_colour(folder):
    """Of each class: RGB, RGBA, palette, JPEG that was held sideways, CMYK JPEG."""
    for name, hue in HUES.items():
        (folder / name).mkdir(parents=True)
        for number in range(15):
            photo = painted(hue, number)
            path = folder / name / f"{number}.png"
            if number % 5 == 0:
                photo.putalpha(Image.linear_gradient("L").resize(photo.size))
            elif number % 5 == 1:
                photo = photo.quantize(40)
            elif number % 5 == 2:
                exif = Image.Exif()
                exif[0x0112] = 6
                photo.save(path.with_suffix(".jpg"), exif=exif)
                continue
            elif number % 5 == 3:
                photo.convert("CMYK").save(path.with_suffix(".jpg"))
                continue
            photo.save(path)


def in_16_bits(folder):
    """Grey images of 12 of 16 bits, the class in their brightness."""
    rng = np.random.default_rng(0)
    for level, name in ((600, "dark"), (2500, "light")):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            pixels = rng.normal(level, 300, (30, 24 + number)).clip(0, 4095).astype(np.uint16)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
