"""Curves of a run's metrics: in the page, and as a picture if Matplotlib is installed."""

from __future__ import annotations

import csv
import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerasgan.extras import is_installed
from kerasgan.files import replacing

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 200, 56, 24
# Paul Tol's "bright" scheme. Color-blind readers can tell these colors apart.
_COLORS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377")
_SCORES = ("real_probability", "fake_probability", "generator_probability")
_LOSSES = ("discriminator_loss", "generator_loss")
Curves = Mapping[str, Sequence[float]]


def read_metrics(path: Path) -> dict[str, list[float]]:
    """Returns the columns of a table of metrics. If there is no table, returns nothing."""
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [_number(row[name]) for row in rows] for name in (rows[0] if rows else {})}


def charts(metrics: Curves) -> dict[str, Curves]:
    """Returns the curves of each chart, by title: scores, losses and other terms."""
    groups = {"Scores": _SCORES, "Losses": _LOSSES}
    others = [name for name in metrics if name not in (*_SCORES, *_LOSSES, "epoch")]
    # The logs call them probabilities. With the loss of a run, they are scores.
    found = {
        title: {
            name.replace("_probability", " score").replace("_", " "): metrics[name]
            for name in names
            if any(map(math.isfinite, metrics.get(name, ())))
        }
        for title, names in {**groups, "Other terms": others}.items()
    }
    return {title: curves for title, curves in found.items() if curves}


def svg(title: str, curves: Curves, steps_per_point: int) -> str:
    """Returns a chart of curves as SVG.

    Args:
        title: The title of the chart.
        curves: The values of each curve, by name.
        steps_per_point: How many steps are between two values.
    """
    finite = [value for values in curves.values() for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
    count = max(len(values) for values in curves.values())

    def point(index: int, value: float) -> str:
        x = _LEFT + (_WIDTH - _LEFT) * (index + 1) / max(count, 1)
        y = 4 + (_HEIGHT - _BOTTOM - 4) * (high - value) / (high - low)
        return f"{x:.1f},{y:.1f}"

    lines, names = [], []
    for number, (name, values) in enumerate(curves.items()):
        color = _COLORS[number % len(_COLORS)]
        points = [point(i, value) for i, value in enumerate(values) if math.isfinite(value)]
        if len(points) == 1:
            # A line with a single point is not visible.
            points.insert(0, point(-1, next(filter(math.isfinite, values))))
        lines.append(
            f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{" ".join(points)}"/>'
        )
        label = html.escape(name)
        last = f" {values[-1]:.3g}" if values else ""
        names.append(f'<span style="color:{color}">■</span> {label}{last}')
    axis = "".join(
        f'<text x="{_LEFT - 6}" y="{y}" text-anchor="end">{value:.3g}</text>'
        for value, y in ((high, 14), (low, _HEIGHT - _BOTTOM))
    )
    return (
        f"<figure><figcaption><b>{html.escape(title)}</b> &nbsp; {' &nbsp; '.join(names)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{html.escape(title)}">'
        f'<path d="M{_LEFT} 4V{_HEIGHT - _BOTTOM}H{_WIDTH}" fill="none" stroke="#888"/>{axis}'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 6}" text-anchor="end">step {count * steps_per_point:,}</text>'
        f"{''.join(lines)}</svg></figure>"
    )


def draw_curves(metrics: Curves, path: Path, steps_per_point: int) -> bool:
    """Writes the curves as a picture. Returns `False` if Matplotlib is not installed."""
    if not is_installed("matplotlib"):
        return False
    from matplotlib.figure import Figure

    groups = charts(metrics)
    # `pyplot` would keep the figure alive, and may need a screen.
    figure = Figure(figsize=(9, 2.6 * max(len(groups), 1)), dpi=100, layout="constrained")
    for number, (title, curves) in enumerate(groups.items()):
        axes = figure.add_subplot(len(groups), 1, number + 1)
        for name, values in curves.items():
            steps = [(index + 1) * steps_per_point for index in range(len(values))]
            axes.plot(steps, values, label=name)
        axes.set_title(title, loc="left", fontsize=10)
        axes.grid(color="0.9", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png")
    return True


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
