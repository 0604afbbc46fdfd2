"""Captions of handwritten digits, from measurements of the images. For `text_to_image.py`.

A caption can state three facts: the digit, from 0 to 9; the stroke, 1 for thin and 2 for bold; and the lean,
1 to the left and 2 to the right. A stroke or a lean of 0 is not stated. An image is thin if its amount of ink
is in the lowest third of its class, and bold if it is in the highest third. The lean is decided in the same
way.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import kerasgan

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
STROKES = [[""], ["thin", "fine", "light"], ["bold", "thick", "heavy"]]
LEANS = [[""], ["leaning left", "slanted to the left"], ["leaning right", "slanted to the right"]]
LENGTH = 9  # words at most


def caption(rng: np.random.Generator, digit: int, stroke: int, lean: int) -> str:
    """Returns a caption with three facts, in one of many wordings."""
    said, leans = rng.choice(STROKES[stroke]), rng.choice(LEANS[lean])
    before, after = (said, "") if rng.random() < 0.5 else ("", said)
    details = " and ".join(detail for detail in (after, leans) if detail)
    start = " ".join([rng.choice(["a", "the", "a handwritten"]), before, DIGITS[digit]])
    return " ".join(start.split()) + (", " + details if details else "")


def is_new_wording(text: str) -> bool:
    """Tells whether a wording is held out of training. Short ones such as "a seven" never are."""
    return len(text.split()) > 3 and zlib.crc32(text.encode()) % 4 == 0


def is_new_combination(digit: int, stroke: int, lean: int) -> bool:
    """Tells whether no caption in training states this combination.

    For each digit, one pair of a stroke and a lean is held out.
    """
    return bool(stroke and lean) and 2 * stroke + lean - 3 == digit % 4


def training_caption(rng: np.random.Generator, facts: np.ndarray) -> str:
    """Returns a caption for training. It states the digit, and often the other facts."""
    while True:
        said = [int(facts[0]), *(int(fact * (rng.random() < 0.7)) for fact in facts[1:])]
        text = caption(rng, *said)
        if not (is_new_combination(*said) or is_new_wording(text)):
            return text


def held_out_captions(rng: np.random.Generator) -> dict[str, dict[str, list[int]]]:
    """Returns nearly all captions that are held out, with the facts that they state."""
    held_out: dict[str, dict[str, list[int]]] = {"wording": {}, "combination": {}}
    for _ in range(20_000):
        facts = [int(rng.integers(most)) for most in (10, 3, 3)]
        text = caption(rng, *facts)
        if is_new_combination(*facts):
            held_out["combination"][text] = facts
        elif is_new_wording(text):
            held_out["wording"][text] = facts
    return held_out


class Facts:
    """Measures the facts of images.

    Args:
        images: Real images `(count, height, width, 1)` from -1 to 1. They define what is thin or bold.
        digits: The digit of each image.
    """

    def __init__(self, images: np.ndarray, digits: np.ndarray) -> None:
        values = ink_and_lean(images)
        thirds = [
            np.quantile(values[:, digits == digit], [1 / 3, 2 / 3], axis=1) for digit in range(10)
        ]
        self.low, self.high = np.stack(thirds, axis=1)

    def __call__(self, images: np.ndarray, digits: np.ndarray) -> np.ndarray:
        """Returns the facts of images of these digits, `(count, 3)`."""
        values = ink_and_lean(images).T
        measured = np.where(
            values < self.low[digits], 1, np.where(values > self.high[digits], 2, 0)
        )
        return np.concatenate([digits[:, None], measured], axis=1)


def ink_and_lean(images: np.ndarray) -> np.ndarray:
    """Returns the amount of ink of each image, and how far it leans to the right (its shear)."""
    ink = (images[..., 0] + 1) / 2
    weight = ink / (ink.sum(axis=(1, 2), keepdims=True) + 1e-6)
    rows, columns = (
        axis - (weight * axis).sum(axis=(1, 2), keepdims=True) for axis in np.indices(ink.shape[1:])
    )
    variance = (weight * rows**2).sum(axis=(1, 2)) + 1e-6
    return np.stack([ink.mean(axis=(1, 2)), -(weight * rows * columns).sum(axis=(1, 2)) / variance])


def variety(images: np.ndarray, kinds: np.ndarray) -> float:
    """Returns how much images of one kind differ.

    It is the standard deviation of a pixel, averaged over pixels and kinds.
    """
    spreads = [images[(kinds == kind).all(axis=1)].std(axis=0) for kind in np.unique(kinds, axis=0)]
    return float(np.mean(spreads))


def draw(images: np.ndarray, texts: list[str], path: Path) -> Path:
    """Draws each caption with its images beside it."""
    grid = kerasgan.callbacks.image_grid(images, rows=len(texts))
    page = Image.new(grid.mode, (grid.width + 320, grid.height), "white")
    page.paste(grid, (320, 0))
    for row, text in enumerate(texts):
        place = (6, (row + 0.4) * grid.height / len(texts))
        ImageDraw.Draw(page).text(place, text, "black", ImageFont.load_default(14))
    return kerasgan.callbacks.save_image(page, path)
