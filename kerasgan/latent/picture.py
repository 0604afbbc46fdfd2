from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasgan.callbacks import save_image
from kerasgan.callbacks.image_grid import image_format, image_grid, range_of


class Picture:
    """Where a result is to be drawn. What cannot be drawn is reported before time is spent on it.

    Args:
        path: The file to write, or `None` for no picture.
        sample_shape: The shape of one sample.
        drawing: Arguments of `kerasgan.callbacks.image_grid`.
        model: What makes the samples: they are drawn by its normalization, where `drawing` has no
            `value_range`. Defaults to `None`, nothing that has one.

    Raises:
        ValueError: If the samples cannot be drawn, the file's suffix names no format of images, or there is
            something about drawing but no file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        sample_shape: Sequence[int | None],
        drawing: Mapping[str, Any],
        model: Any = None,
    ) -> None:
        self.path = path
        self.drawing = {"value_range": range_of(model), **drawing}
        if path is None:
            if drawing:
                raise ValueError(
                    "Invalid value for argument `path`. Expected a file to draw to, because there are "
                    f"arguments for the drawing: {', '.join(drawing)}. Received: path=None"
                )
            return
        image_format(path)
        example = np.zeros((1, *(size or 1 for size in sample_shape)))
        image_grid(example, rows=1, columns=1, **self.drawing)

    def write(self, samples: np.ndarray) -> None:
        """Draws samples `(rows, columns, *sample_shape)`, whole or not at all."""
        if self.path is None:
            return
        rows, columns = samples.shape[:2]
        flat = samples.reshape(rows * columns, *samples.shape[2:])
        save_image(image_grid(flat, rows=rows, columns=columns, **self.drawing), self.path)
