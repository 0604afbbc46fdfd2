"""Measures how well broken solar cells are found by models that have seen whole ones only.

The photographs are those of the package `elpv-dataset`. A cell whose probability of a defect is 0 is normal,
and a cell whose probability is 1 is abnormal. The others are left out. Each seed divides the cells anew and
runs `examples/anomaly_pictures.py`, which compares three detectors.

    pip download elpv-dataset==1.0.0.post1 --no-deps && unzip elpv_dataset-*.whl -d package
    python benchmarks/anomaly_pictures.py package --rounds 300 --record FILE

Further options, such as `--rounds`, go to the example.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from measuring import report, surroundings

EXAMPLE = Path(__file__).parents[1] / "examples" / "anomaly_pictures.py"
PROBABILITIES = {"0.0": "normal", "1.0": "abnormal"}
FIGURES = ("auroc", "false_alarms", "found")


def make_folder(package: Path, folder: Path) -> dict[str, int]:
    """Links the photographs into sub-folders, and returns how many each has."""
    data = (package / "elpv_dataset" / "data").resolve()
    counts = dict.fromkeys(PROBABILITIES.values(), 0)
    for line in (data / "labels.csv").read_text(encoding="utf-8").splitlines():
        file, probability, _ = line.split()
        if probability in PROBABILITIES:
            name = PROBABILITIES[probability]
            counts[name] += 1
            link = folder / name / Path(file).name
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                os.symlink(data / file, link)
    return counts


def run(folder: Path, output: Path, seed: int, given: list[str]) -> dict[str, Any]:
    """Runs the example, and returns its answer with the processor time that it took."""
    command = [sys.executable, EXAMPLE, "--data", folder, "--seed", str(seed), "--output", output]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*command, *given], check=True, stdout=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seed": seed, "cpu_seconds": round(spent), **answer}


def main() -> None:
    """Runs each seed and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path, help="the package, unpacked")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument("--work", type=Path, default=Path("outputs", "solar_cells"))
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options, given = parser.parse_known_args()
    counts = make_folder(options.package, options.work / "cells")
    runs = [
        run(options.work / "cells", options.work / f"seed_{seed}", seed, given)
        for seed in range(options.seeds)
    ]
    for each in runs:
        del each["files"], each["seconds"]
    answer = {
        "cells": counts,
        "options": given,
        "means": {
            name: {
                figure: round(float(np.mean([each["results"][name][figure] for each in runs])), 4)
                for figure in FIGURES
            }
            for name in runs[0]["results"]
        },
        "runs": runs,
        **surroundings(),
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
