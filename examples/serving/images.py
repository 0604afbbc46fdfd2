"""Pictures of samples."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image


def png(samples: np.ndarray) -> bytes:
    """Returns images side by side as a PNG file, with a line between them, in about as many rows as columns.

    Args:
        samples: Images from 0 to 255, of shape `(count, height, width, channels)` with 1 or 3 channels.
    """
    columns = math.ceil(math.sqrt(len(samples)))
    rows = math.ceil(len(samples) / columns)
    lacking = rows * columns - len(samples)
    tiles = np.pad(samples, ((0, lacking), (0, 1), (0, 1), (0, 0)))
    height, width, channels = tiles.shape[1:]
    grid = tiles.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    pixels = grid.reshape(rows * height, columns * width, channels)[:-1, :-1]
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze(-1) if channels == 1 else pixels).save(file, "PNG")
    return file.getvalue()
