"""A contest of frameworks, which `gpu.py` and `speed.py` share: each framework has a process of its own.

Contestants that are compared are a group. They are made one after the other, and then run in turns. The
record has each row as soon as it has a number, and a run that was stopped goes on with the next group.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from gpu_process import Process
from measuring import report, surroundings

HERE = Path(__file__).parent

# What a contestant is called, its framework, and what it is made by.
Contestant = tuple[str, str, dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Group:
    """Contestants that are compared, in turns unless they have nothing in common."""

    name: str
    contestants: tuple[Contestant, ...]
    in_turns: bool = True


class Contest:
    """A run of a benchmark of several frameworks: its options, and the record so far.

    Args:
        benchmark: Its name. The processes of a framework run `BENCHMARK_FRAMEWORK.py`.
        options: `record`, the file to write; `fresh`, whether to begin it anew; `repeats`, how many turns
            there are.
        recipe: What must be equal if a record is to go on.
    """

    # The parts of a record that a run goes on with.
    parts: tuple[str, ...] = ("frameworks", "groups")

    def __init__(self, benchmark: str, options: argparse.Namespace, recipe: dict[str, Any]) -> None:
        self.benchmark = benchmark
        self.options = options
        self.answer: dict[str, Any] = {
            "benchmark": benchmark,
            **surroundings(),
            "recipe": recipe,
            **{part: {} for part in self.parts},
        }
        record = options.record
        if record and record.exists():
            before = json.loads(record.read_text(encoding="utf-8"))
            if before["recipe"] == recipe:
                self.answer.update({part: before[part] for part in self.parts})
            elif not options.fresh:
                sys.exit(
                    f"{record} is of another machine or recipe: {before['recipe']}. Name another file with "
                    "--record, or begin it anew with --fresh."
                )

    # What a benchmark defines.

    def missing(self, description: dict[str, Any]) -> str | None:
        """Returns why a framework cannot be measured, or `None` if it can."""
        return (
            description.get("missing")
            or description.get("error", "").rpartition("Error: ")[2]
            or None
        )

    def details(self, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns what else a contestant is made by, which its row does not show."""
        return {}

    def steps(self, row: dict[str, Any]) -> int:
        """Returns how many steps a contestant takes in a turn."""
        raise NotImplementedError

    def summarize(self, row: dict[str, Any]) -> None:
        """Adds to a row what follows from its times."""

    # What all have in common.

    def is_complete(self, group: Group) -> bool:
        """Tells whether a group is in the record already."""
        return bool(self.answer["groups"].get(group.name, {}).get("complete"))

    def forget(self, group: Group) -> None:
        """Forgets what the record holds of a group."""
        self.answer["groups"].pop(group.name, None)

    def write(self) -> None:
        """Writes the record."""
        if self.options.record:
            report(self.answer, self.options.record, quiet=True)

    def measure(self, group: Group) -> None:
        """Measures a group; its rows are in the record as soon as they have a number."""
        processes: dict[str, Process] = {}
        before = self.answer["groups"].get(group.name, {}) if not group.in_turns else {}
        done = {row["what"]: row for row in before.get("rows", []) if "error" not in row}
        rows: list[dict[str, Any]] = []
        self.answer["groups"][group.name] = entry = {"complete": False, "rows": rows}
        try:
            for what, framework, specification in group.contestants:
                if what in done:
                    rows.append(done[what])
                    continue
                if framework not in processes:
                    processes[framework] = Process(HERE / f"{self.benchmark}_{framework}.py")
                    self.answer["frameworks"][framework] = processes[framework].description
                row = self.made(processes[framework], what, framework, specification)
                rows.append(row)
                if not group.in_turns:
                    self.turns([row], processes)
                    processes[framework].ask(drop=row["name"])
                self.write()
            if group.in_turns:
                self.turns(rows, processes)
        finally:
            for process in processes.values():
                process.end()
        entry["complete"] = True
        self.write()

    def made(
        self, process: Process, what: str, framework: str, specification: dict[str, Any]
    ) -> dict[str, Any]:
        """Has a contestant made, and returns the beginning of its row."""
        name = f"{what}, {specification['precision']}"
        row = {"what": what, "name": name, "framework": framework, **specification}
        missing = self.missing(process.description)
        if missing is not None:
            return {**row, "error": f"not measured: {missing}"}
        answer = process.ask(make={**specification, "name": name, **self.details(specification)})
        print(f"{name}: {answer}", file=sys.stderr, flush=True)
        return {**row, **answer, "milliseconds": []}

    def turns(self, rows: list[dict[str, Any]], processes: dict[str, Process]) -> None:
        """Lets contestants run in turns."""
        for _ in range(self.options.repeats):
            for row in rows:
                if "error" in row:
                    continue
                steps = self.steps(row)
                answer = processes[row["framework"]].ask(run=row["name"], steps=steps)
                if "error" in answer:
                    row.update(answer)
                    continue
                row["milliseconds"].append(round(1e3 * answer["seconds"] / steps, 4))
                row["milliseconds_a_step"] = round(float(np.median(row["milliseconds"])), 4)
            for row in rows:
                if "milliseconds_a_step" in row:
                    self.summarize(row)
            self.write()
