"""Measures how fast `fit` is on a CPU, beside hand-written loops in TensorFlow, PyTorch and JAX.

Contestants train equal networks by the same mathematics on batches of the same size, each framework in a
process of its own. They are made one after the other, and then take turns. The median over the turns counts,
of the milliseconds of a step and of their ratio to `fit` in the same turn. The table says which frameworks
are not installed. At the end, fresh processes measure the time until the first step.

    python benchmarks/speed.py --record benchmarks/results/speed.json
    python benchmarks/speed.py --toy                                     (to see that it runs)

Nothing else should run on the machine. Each row is written to the record as soon as it has a number. If a run
is stopped, start the same command again: it goes on with the game that was interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from contest import HERE, Contest, Contestant, Group
from gpu_table import ratio
from speed_games import ADAM, GAMES, SCAN, game_of
from speed_networks import configurations
from speed_table import FIT, START, table

FLOAT32, BFLOAT16 = {"precision": "float32"}, {"precision": "bfloat16"}

# What contestants are called, their frameworks, and what they are made by.
COMMON: tuple[Contestant, ...] = (
    (FIT, "tensorflow", {"kind": "fit"}),
    ("fit, jit_compile=True", "tensorflow", {"kind": "fit", "arguments": {"jit_compile": True}}),
    ("hand-written loop", "tensorflow", {"kind": "loop"}),
    ("hand-written loop, XLA", "tensorflow", {"kind": "loop", "arguments": {"jit_compile": True}}),
    ("textbook's train_step", "tensorflow", {"kind": "train_step"}),
    ("PyTorch, eager", "torch", {"kind": "eager"}),
    ("PyTorch, compiled", "torch", {"kind": "compiled"}),
    ("JAX, a step", "jax", {"kind": "step"}),
    (f"JAX, a scan of {SCAN} steps", "jax", {"kind": "scan"}),
)
OF_DCGAN: tuple[Contestant, ...] = (
    ("PyTorch, channels last", "torch", {"kind": "channels_last"}),
    (FIT, "tensorflow", {"kind": "fit", **BFLOAT16}),
    ("PyTorch, eager", "torch", {"kind": "eager", **BFLOAT16}),
)


def contestants(game: str, frameworks: list[str]) -> Iterator[Contestant]:
    """Yields the contestants of a game."""
    for what, framework, specification in (*COMMON, *(OF_DCGAN if game == "dcgan" else ())):
        if framework in frameworks:
            yield what, framework, {**FLOAT32, **specification, "game": game}


class Speed(Contest):
    """A run of this script: its options, and the record so far."""

    parts = (*Contest.parts, START)

    def __init__(self, options: argparse.Namespace) -> None:
        recipe = {
            "processor": processor(),
            "cores": os.cpu_count(),
            "repeats": options.repeats,
            "frameworks": options.frameworks,
            "toy": options.toy,
            "adam": ADAM,
        }
        super().__init__("speed", options, recipe)

    def details(self, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the size of the game, and its networks for JAX."""
        name, toy = specification["game"], self.options.toy
        return {
            "toy": toy,
            "warm_up": game_of(name, toy).warm_up,
            "networks": configurations(name, toy),
        }

    def steps(self, row: dict[str, Any]) -> int:
        """Returns how many steps a contestant takes in a turn: whole epochs."""
        game = game_of(row["game"], self.options.toy)
        return game.epochs * game.batches

    def summarize(self, row: dict[str, Any]) -> None:
        """Adds the ratio to `fit` in the same turn."""
        rows = self.answer["groups"][GAMES[row["game"]].title]["rows"]
        value = ratio(row, rows[0])
        if value is not None:
            row["ratio_to_fit"] = round(value, 3)

    def play(self, group: Group) -> None:
        """Measures a game, and notes how busy the machine was before."""
        busy = round(os.getloadavg()[0], 2)
        self.measure(group)
        self.answer["groups"][group.name]["load_before"] = busy
        self.write()

    def start(self) -> None:
        """Measures the time until the first step, in fresh processes."""
        runs = self.answer[START].setdefault("runs", [])
        size = "toy" if self.options.toy else "full"
        while len(runs) < self.options.repeats:
            done = subprocess.run(
                [sys.executable, HERE / "speed_start.py", size],
                capture_output=True,
                text=True,
                check=True,
            )
            runs.append(json.loads(done.stdout.splitlines()[-1]))
            self.answer[START]["seconds"] = {
                name: round(float(np.median([run[name] for run in runs])), 3) for name in runs[0]
            }
            self.write()


def processor() -> str:
    """Returns the name of the processor."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--games", nargs="+", choices=GAMES, default=list(GAMES), help="games (default: all)"
    )
    names = ["tensorflow", "torch", "jax"]
    parser.add_argument(
        "--frameworks", nargs="+", choices=names, default=names, help="frameworks (default: all)"
    )
    parser.add_argument("--repeats", type=int, default=7, help="turns (default: 7)")
    parser.add_argument("--record", type=Path, help="file to write, and to go on with")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there")
    parser.add_argument("--toy", action="store_true", help="tiny networks, and a single turn")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error(f"--repeats must be positive, not {options.repeats}")
    if "tensorflow" not in options.frameworks:
        parser.error("--frameworks must have tensorflow, since all is compared with `fit`")
    if options.toy:
        options.repeats = 1
    return options


def main() -> None:
    """Measures what the record lacks, and prints the tables."""
    # For the processes of all frameworks.
    os.environ.update(CUDA_VISIBLE_DEVICES="-1", JAX_PLATFORMS="cpu")
    options = arguments()
    speed = Speed(options)
    for name in options.games:
        found = tuple(contestants(name, options.frameworks))
        group = Group(GAMES[name].title, found)
        if options.fresh:
            speed.forget(group)
        if not speed.is_complete(group):
            speed.play(group)
    if options.fresh:
        speed.answer[START] = {}
    speed.start()
    print(table(speed.answer))


if __name__ == "__main__":
    main()
