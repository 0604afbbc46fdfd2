"""The picture of `ProbabilityLogger`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerasgan.extras import require
from kerasgan.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SCORES = ("probability", "energy", "score")
# Paul Tol's "bright" scheme: apart from each other for color-blind readers too.
_COLORS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377")
# The smallest and largest values are single updates of the first batches, next to which a
# curve would be flat. They remain in the CSV file.
_SHOWN_QUANTILES = (0.005, 0.995)


def draw_update_curves(
    updates: dict[str, dict[str, list[float]]], path: Path, smoothing: int | None
) -> None:
    """Draws scores above and losses below, over the batches of the training.

    Args:
        updates: Dictionary of turn, to dictionary of quantity, to the values.
        path: The picture to write.
        smoothing: Number of updates in the running mean, or `None` for a fortieth.
    """
    # Matplotlib is optional, and slow to import.
    from matplotlib.figure import Figure

    batches = _batches(updates)
    curves = [
        # A turn that is played k times a batch has k points there.
        (name, (np.arange(len(values)) + 1) * batches / len(values), np.asarray(values))
        for lists in updates.values()
        for name, values in lists.items()
        if values
    ]
    scores = [curve for curve in curves if curve[0].endswith(_SCORES)]
    losses = [curve for curve in curves if not curve[0].endswith(_SCORES)]
    # Not `pyplot`, which keeps figures alive and may want a screen.
    figure = Figure(figsize=(10, 7), dpi=110, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    _draw(above, scores, smoothing)
    kinds = [kind for kind in _SCORES if any(name.endswith(kind) for name, _, _ in scores)]
    above.set_ylabel(" / ".join(f"mean {kind}" for kind in kinds or _SCORES[:1]))
    if kinds in ([], ["probability"]):
        above.set_ylim(-0.02, 1.02)
        above.axhline(0.5, color="0.4", linewidth=0.8, linestyle=":", zorder=1)
    above.set_title("each update thin, running mean thick", fontsize=9, color="0.4", loc="left")
    _draw(below, losses, smoothing)
    below.set_ylabel("loss")
    _focus(below, losses)
    below.set_xlabel("batch")
    below.set_xlim(0, max(batches, 1))
    with replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip(".").lower())


def check_picture_name(name: str) -> None:
    """Raises when Matplotlib is missing or has no format with the suffix of `name`."""
    require(
        "matplotlib",
        "The picture of `ProbabilityLogger`",
        otherwise="pass `picture_name=None` for no picture",
    )
    from matplotlib.figure import Figure

    formats = Figure().canvas.get_supported_filetypes()
    if Path(name).suffix.lstrip(".").lower() not in formats:
        raise ValueError(
            "Invalid value for argument `picture_name`. Expected a file name with one of the "
            f"suffixes {', '.join(f'.{suffix}' for suffix in sorted(formats))}. "
            f"Received: picture_name={name!r}"
        )


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Returns the mean over `window` neighbors, over fewer of them at the two ends.

    Example:

    >>> running_mean(np.array([0.0, 3.0, 6.0, 9.0]), 3)
    array([1.5, 3. , 6. , 7.5])
    """
    window = min(window, len(values))
    ones = np.ones(window)
    return np.convolve(values, ones, "same") / np.convolve(np.ones(len(values)), ones, "same")


def _batches(updates: dict[str, dict[str, list[float]]]) -> int:
    lengths = [len(values) for lists in updates.values() for values in lists.values()]
    return min((length for length in lengths if length), default=0)


def _draw(
    axes: Axes, curves: list[tuple[str, np.ndarray, np.ndarray]], smoothing: int | None
) -> None:
    for index, (name, batch, values) in enumerate(curves):
        color = _COLORS[index % len(_COLORS)]
        axes.plot(batch, values, color=color, linewidth=0.5, alpha=0.3)
        window = smoothing if smoothing is not None else max(1, len(values) // 40)
        label = name.replace("_", " ")
        # A line through a single update would not be seen.
        marker = "o" if len(values) == 1 else None
        mean = running_mean(values, window)
        # Above the thin lines of the other curves too.
        axes.plot(batch, mean, color=color, linewidth=1.8, label=label, marker=marker, zorder=3)
    axes.grid(color="0.9", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if curves:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _focus(axes: Axes, curves: list[tuple[str, np.ndarray, np.ndarray]]) -> None:
    finite = [values[np.isfinite(values)] for _, _, values in curves]
    limits = [np.quantile(values, _SHOWN_QUANTILES) for values in finite if values.size]
    if not limits:
        return
    low, high = float(np.min(limits)), float(np.max(limits))
    margin = 0.05 * (high - low) or 0.5
    axes.set_ylim(low - margin, high + margin)
