"""Kills training at random moments, starts it again, and counts the bits that are lost.

    python benchmarks/kills.py [--kills 10] [--scenarios NAME ...] [--record FILE]

Each scenario is a game with its data and callbacks (`kill_scenarios.py`). It is trained once undisturbed, and
once in processes that are killed (`kill -9`) after a random time: while they start, restore a backup, train,
validate, write files or end. The next process is the same script. In the end the two runs are compared: every
variable bit by bit, the history, and what the callbacks remember and have written.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from kill_scenarios import SCENARIOS, Scenario
from measuring import report, surroundings

import kerasgan

EPOCHS = 30

# Not an attribute of the callback, which a backup would hold.
TOLD: list[bool] = []


class _Telling(keras.callbacks.Callback):
    """Tells the parent that the first batch is done."""

    def __init__(self, pipe: int) -> None:
        super().__init__()
        self.pipe = pipe

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not TOLD:
            os.write(self.pipe, b".")
            TOLD.append(True)


def play(scenario: Scenario, folder: Path, pipe: int) -> None:
    """Is the script: trains, and leaves what came of it in the folder."""
    make, data, callbacks = scenario
    keras.utils.set_random_seed(0)
    model, own = make(), callbacks(folder)
    keeper = kerasgan.callbacks.BackupAndRestore(folder / "backup", save_freq=2)
    # In the list of each run, so that undisturbed ones are called alike.
    given = [keeper, *own, _Telling(pipe)]
    model.fit(**data(), epochs=EPOCHS, verbose=0, callbacks=given)
    arrays = {
        str(index): np.frombuffer(keras.ops.convert_to_numpy(variable).tobytes(), "uint8")
        for index, variable in enumerate(model.state())
    }
    told = {
        "epochs": model.history.epoch,
        "history": model.history.history,
        "callbacks": [remembered(callback, folder) for callback in own],
        "files": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.glob("*"))
            if path.suffix in (".csv", ".png")
        },
    }
    np.savez(folder / "state.npz", **arrays)
    temporary = folder / "told.new"
    temporary.write_text(json.dumps(told))
    temporary.rename(folder / "told.json")


def remembered(callback: keras.callbacks.Callback, folder: Path) -> dict[str, str]:
    """Returns the numbers, texts and lists that a callback holds."""
    plain = (bool, int, float, str, list, dict)
    held = {name: value for name, value in vars(callback).items() if isinstance(value, plain)}
    # Of Keras's `CSVLogger`: whether it wrote the table's head, or found it. The tables are compared.
    held.pop("append_header", None)
    return {name: str(value).replace(str(folder), "") for name, value in sorted(held.items())}


class Process:
    """A child with TensorFlow imported already, which takes longer than the training."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        reading, writing = os.pipe()
        self.number = os.fork()
        if self.number == 0:
            status = 1
            try:
                os.close(reading)
                play(scenario, folder, writing)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        self.pipe = reading
        self.start = time.monotonic()

    def wait_for_first_batch(self) -> float:
        """Returns how long that took."""
        os.read(self.pipe, 1)
        return time.monotonic() - self.start

    def kill(self) -> bool:
        """Kills the process; returns whether it was still there."""
        os.kill(self.number, signal.SIGKILL)
        return os.WIFSIGNALED(self._wait())

    def end(self) -> float:
        """Waits for the end; returns how long the process took."""
        if self._wait() != 0:
            raise RuntimeError("a process failed")
        return time.monotonic() - self.start

    def _wait(self) -> int:
        _, status = os.waitpid(self.number, 0)
        os.close(self.pipe)
        return status


def measure(scenario: Scenario, folder: Path, kills: int, moments: random.Random) -> dict[str, Any]:
    """Trains with and without kills, and compares."""
    undisturbed, disturbed = folder / "undisturbed", folder / "disturbed"
    undisturbed.mkdir()
    process = Process(scenario, undisturbed)
    until_first_batch = process.wait_for_first_batch()
    training = process.end() - until_first_batch
    killed = before_first_batch = runs = 0
    lost, differing, backups = 0, [], []
    while killed < kills:
        runs += 1
        shutil.rmtree(disturbed, ignore_errors=True)
        disturbed.mkdir()
        while killed < kills and not (disturbed / "told.json").exists():
            process = Process(scenario, disturbed)
            starts = moments.random() < 0.2
            if starts:
                time.sleep(moments.uniform(0, until_first_batch))
            else:
                process.wait_for_first_batch()
                time.sleep(moments.uniform(0, 0.4 * training))
            if process.kill():
                killed += 1
                before_first_batch += starts
                backups.append(position(disturbed))
        if not (disturbed / "told.json").exists():
            Process(scenario, disturbed).end()
        bits, different = compare(undisturbed, disturbed)
        lost += bits
        differing += different
    return {
        "kills": killed,
        "of_these_before_the_first_batch": before_first_batch,
        "runs": runs,
        "epoch_and_batch_of_the_backup_after_each_kill": backups,
        "bits_compared_in_each_run": 8 * sum(each.size for each in state(undisturbed).values()),
        "bits_lost": lost,
        "other_differences": differing,
    }


def position(folder: Path) -> list[int] | None:
    """Returns where the backup stands; `None` where there is none."""
    path = folder / "backup" / "training_state.npz"
    if not path.exists():
        return None
    with np.load(path) as saved:
        return [int(saved["epoch"]), int(saved["batch"])]


def state(folder: Path) -> dict[str, np.ndarray]:
    """Returns the bytes of every variable at the end of a run."""
    with np.load(folder / "state.npz") as arrays:
        return dict(arrays)


def compare(one: Path, other: Path) -> tuple[int, list[str]]:
    """Returns how many bits of the variables differ, and what else does."""
    first, second = state(one), state(other)
    bits = sum(
        int(np.unpackbits(np.bitwise_xor(first[name], second[name])).sum()) for name in first
    )
    told = [flat(json.loads((folder / "told.json").read_text())) for folder in (one, other)]
    return bits, [
        f"{name}: {told[0].get(name)} became {told[1].get(name)}"
        for name in sorted({*told[0], *told[1]})
        if told[0].get(name) != told[1].get(name)
    ]


def flat(told: Any, name: str = "") -> dict[str, Any]:
    """Returns what was told, each value by its place."""
    if isinstance(told, dict):
        parts = told.items()
    elif isinstance(told, list):
        parts = enumerate(told)
    else:
        return {name: told}
    return {
        place: value for key, each in parts for place, value in flat(each, f"{name}/{key}").items()
    }


def main(arguments: list[str] | None = None) -> None:
    """Kills each scenario, and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="kills for each scenario")
    parser.add_argument("--scenarios", nargs="*", default=list(SCENARIOS), choices=list(SCENARIOS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args(arguments)
    results = {}
    moments = random.Random(options.seed)
    for name in options.scenarios:
        with tempfile.TemporaryDirectory() as folder:
            results[name] = measure(SCENARIOS[name], Path(folder), options.kills, moments)
        print(name, json.dumps(results[name]), flush=True)
    total = {
        "kills": sum(each["kills"] for each in results.values()),
        "runs": sum(each["runs"] for each in results.values()),
        "bits_lost": sum(each["bits_lost"] for each in results.values()),
        "other_differences": sum(len(each["other_differences"]) for each in results.values()),
    }
    recipe = f"python benchmarks/kills.py --kills {options.kills} --seed {options.seed}"
    answer = {"recipe": recipe, **surroundings(), "total": total, "scenarios": results}
    report(answer, options.record)


if __name__ == "__main__":
    main()
