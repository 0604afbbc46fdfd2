"""The Markdown that `gpu.py` prints of its record."""

from __future__ import annotations

from typing import Any

import numpy as np

COLUMNS = (
    "",
    "precision",
    "compilation, s",
    "ms a step",
    "images a second",
    "peak memory, MB",
    "× hand-written",
)
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"

HAND_WRITTEN = "hand-written tf.function, XLA"
FIT = "fit"
TWENTY = "fit, 20 steps an execution"


def versions(answer: dict[str, Any]) -> str:
    """Returns the versions of Python and of all frameworks of a record, as text."""
    found = {"python": answer["versions"]["python"]}
    for description in answer["frameworks"].values():
        found.update(description.get("versions", {}))
    return ", ".join(f"{name} {version}" for name, version in found.items() if version)


def ratio(one: dict[str, Any] | None, other: dict[str, Any] | None) -> float | None:
    """Returns the median over the turns of the ratio of two rows' times, `None` where one has no time."""
    if not one or not other or not one.get("milliseconds") or not other.get("milliseconds"):
        return None
    pairs = zip(one["milliseconds"], other["milliseconds"], strict=False)
    return float(np.median([first / second for first, second in pairs]))


def find(rows: list[dict[str, Any]], what: str, precision: str) -> dict[str, Any] | None:
    """Returns the row of a contestant."""
    found = (row for row in rows if (row["what"], row["precision"]) == (what, precision))
    return next(found, None)


def goals(rows: list[dict[str, Any]]) -> list[tuple[str, str, float | None, bool | None]]:
    """Returns each goal for a group of both precisions: words, limit, what was found, whether it is met."""

    def time_of(row: dict[str, Any]) -> float:
        return float(row["milliseconds_a_step"])

    torch = [
        row
        for row in rows
        if row["framework"] == "torch"
        and row["precision"] == "float32"
        and "milliseconds_a_step" in row
    ]
    best = min(torch, key=time_of, default=None)
    loop, fit, twenty = (find(rows, what, "float32") for what in (HAND_WRITTEN, FIT, TWENTY))
    low = find(rows, TWENTY, "bfloat16")
    found = []
    for words, value, limit, is_upper in (
        ("time of `fit`, of the hand-written loop's", ratio(fit, loop), 1.25, True),
        (f"time of `{TWENTY}`, of the hand-written loop's", ratio(twenty, loop), 1.05, True),
        (f"time of PyTorch's best, of `{TWENTY}`", ratio(best, twenty), 1.4, False),
        (f"time of float32, of bfloat16, `{TWENTY}`", ratio(twenty, low), 1.25, False),
    ):
        met = None if value is None else (value <= limit if is_upper else value >= limit)
        found.append((words, f"{'≤' if is_upper else '≥'} {limit}", value, met))
    return found


def line(row: dict[str, Any], loop: dict[str, Any] | None) -> str:
    """Returns a row of the table."""
    head = f"| {row.get('model', row['what'])} | {row['precision']} |"
    if "error" in row:
        return f"{head} {row['error'].splitlines()[0]} | | | | |"
    beside = ratio(row, loop)
    peak = row["peak_bytes"]
    cells = [
        f"{row['seconds_to_first_steps']:.1f}",
        f"{row['milliseconds_a_step']:.2f}" if "milliseconds_a_step" in row else "–",
        f"{row['images_a_second']:,}" if "images_a_second" in row else "–",
        "–" if peak is None else f"{peak / 1e6:,.0f}",
        "–" if beside is None else f"{beside:.2f}",
    ]
    return f"{head} {' | '.join(cells)} |"


def table(answer: dict[str, Any]) -> str:
    """Returns the tables of all groups of a record, and what became of the goals."""
    recipe = answer["recipe"]
    lines = [
        f"{recipe['card']}; {versions(answer)}; {answer['date']}. Batches of {recipe['batch']}, medians of "
        f"{recipe['repeats']} turns of {recipe['steps']} steps at 64 pixels. Compilation is the time until "
        "the first steps are done.",
    ]
    if recipe["card"] == "cpu":
        lines.append("At toy size on a CPU these numbers say nothing about speed.")
    for name, group in answer["groups"].items():
        note = "" if group["complete"] else " (not complete)"
        lines += ["", f"**{name}**{note}", "", HEAD]
        for row in group["rows"]:
            loop = find(group["rows"], HAND_WRITTEN, row["precision"])
            lines.append(line(row, loop))
        if len({row["precision"] for row in group["rows"]}) == 2:
            lines += ["", "| goal | wanted | found | |", "|---|---|---|---|"]
            for words, wanted, value, met in goals(group["rows"]):
                mark = {None: "not measured", True: "met", False: "missed"}[met]
                shown = "–" if value is None else f"{value:.2f}"
                lines.append(f"| {words} | {wanted} | {shown} | {mark} |")
    return "\n".join(lines)
