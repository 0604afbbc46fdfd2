"""What the benchmarks share: the CPU time of an iteration, and the record of a run."""

from __future__ import annotations

import datetime
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import kerasgan


def measure(
    model: keras.Model,
    x: np.ndarray,
    warm_up: int,
    iterations: int,
    repeats: int,
    batch_size: int = 20,
) -> dict[str, Any]:
    """Returns seconds per iteration, and those that a first epoch of `warm_up` iterations took.

    The processor time of the whole process (user and system, all threads) is divided by the iterations,
    after an epoch that compiles and warms up; the best of several epochs counts, which other programs
    disturb least.
    """

    def epoch(steps: int) -> tuple[float, float]:
        start = time.process_time(), time.perf_counter()
        model.fit(x, batch_size=batch_size, steps_per_epoch=steps, verbose=0)
        return time.process_time() - start[0], time.perf_counter() - start[1]

    compilation, _ = epoch(warm_up)
    times = [[seconds / iterations for seconds in epoch(iterations)] for _ in range(repeats)]
    cpu, wall = np.min(times, axis=0)
    return {
        "cpu_seconds_per_iteration": round(float(cpu), 5),
        "cpu_seconds_per_iteration_of_each_epoch": [round(row[0], 5) for row in times],
        "wall_seconds_per_iteration": round(float(wall), 5),
        "cpu_seconds_of_first_epoch": round(compilation, 1),
    }


def times_less(seconds: float, result: dict[str, Any]) -> float:
    """Returns how many times less CPU time than `seconds` an iteration took."""
    return round(seconds / result["cpu_seconds_per_iteration"], 1)


def surroundings() -> dict[str, Any]:
    """Returns the date, the versions and the machine of a run."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "versions": {
            "kerasgan": kerasgan.__version__,
            "keras": keras.version(),
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine()},
    }


def report(answer: dict[str, Any], record: Path | None, quiet: bool = False) -> None:
    """Prints one line of JSON, unless `quiet`, and writes it to a file, indented, if there is one."""
    if record:
        record.parent.mkdir(parents=True, exist_ok=True)
        temporary = record.with_name(f".{record.name}")
        temporary.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")
        os.replace(temporary, record)
    if not quiet:
        print(json.dumps(answer))
