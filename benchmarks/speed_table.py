"""The Markdown that `speed.py` prints of its record."""

from __future__ import annotations

from typing import Any

from gpu_table import versions

FIT = "fit"
START = "start"
HEAD = (
    "| contestant | precision | ms a step | × fit | seconds to first steps |\n|---|---|---|---|---|"
)


def line(row: dict[str, Any]) -> str:
    """Returns a row of a game's table."""
    head = f"| {row['what']} | {row['precision']} |"
    if "error" in row:
        return f"{head} {row['error'].splitlines()[0]} | | |"
    cells = [
        f"{row['milliseconds_a_step']:.3f}" if "milliseconds_a_step" in row else "–",
        f"{row['ratio_to_fit']:.2f}" if "ratio_to_fit" in row else "–",
        f"{row['seconds_to_first_steps']:.1f}",
    ]
    return f"{head} {' | '.join(cells)} |"


def table(answer: dict[str, Any]) -> str:
    """Returns the tables of all games of a record, and of the time until the first step."""
    recipe = answer["recipe"]
    lines = [
        f"{recipe['processor']}, {recipe['cores']} cores; {versions(answer)}; {answer['date']}. "
        f"Medians of {recipe['repeats']} turns. A ratio above 1 is slower than `fit`."
    ]
    if recipe["toy"]:
        lines.append("At toy size these numbers say nothing about speed.")
    for name, group in answer["groups"].items():
        note = "" if group["complete"] else " (not complete)"
        lines += ["", f"**{name}**{note}", "", HEAD, *map(line, group["rows"])]
    if answer[START]:
        lines += ["", "**Time to the first step, MLP GAN**", "", "| | seconds |", "|---|---|"]
        lines += [f"| {name} | {value:.2f} |" for name, value in answer[START]["seconds"].items()]
    return "\n".join(lines)
