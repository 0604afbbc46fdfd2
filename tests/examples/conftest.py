from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
SECONDS = 120


class ForkServer:
    """`fork_server.py` in a process of its own: its scripts need not import TensorFlow again."""

    def __init__(self) -> None:
        inherited = os.environ.get("PYTHONPATH")
        path = os.pathsep.join([str(PROJECT), *([inherited] if inherited else [])])
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("fork_server.py"))],
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.answer()

    def answer(self) -> Any:
        """Returns the next line that the server writes."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The fork server ended with status {self.process.wait()}.")
        return json.loads(line)

    def run(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Runs a script with `folder` as current directory; what it prints goes to files beside that."""
        streams = {name: f"{folder}.{name}" for name in ("stdout", "stderr")}
        request = {"script": command[0], "arguments": command[1:], "folder": str(folder), **streams}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        child = self.answer()
        late = not select.select([self.process.stdout], [], [], SECONDS)[0]
        if late:
            os.kill(child, signal.SIGKILL)
        status = self.answer()
        printed = {
            name: Path(file).read_text(encoding="utf-8", errors="replace")
            for name, file in streams.items()
        }
        if late:
            raise subprocess.TimeoutExpired(command, SECONDS, **printed)
        return subprocess.CompletedProcess(command, status, **printed)


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    server = ForkServer()
    yield server
    server.process.stdin.close()
    server.process.stdout.close()
    server.process.wait(SECONDS)


@pytest.fixture
def run_script(
    fork_server: ForkServer, tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs an example by name, `run_script("digits_dcgan", "--help")`, whatever comes of it.

    It runs as a user would run it from a folder of their own: in a process of its own, with
    `tmp_path` as current directory.
    """

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return fork_server.run(
            [str(PROJECT / "examples" / f"{name}.py"), *map(str, arguments)], tmp_path
        )

    return run


@pytest.fixture
def run_example(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> Callable[..., dict[str, Any]]:
    """Runs an example by name, which must succeed, and returns the JSON of its last line.

    The files that it names must exist and hold something; in the answer, `"files"` are absolute `Path`s.
    `"output"` has all that was printed.
    """

    def run(name: str, *arguments: str) -> dict[str, Any]:
        done = run_script(name, *arguments)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        answer = json.loads(done.stdout.splitlines()[-1])
        assert answer["files"], answer
        answer["files"] = [tmp_path / file for file in answer["files"]]
        for file in answer["files"]:
            assert file.is_file(), file
            assert file.stat().st_size > 0, file
        return {**answer, "output": done.stdout}

    return run
