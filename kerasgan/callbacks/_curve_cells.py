"""Small line plots as pixels, drawn with Pillow alone."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

# The size of a plot at scale 1, in pixels.
CELL_WIDTH = 32
CELL_HEIGHT = 24

_FINER = 4
_FRAME = (200, 200, 200)
_ZERO_LINE = (225, 225, 225)
# Paul Tol's "bright" scheme: apart from each other for color-blind readers too.
_COLORS = (
    (68, 119, 170),
    (238, 102, 119),
    (34, 136, 51),
    (204, 187, 68),
    (102, 204, 238),
    (170, 51, 119),
)


def curve_cells(curves: np.ndarray, low: float, high: float, scale: int) -> np.ndarray:
    """Draws each sequence as a line plot, one line per dimension.

    Args:
        curves: Array of shape `(count, length, dimensions)`.
        low: The value at the bottom of a plot.
        high: The value at the top.
        scale: A plot is `32 * scale` wide and `24 * scale` high.

    Returns:
        `uint8` array of shape `(count, 24 * scale, 32 * scale, 3)`.

    Example:

    >>> curve_cells(np.zeros((5, 10, 1)), low=-1.0, high=1.0, scale=2).shape
    (5, 48, 64, 3)
    """
    return np.stack([_cell(curve, low, high, scale) for curve in curves])


def _cell(curve: np.ndarray, low: float, high: float, scale: int) -> np.ndarray:
    width, height = CELL_WIDTH * scale * _FINER, CELL_HEIGHT * scale * _FINER
    # A line wider than a pixel, also in the smallest plot, and room for it at the edges.
    stroke = max(1.0, 0.35 * scale) * _FINER
    margin = 1.5 * stroke + _FINER
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)

    def down(values: np.ndarray) -> np.ndarray:
        return margin + (high - values) / (high - low) * (height - 1 - 2 * margin)

    if low < 0 < high:
        zero = float(down(np.zeros(())))
        draw.line([(0, zero), (width, zero)], fill=_ZERO_LINE, width=_FINER)
    draw.rectangle([0, 0, width - 1, height - 1], outline=_FRAME, width=_FINER)
    length = len(curve)
    across = margin + (np.arange(length) + 0.5 * (length == 1)) / max(length - 1, 1) * (
        width - 1 - 2 * margin
    )
    for dimension, values in enumerate(curve.T):
        color = _COLORS[dimension % len(_COLORS)]
        points = [(float(x), float(y)) for x, y in zip(across, down(values), strict=True)]
        if length == 1:
            (x, y), radius = points[0], 1.5 * stroke
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=color)
        else:
            draw.line(points, fill=color, width=round(stroke), joint="curve")
    return np.asarray(image.reduce(_FINER))
