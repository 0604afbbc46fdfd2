"""The frames of films in a folder of image files."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
from pathlib import Path

import numpy as np

from kerasgan.arguments import one_of, positive_integer
from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.image_folder import read_folder
from kerasgan.datasets.normalization import Normalization
from kerasgan.datasets.picture_header import MOST_PIXELS
from kerasgan.datasets.picture_recipe import PictureRecipe


def image_sequences(
    path: str | os.PathLike[str],
    sequence_length: int,
    size: int | tuple[int, int] | None = None,
    channels: int = 3,
    normalization: str | Normalization = "tanh",
    stride: int = 1,
    value_range: tuple[float, float] | None = None,
    *,
    resize: str = "crop",
    background: str | tuple[float, float, float] = "white",
    max_pixels: int = MOST_PIXELS,
) -> Dataset:
    """Returns consecutive images of a folder as sequences.

    The images are sorted by their names, and numbers in names by their values: frame 2 comes before frame 10.
    All images of a sequence are from one folder, so each sub-folder may hold a film.

    Args:
        path: The folder.
        sequence_length: Images in a sequence.
        size: As in `image_folder`. Defaults to `None`.
        channels: As in `image_folder`. Defaults to `3`.
        normalization: As in `image_folder`. Defaults to `"tanh"`.
        stride: How many images after the start of one sequence the next one starts. With
            `sequence_length`, sequences do not overlap. Defaults to `1`.
        value_range: As in `image_folder`. Defaults to `None`.
        resize: As in `image_folder`. Defaults to `"crop"`.
        background: As in `image_folder`. Defaults to `"white"`.
        max_pixels: As in `image_folder`. Defaults to about 179 million.

    Returns:
        A `Dataset` of sequences `(count, sequence_length, height, width, channels)`, with labels
        and `class_names` as in `image_folder`.

    Raises:
        FileNotFoundError: If there is no such folder.
        NotADirectoryError: If `path` is a file.
        ValueError: If no folder has enough images, or as in `image_folder`.
    """
    sequence_length = positive_integer("sequence_length", sequence_length)
    stride = positive_integer("stride", stride)
    one_of("resize", resize, ("crop", "pad", "stretch"))
    recipe = PictureRecipe(size, channels, resize, background, value_range, max_pixels=max_pixels)
    # To leave out a frame would join what was apart, so that one that cannot be read is always an error.
    frames, files = read_folder(Path(path), recipe, normalization, on_error=None)
    order = sorted(range(len(files)), key=lambda index: _natural(files[index]))
    films = [list(film) for _, film in itertools.groupby(order, lambda index: files[index].parent)]
    windows = [
        film[start : start + sequence_length]
        for film in films
        for start in range(0, len(film) - sequence_length + 1, stride)
    ]
    if not windows:
        raise ValueError(
            f"Invalid value for argument `sequence_length`. Expected at most "
            f"{max(map(len, films))}, the number of images in the fullest folder of {path}. "
            f"Received: sequence_length={sequence_length}"
        )
    indices = np.array(windows)
    y = None if frames.y is None else frames.y[indices[:, 0]]
    return dataclasses.replace(frames, x=frames.x[indices], y=y)


def _natural(file: Path) -> list[tuple[str | int, ...]]:
    """Returns a key that sorts the numbers in names by their values, folder by folder."""

    def key(name: str) -> tuple[str | int, ...]:
        # The split alternates between text and numbers, so that like is compared with like. The
        # name itself decides between 1 and 01.
        parts = re.split(r"(\d+)", name)
        return (*(int(p) if i % 2 else p for i, p in enumerate(parts)), name)

    return [key(part) for part in (*file.parent.parts, file.name)]
