from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
SECONDS = 300


@pytest.fixture
def run_script(fork_server: Any, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs an example by name, `run_script("digits_dcgan", "--help")`, whatever comes of it.

    It runs as a user would run it from a folder of their own: in a process of its own, with
    `tmp_path` as current directory. Only TensorFlow's passes over graphs, which take longer than what toy
    runs do with them, are left out.
    """

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        script = PROJECT / "examples" / f"{name}.py"
        return fork_server.start(script, *arguments, folder=tmp_path, optimizes_graphs=False).wait(
            SECONDS
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
