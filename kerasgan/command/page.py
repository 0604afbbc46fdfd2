"""The page that shows a run, while it trains and afterwards."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from kerasgan.command.curves import charts, read_metrics, svg
from kerasgan.command.progress import duration
from kerasgan.command.run_folder import RunFolder
from kerasgan.command.settings import Settings
from kerasgan.files import replacing

_RELOAD_SECONDS = 10
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 960px; padding: 0 1rem;
  color: #222; background: #fff }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
img { max-width: 100%; image-rendering: pixelated } svg { width: 100%; height: auto }
svg text { font-size: 12px; fill: #666 } figure { margin: 0 0 1rem }
figcaption { font-size: .85rem } table { border-collapse: collapse; font-size: .9rem }
td { padding: .15rem 1.5rem .15rem 0; vertical-align: top } progress { width: 100% }
.found { background: #fff3cd; padding: .5rem 1rem } .both { display: flex; flex-wrap: wrap; gap: 1rem }
.both figure { flex: 1 1 300px }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b }
  .found { background: #5c4a00 } }
"""


def write_page(run: RunFolder, settings: Settings) -> None:
    """Writes the page of a run as it is now. The page reloads itself until the run is over."""
    state = run.state()
    metrics = read_metrics(run.metrics)
    name = html.escape(Path(settings.folder).name)
    reload = (
        "" if state["finished"] else (f'<meta http-equiv="refresh" content="{_RELOAD_SECONDS}">')
    )
    drawn = "".join(
        svg(title, curves, settings.steps_per_section) for title, curves in charts(metrics).items()
    )
    parts = [
        f"<h1>{name}</h1>",
        f"<p>{_progress(settings, state)}</p>",
        *(f'<p class="found">{html.escape(each)}</p>' for each in state["findings"]),
        _grid(run, settings),
        _films(run),
        f"<h2>Metrics</h2>{drawn}" if drawn else "",
        f"<h2>Settings</h2>{_table(settings)}",
    ]
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{reload}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: step {state['steps']:,} of {settings.steps:,}</title>"
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )
    with replacing(run.page) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _progress(settings: Settings, state: dict[str, Any]) -> str:
    done, steps = state["steps"], settings.steps
    took = f"{duration(state['seconds'])} of training"
    if state["finished"]:
        return f"Finished: {done:,} steps, {took}."
    bar = f'<progress max="{steps}" value="{done}"></progress>'
    return f"Step {done:,} of {steps:,}, {took}.<br>{bar}"


def _grid(run: RunFolder, settings: Settings) -> str:
    grids = run.grids()
    if not grids:
        return ""
    path = grids[-1].relative_to(run.path).as_posix()
    # Each grid has a name of its own. A browser would show an old picture under a name that it knows.
    return f'<h2>Samples</h2><img src="{path}" alt="The latest samples">'


def _films(run: RunFolder) -> str:
    titles = {"development.gif": "Development", "interpolation.gif": "Interpolation"}
    found = [
        f'<figure><figcaption>{title}</figcaption><img src="{name}" alt="{title}"></figure>'
        for name, title in titles.items()
        if (run.path / name).is_file()
    ]
    return f'<h2>In motion</h2><div class="both">{"".join(found)}</div>' if found else ""


def _start_rows(settings: Settings) -> dict[str, str]:
    if settings.start is None:
        return {}
    return {"Starts from": settings.start["model"], "Frozen": settings.frozen_text}


def _table(settings: Settings) -> str:
    height, width = settings.size
    classes = "none" if settings.class_names is None else ", ".join(settings.class_names)
    export = ", ".join(settings.export) or "none"
    rates = f"{settings.learning_rate:g}, falling to {settings.final_learning_rate:g}"
    rows = {
        "Folder": settings.folder,
        "Pictures": f"{settings.pictures:,}",
        "Size": f"{height}×{width}, {settings.channels} channels",
        "Classes": classes,
        "Network": settings.network_text,
        **_start_rows(settings),
        "Loss": f"relativistic, R1 and R2 with weight {settings.penalty:g}",
        "Learning rate": rates,
        "Average of weights": f"{settings.average:g}",
        "Augmentation": settings.augmentation,
        "Batch size": str(settings.batch_size),
        "Seed": str(settings.seed),
        "Exports": export,
    }
    cells = "".join(
        f"<tr><td>{name}</td><td>{html.escape(value)}</td></tr>" for name, value in rows.items()
    )
    link = '<p><a href="settings.json">settings.json</a> starts this run again.</p>'
    return f"<table>{cells}</table>{link}"
