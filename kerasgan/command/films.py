"""Films of a run as GIF files: how samples develop, and the way from sample to sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from kerasgan.callbacks import image_grid
from kerasgan.files import replacing
from kerasgan.latent import interpolate
from kerasgan.latent.latent_space import LatentSpace

_LONGEST_SIDE = 400
_MOST_FRAMES = 60
_STOPS = 4
_STEPS_BETWEEN = 12


def write_development(grids: Sequence[Path], path: Path) -> None:
    """Writes a GIF of grids. The last grid stays longer.

    Args:
        grids: The pictures, in order.
        path: The file to write.
    """
    # Samples change most at the beginning, so more frames show the beginning.
    chosen = np.unique(
        np.rint(np.linspace(0, 1, min(_MOST_FRAMES, len(grids))) ** 1.5 * (len(grids) - 1))
    )
    frames = []
    for index in chosen.astype(int):
        with Image.open(grids[index]) as grid:
            frames.append(_small(grid))
    _write(frames, path, [*[120] * (len(frames) - 1), 2_000])


def write_interpolation(
    game: Any, path: Path, normalization: Any, rows: int, columns: int, condition: Any, seed: int
) -> None:
    """Writes a GIF in which each cell of a grid goes from sample to sample, and back to the first.

    Args:
        game: The game.
        path: The file to write.
        normalization: The normalization of the samples.
        rows: Rows of the grid.
        columns: Columns of the grid.
        condition: The condition of each cell, or `None`.
        seed: The seed of the random draws.
    """
    space = LatentSpace(game)
    count = rows * columns
    conditions = space.conditions(count, condition)
    stops = [space.draw(count, conditions, seed + stop)[0] for stop in range(_STOPS)]
    frames = []
    for first, last in zip(stops, [*stops[1:], stops[0]], strict=True):
        ways = interpolate(
            game, steps=_STEPS_BETWEEN + 1, start=first, end=last, condition=condition
        )
        for step in range(_STEPS_BETWEEN):
            grid = image_grid(ways[:, step], rows=rows, columns=columns, value_range=normalization)
            frames.append(_small(grid))
    _write(frames, path, [80] * len(frames))


def _small(picture: Image.Image) -> Image.Image:
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    flat = Image.alpha_composite(white, picture).convert("RGB")
    flat.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.BOX)
    return flat


def _write(frames: Sequence[Image.Image], path: Path, milliseconds: Sequence[int]) -> None:
    first, *others = [frame.quantize(128, dither=Image.Dither.NONE) for frame in frames]
    with replacing(path) as temporary:
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=list(milliseconds),
            loop=0,
        )
