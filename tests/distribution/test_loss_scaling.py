"""What overflows on one replica is skipped by all."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("replicas_skip_together.py")
PROJECT = Path(__file__).parents[2]


def test_replicas_skip_an_update_together():
    run = subprocess.run(
        [sys.executable, str(PROGRAM)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    answer = json.loads(run.stdout.splitlines()[-1])
    before, after = answer["before"], answer["after"]
    assert after["weights"] == before["weights"]
    assert (before["scales"], after["scales"]) == ([2.0**15] * 2, [2.0**14] * 2)
    assert after["updates"] == 0
