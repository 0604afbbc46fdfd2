"""The same seed gives the same bits in another process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("trains_from_a_seed.py")
PROJECT = Path(__file__).parents[2]


@pytest.mark.promise(
    "the same bits in two processes (`enable_op_determinism`)",
    models=["GAN", "AdversarialAutoEncoder"],
)
@pytest.mark.slow
@pytest.mark.processes
def test_two_processes_from_one_seed_end_with_the_same_bits():
    """Side by side, so that they also disturb each other's threads."""
    runs = [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), "7"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        for _ in range(2)
    ]
    outputs = [run.communicate(timeout=300) for run in runs]
    for run, (_, errors) in zip(runs, outputs, strict=True):
        assert run.returncode == 0, errors[-2000:]
    first, second = (json.loads(output.splitlines()[-1]) for output, _ in outputs)
    assert first == second
    digests = [game[when] for game in first.values() for when in ("before", "after")]
    assert len(set(digests)) == 4
