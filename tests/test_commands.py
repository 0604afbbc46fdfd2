"""The README's commands, CI's and the versions that are promised agree."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SETUP = configparser.ConfigParser()
SETUP.read(PROJECT / "setup.cfg", encoding="utf-8")


def command(marker: str) -> str:
    """Reads the README's one-line block after `<!-- command: marker -->`."""
    (line,) = re.findall(rf"<!-- command: {marker} -->\n```bash\n(.+)\n```\n", README)
    return line


@pytest.mark.parametrize("marker", ["example", "test"])
def test_command_names_what_exists(marker):
    line = command(marker)
    (extra,) = re.findall(r'-e "\.\[(\w+)\]"', line)
    (script,) = re.findall(r"\.venv/bin/python (\S+)$", line)
    assert extra in SETUP["options.extras_require"]
    assert (PROJECT / script).is_file()


def run_ci(folder, packages, **environment):
    """Runs `.ci/run` in a small repository whose README has a command that installs nothing."""
    line = command("test").replace("python3 -m venv .venv", "touch ran").split(" && ")[0]
    (folder / ".ci").mkdir(parents=True)
    (folder / ".ci" / "run").write_bytes((PROJECT / ".ci" / "run").read_bytes())
    (folder / ".ci" / "system-packages").write_text(packages)
    (folder / "README.md").write_text(README.replace(command("test"), line + " && ls ran"))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder)]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *arguments], check=True)
    return subprocess.run(
        ["bash", ".ci/run"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.mark.processes
def test_ci_runs_the_readme_command(tmp_path):
    ran = run_ci(tmp_path, "# what there is\nbash bash\n")
    assert ran.stdout == "$ touch ran && ls ran\nran\n", ran.stderr
    assert sorted(os.listdir(tmp_path)) == [".ci", ".git", "README.md"]


@pytest.mark.processes
def test_ci_names_what_cannot_be_installed(tmp_path):
    """With an `apt-get` that has no network."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "apt-get").write_text("#!/bin/sh\necho no route to host; exit 100\n")
    (programs / "apt-get").chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    ran = run_ci(tmp_path / "small", "bash bash\nno-such-program its-package\n", PATH=path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "no route to host" in ran.stderr
    assert "missing and cannot be installed: its-package" in ran.stderr


def test_runner_stops_at_the_first_failure(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT / "tests"))
    import run

    ran = []

    def fake(arguments, **_):
        ran.append(arguments[2:])
        return subprocess.CompletedProcess(arguments, 3 if "mypy" in arguments else 0)

    monkeypatch.setattr(run.subprocess, "run", fake)
    assert run.main(["-k", "losses"]) == 3
    assert ran == [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]]

    monkeypatch.setattr(run, "CHECKS", (["pytest"],))
    assert run.main(["-k", "losses"]) == 0
    assert ran[-1] == ["pytest", "-k", "losses"]


@pytest.mark.parametrize(
    ("arguments", "device", "processes"),
    [([], "cpu", "auto"), (["--device=cpu"], "cpu", "auto"), (["--device", "gpu"], "gpu", "12")],
)
def test_runner_passes_the_device_on(arguments, device, processes, monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT / "tests"))
    import run

    ran = []

    def fake(command, env, **_):
        ran.append((command[2:], env["KERASGAN_TEST_DEVICE"]))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.delenv("KERASGAN_TEST_DEVICE", raising=False)
    monkeypatch.setattr(run.subprocess, "run", fake)
    monkeypatch.setattr(run.os, "cpu_count", lambda: 64)
    assert run.main([*arguments, "tests/core"]) == 0
    command, given = ran[-1]
    assert given == device
    assert command == ["pytest", "-n", processes, "--dist", "worksteal", "tests/core"]
    assert [each[0] for each, _ in ran] == (
        ["pytest"] if device == "gpu" else ["ruff", "ruff", "mypy", "pytest"]
    )


def test_lowest_versions_are_the_promised_ones():
    """Every `>=` of the dependencies and extras a user installs is pinned, and nothing else is."""
    pinned = dict(
        re.findall(r"^([\w-]+)==(\S+)$", (PROJECT / "tests/lowest-versions.txt").read_text(), re.M)
    )
    extras = SETUP["options.extras_require"]
    promised = dict(
        re.findall(
            r"^([\w-]+)>=([\d.]+)",
            SETUP["options"]["install_requires"] + extras["plot"] + extras["examples"],
            re.M,
        )
    )
    assert {name: _pad(version) for name, version in promised.items()} == pinned


def _pad(version: str) -> str:
    return ".".join([*version.split("."), "0", "0"][:3])


@pytest.mark.processes
def test_import_needs_no_extra():
    """`import kerasgan` where Matplotlib and scikit-learn cannot be imported."""
    code = "import sys; sys.modules['matplotlib'] = sys.modules['sklearn'] = None; import kerasgan"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=PROJECT)
