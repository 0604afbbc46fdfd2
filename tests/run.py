"""Runs every check, in the order in which they are fast, and stops at the first that fails.

`python tests/run.py`; further arguments go to pytest, as in `python tests/run.py -k losses`.
"""

import shlex
import subprocess
import sys
from pathlib import Path

CHECKS = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    # A process for each core, since most of a test's time goes into building graphs, which takes one.
    ["pytest", "-n", "auto", "--dist", "worksteal"],
)


def main(arguments: list[str]) -> int:
    """Runs the checks; returns the exit status of the first that fails, or 0."""
    for check in CHECKS:
        command = [*check, *arguments] if check[0] == "pytest" else check
        print(f"$ {shlex.join(command)}", flush=True)
        finished = subprocess.run(
            [sys.executable, "-m", *command], cwd=Path(__file__).parents[1], check=False
        )
        if finished.returncode:
            return finished.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
