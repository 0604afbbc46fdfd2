"""How `gpu.py` speaks to the processes of the frameworks."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


class Process:
    """A process of one framework, which `gpu_worker.py` says how to speak to.

    Args:
        program: What it runs.
    """

    def __init__(self, program: Path) -> None:
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `end`
        self.process = subprocess.Popen(
            [sys.executable, program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.description = self.answer()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Returns what the process answers; `{"error": …}` if it has ended."""
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(request), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Returns the next answer."""
        line = self.process.stdout.readline() if self.process.stdout else ""
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.log.seek(0)
        said = self.log.read().decode(errors="replace").strip().splitlines()
        status = self.process.wait()
        return {"error": f"the process ended with status {status}: {' '.join(said[-2:])[-300:]}"}

    def end(self) -> None:
        """Ends the process, which has nothing to lose."""
        self.process.kill()
        self.process.communicate()
        self.log.close()
