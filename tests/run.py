"""Runs every check, in the order in which they are fast, and stops at the first that fails.

`python tests/run.py`; further arguments go to pytest, as in `python tests/run.py -k losses`.
`python tests/run.py --device=gpu` runs the tests on a GPU, and the tests alone: style and types are the same
there.
"""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "processes"))

import devices

CHECKS = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    # A process for each core, since most of a test's time goes into building graphs, which takes one.
    ["pytest", "-n", "auto", "--dist", "worksteal"],
)
# Of the memory of a card, a process takes 1 to 5 GB, and most of a test's time is spent on its core.
PROCESSES_ON_A_CARD = 12


def main(arguments: list[str]) -> int:
    """Runs the checks; returns the exit status of the first that fails, or 0."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--device", choices=devices.KINDS, default=devices.chosen())
    options, arguments = parser.parse_known_args(arguments)
    checks = CHECKS
    if options.device == "gpu":
        processes = min(os.cpu_count() or 1, PROCESSES_ON_A_CARD)
        checks = (["pytest", "-n", str(processes), "--dist", "worksteal"],)
    for check in checks:
        command = [*check, *arguments] if check[0] == "pytest" else check
        print(f"$ {shlex.join(command)}", flush=True)
        finished = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=Path(__file__).parents[1],
            env={**os.environ, devices.VARIABLE: options.device},
            check=False,
        )
        if finished.returncode:
            return finished.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
