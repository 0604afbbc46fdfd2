"""Measures a DCGAN on a GPU: kerasgan beside a textbook's loop, a hand-written one, PyTorch and JAX.

All train equal networks on equal batches, each framework in a process of its own. Contestants that are
compared are made one after the other, and then run in turns. The median over the turns counts, of the times
and of their ratios. The table says which frameworks are not installed.

    python benchmarks/gpu.py
    python benchmarks/gpu.py --toy --record gpu.json           (on a CPU, to see that it runs)

It writes each row to the record as soon as it has a number, and starts no group of contestants that would
take longer than --minutes allow. The same command goes on with the groups that are missing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contest import HERE, Contest, Group
from gpu_table import table

import kerasgan

RECORD = HERE / "results" / "gpu.json"
EXECUTION = 20

FIT = {
    "fit": {"kind": "fit"},
    "fit, 1 step an execution": {"kind": "fit", "steps_per_execution": 1},
    f"fit, {EXECUTION} steps an execution": {"kind": "fit", "steps_per_execution": EXECUTION},
}
LOOP = {"hand-written tf.function, XLA": {"kind": "loop"}}
ALL = {
    "tensorflow": {**FIT, "textbook's train_step under fit": {"kind": "train_step"}, **LOOP},
    "jax": {"JAX, hand-written step": {"kind": "step"}},
    "torch": {
        "PyTorch, eager": {"kind": "eager"},
        "PyTorch, channels last": {"kind": "channels_last"},
        "PyTorch, compiled": {"kind": "compiled"},
        "PyTorch, CUDA graph": {"kind": "cuda_graph"},
    },
}


def contestants(
    frameworks: dict[str, dict[str, Any]], **common: Any
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yields the contestants of some frameworks."""
    for framework, kinds in frameworks.items():
        for name, specification in kinds.items():
            yield name, framework, {**specification, **common}


def groups(sizes: list[int]) -> list[Group]:
    """Returns all groups, those first that the goals are about."""
    main = 64 if 64 in sizes else sizes[0]
    # bfloat16 first: JAX's memory has a peak that cannot be forgotten.
    both = [
        each
        for precision in ("bfloat16", "float32")
        for each in contestants(ALL, size=main, precision=precision)
    ]
    found = [Group(f"{main} pixels", tuple(both))]
    at_main = {"size": main, "precision": "float32"}
    for name, extra in (("R1", {"r1": True}), ("EMA", {"ema": True})):
        some = contestants({"tensorflow": {**FIT, **LOOP}}, **at_main, **extra)
        found.append(Group(f"{main} pixels, {name}", tuple(some)))
    for size in sizes:
        for precision in ("float32", "bfloat16"):
            if size != main:
                all_kinds = contestants(ALL, size=size, precision=precision)
                found.append(Group(f"{size} pixels, {precision}", tuple(all_kinds)))
    models = {name: {"kind": "family", "model": name} for name in kerasgan.models.__all__}
    family = contestants({"tensorflow": models}, **at_main)
    return [*found, Group(f"{main} pixels, every model under fit", tuple(family), in_turns=False)]


class Measurement(Contest):
    """A run of this script: its options, and the record so far."""

    def __init__(self, options: argparse.Namespace, card: str) -> None:
        names = ("batch", "steps", "repeats", "filters")
        recipe = {"card": card, **{name: getattr(options, name) for name in names}}
        super().__init__("gpu", options, recipe)

    def missing(self, description: dict[str, Any]) -> str | None:
        """Returns why a framework cannot be measured: it is not there, or sees no GPU."""
        if super().missing(description) is None and not self.options.toy:
            return "it sees no GPU" if description.get("device") == "cpu" else None
        return super().missing(description)

    def details(self, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns what all contestants have in common."""
        options = self.options
        return {"batch": options.batch, "filters": options.filters, "warm_up": EXECUTION}

    def steps(self, row: dict[str, Any]) -> int:
        """Returns how many steps take about as long as `--steps` at 64 pixels."""
        if self.options.toy:
            return EXECUTION
        return max(1, round(self.options.steps * 64 / row["size"] / EXECUTION)) * EXECUTION

    def summarize(self, row: dict[str, Any]) -> None:
        """Adds the images a second."""
        row["images_a_second"] = round(1e3 * self.options.batch / row["milliseconds_a_step"])


def card() -> str:
    """Returns the name of the card and its driver, as NVIDIA's tool has them, or `"cpu"`."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return "cpu"
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    lines = found.stdout.strip().splitlines()
    index = int(visible) if visible.isdigit() and int(visible) < len(lines) else 0
    return ", driver ".join(part.strip() for part in lines[index].split(","))


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64, 128], help="of images")
    parser.add_argument("--batch", type=int, default=128, help="images in a batch (default: 128)")
    parser.add_argument(
        "--steps", type=int, default=200, help="steps in a turn at 64 pixels (default: 200)"
    )
    parser.add_argument("--repeats", type=int, default=5, help="turns (default: 5)")
    parser.add_argument("--minutes", type=float, default=8, help="for this run (default: 8)")
    parser.add_argument("--only", default="", help="groups whose name has this in it")
    parser.add_argument("--record", type=Path, help=f"file to write (default: {RECORD.name})")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there")
    parser.add_argument("--toy", action="store_true", help="tiny networks, also on a CPU")
    options = parser.parse_args()
    options.filters = 64
    if options.toy:
        options.sizes, options.batch, options.filters = [8], 4, 4
        options.repeats = 1
    elif options.record is None:
        options.record = RECORD
    for size in options.sizes:
        if size < 8 or size & (size - 1):
            parser.error(f"--sizes must be powers of 2 from 8 upwards, not {size}")
    if options.steps < 1 or options.steps % EXECUTION:
        parser.error(f"--steps must be a multiple of {EXECUTION}, not {options.steps}")
    if options.batch < 1 or options.repeats < 1:
        parser.error("--batch and --repeats must be positive")
    if card() == "cpu" and not options.toy:
        parser.error("there is no GPU; with --toy everything runs at toy size on a CPU")
    return options


def main() -> None:
    """Measures what the record lacks, as far as there is time, and prints the table."""
    options, start, made = arguments(), time.monotonic(), 0
    measurement = Measurement(options, card())
    asked = [group for group in groups(options.sizes) if options.only in group.name]
    if options.fresh:
        for group in asked:
            measurement.forget(group)
    left = [group for group in asked if not measurement.is_complete(group)]
    while left:
        spent = time.monotonic() - start
        each = spent / made if made else 0.0
        if made and spent + each * len(left[0].contestants) > 60 * options.minutes:
            break
        group = left.pop(0)
        measurement.measure(group)
        made += len(group.contestants)
    print(table(measurement.answer))
    if left:
        names = ", ".join(group.name for group in left)
        print(f"\nNot measured yet: {names}. The same command goes on there.")


if __name__ == "__main__":
    main()
