"""The console script leaves out TensorFlow's remarks, and lets errors through."""

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
REMARKS = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1795862949.371452   13864 cudart_stub.cc:31] Could not find cuda drivers",
]
OTHERS = [
    "W0000 00:00:1795862949.371452   13864 a.cc:1] This may matter",
    "E0000 00:00:1795862949.371452   13864 a.cc:2] This does",
    "Illegal instruction: this binary needs AVX",
]


def written(inside, **environment):
    """What a process writes to standard error that does something while remarks are left out."""
    lines = [line for pair in zip(REMARKS, OTHERS, strict=False) for line in pair] + OTHERS[2:]
    code = f"""
import os, sys
import kerasgan_console
with kerasgan_console.without_remarks():
    os.write(2, {chr(10).join(lines).encode()!r} + bytes([10]))
    {inside}
os.write(2, b"I0000 later, as it comes")
"""
    others = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**others, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stderr.splitlines()


def test_remarks_are_left_out_and_all_else_is_said():
    assert written("pass") == [*OTHERS, "I0000 later, as it comes"]


@pytest.mark.parametrize("inside", ["os.abort()", "os._exit(1)"])
def test_what_a_process_said_before_it_died_is_not_lost(inside):
    assert written(inside)[: len(OTHERS)] == OTHERS


def test_an_error_has_its_traceback():
    lines = written("raise ImportError('no TensorFlow')")
    assert lines[: len(OTHERS)] == OTHERS
    assert lines[-1] == "ImportError: no TensorFlow"


def test_who_asks_for_remarks_gets_them():
    assert set(REMARKS) < set(written("pass", TF_CPP_MIN_LOG_LEVEL="0"))


def test_the_script_is_installed():
    setup = configparser.ConfigParser()
    setup.read(PROJECT / "setup.cfg", encoding="utf-8")
    scripts = setup["options.entry_points"]["console_scripts"].split("=")
    assert [part.strip() for part in scripts] == ["kerasgan", "kerasgan_console:main"]
    assert setup["options"]["py_modules"] == "kerasgan_console"


@pytest.mark.cpu("TensorFlow warns of what it misses beside a GPU")
@pytest.mark.processes
def test_the_first_word_is_the_command_s():
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import kerasgan_console; kerasgan_console.main()",
            "sample",
            "none",
        ],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stderr == "kerasgan sample: none: there is no such run and no such .keras file.\n"
    assert done.stdout == ""
