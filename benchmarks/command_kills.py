"""Kills `kerasgan train` at random moments, starts the same command again, and counts the bits that are lost.

It makes a folder of small pictures. One run is undisturbed. Another one is killed (`kill -9`) ten times, at
random moments: while Python starts, while pictures are decoded, while it trains, or while it writes. Then
the same command goes on to the end. The two run folders are compared: every variable of the model bit by bit,
and every grid of samples, the films and the table of metrics byte by byte.

    python benchmarks/command_kills.py --record benchmarks/results/command_kills.json
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from measuring import report, surroundings
from PIL import Image

PICTURES, SIDE = 60, 16
BYTE_BY_BYTE = ("metrics.csv", "development.gif", "interpolation.gif")


def make_folder(folder: Path) -> None:
    """Writes soft spots of color."""
    folder.mkdir()
    for number in range(PICTURES):
        generator = np.random.default_rng(number)
        spots = Image.fromarray(generator.integers(0, 256, (4, 4, 3), "uint8"))
        spots.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(folder / f"{number:03}.png")


def start(folder: Path, run: Path, options: argparse.Namespace) -> subprocess.Popen[bytes]:
    """Starts the command."""
    command = ["train", folder, "--output", run, "--size", SIDE, "--filters", 4, "--batch-size", 8]
    return subprocess.Popen(
        [sys.executable, "-m", "kerasgan", *map(str, command), "--steps", str(options.steps)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def steps_done(run: Path) -> int:
    """Returns how many steps a run's backup has."""
    path = run / "state.json"
    return int(json.loads(path.read_text())["steps"]) if path.is_file() else 0


def undisturbed(folder: Path, run: Path, options: argparse.Namespace) -> tuple[float, float]:
    """Lets a run end; returns the seconds until its first section was kept, and those until its end."""
    began, first = time.monotonic(), 0.0
    process = start(folder, run, options)
    while process.poll() is None:
        time.sleep(0.1)
        if not first and steps_done(run):
            first = time.monotonic() - began
    if process.returncode:
        raise RuntimeError("The command failed.")
    return first, time.monotonic() - began


def disturbed(
    folder: Path, run: Path, first: float, seconds: float, options: argparse.Namespace
) -> list[int]:
    """Kills the run again and again, then lets it end; returns the steps that each kill left."""
    moments = random.Random(options.seed)
    left = []
    while len(left) < options.kills:
        process = start(folder, run, options)
        # One of five falls on the start, and all of them together on most of the run.
        trains = moments.random() < 0.8
        train = moments.uniform(0.0, 2.0) * (seconds - first) / options.kills
        try:
            process.wait(first + train if trains else moments.uniform(0.1, 1.0) * first)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            left.append(steps_done(run))
            continue
        break  # It came to its end before it could be killed.
    if start(folder, run, options).wait():
        raise RuntimeError("The command failed after the kills.")
    return left


def compared(one: Path, other: Path) -> dict[str, Any]:
    """Compares two runs."""
    games = [keras.saving.load_model(run / "model.keras") for run in (one, other)]
    states = [[keras.ops.convert_to_numpy(each) for each in game.state()] for game in games]
    bits = lost = 0
    for first, second in zip(*states, strict=True):
        pair = [np.frombuffer(each.tobytes(), "uint8") for each in (first, second)]
        bits += 8 * pair[0].size
        lost += int(np.unpackbits(pair[0] ^ pair[1]).sum())
    names = [*BYTE_BY_BYTE, *sorted(f"samples/{path.name}" for path in (one / "samples").iterdir())]
    same = [(one / name).read_bytes() == (other / name).read_bytes() for name in names]
    return {
        "bits_compared": bits,
        "bits_lost": lost,
        "files_compared": len(names),
        "files_that_differ": [name for name, equal in zip(names, same, strict=True) if not equal],
    }


def main() -> None:
    """Runs and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=10, help="default: 10")
    parser.add_argument("--steps", type=int, default=2_000, help="of the run (default: 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        make_folder(folder / "pictures")
        first, seconds = undisturbed(folder / "pictures", folder / "undisturbed", options)
        left = disturbed(folder / "pictures", folder / "disturbed", first, seconds, options)
        answer = {
            "steps": options.steps,
            "kills": len(left),
            "steps_kept_after_each_kill": left,
            **compared(folder / "undisturbed", folder / "disturbed"),
            **surroundings(),
        }
    report(answer, options.record)


if __name__ == "__main__":
    main()
