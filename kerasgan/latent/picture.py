from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasgan.callbacks import save_image
from kerasgan.callbacks.image_grid import image_format, image_grid, range_of


class Picture:
    """The picture file of a result. Raises errors at the start, before time is spent on computing.

    Args:
        path: The file to write, or `None` for no picture.
        sample_shape: The shape of one sample.
        drawing: Arguments of `kerasgan.callbacks.image_grid`.
        model: The model that makes the samples. Its normalization is the default for `value_range` in
            `drawing`. Defaults to `None`, no model.

    Raises:
        ValueError: If the samples cannot be drawn, the file's suffix names no format of images, or `drawing`
            has arguments but there is no file.
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
