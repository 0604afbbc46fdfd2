"""Starts programs, spares Python a hunt for garbage, and keeps a table of what is promised of which model.

The table has what the tests of this run say about it. A test that proves a promise is marked
`@pytest.mark.promise("…")`. It counts for the model class that it is parametrized with, or for those that the
mark names: `models=["GAN"]`.
"""

from __future__ import annotations

import datetime
import gc
import json
import platform
import sys
from pathlib import Path

import devices
import pytest
from fork_server import ForkServer

# Programs that tests start in processes of their own; pytest would import them, to look for doctests.
collect_ignore = [
    str(path)
    for path in Path(__file__).parent.rglob("*.py")
    if not path.name.startswith(("test_", "conftest"))
]

# What all tests of a room need.
ROOMS = {
    "distribution": ("processes", "slow"),
    "examples": ("processes", "slow"),
    "serving": ("processes",),
    "web": ("browser", "processes"),
}

HEAD = """# What every model promises

Written by `python tests/run.py --promises=docs/promises.md` from the tests that ran, not by hand. ✓ the tests
passed, ✗ one failed, · none tells: some promises are proved for one class, where all classes share what they
rest on.
"""


def pytest_addoption(parser):
    parser.addoption(
        "--promises", type=Path, help="Markdown file to write the table of promises to"
    )


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "promise(text, models=()): what a test proves of a model class"
    )
    config.pluginmanager.register(Promises(config), "promises")
    config.pluginmanager.register(devices.Devices(devices.chosen()), "devices")


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items):
    for item in items:
        needs = [name for room in item.path.parts for name in ROOMS.get(room, ())]
        if Path(__file__).parent not in item.path.parents:
            needs = []
        if {"fork_server", "answers"} & set(getattr(item, "fixturenames", ())):
            needs.append("processes")
        for name in dict.fromkeys(needs):
            item.add_marker(name)
        callspec = getattr(item, "callspec", None)
        kinds = (
            [value for value in callspec.params.values() if isinstance(value, type)]
            if callspec
            else []
        )
        for mark in item.iter_markers("promise"):
            models = mark.kwargs.get("models") or [kind.__name__ for kind in kinds]
            # In the report, which reaches the process that sums up from any other.
            item.user_properties.append(("promise", [mark.args[0], list(models)]))
    # Slow tests come first, so that at the end no process waits for another one's.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish():
    """Has Python look for garbage among what tests leave only, and seldom.

    Every graph is of many objects, while what TensorFlow's modules are made of, some 400,000 objects, is
    never garbage. To go through all that again and again took a quarter of the time of some tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 5)


@pytest.fixture(scope="session")
def fork_server():
    """Starts programs in processes of their own that have TensorFlow imported already."""
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def answer_of(fork_server, tmp_path):
    """Runs a program, which must succeed, and returns the JSON of its last line."""

    def run(program, *arguments, seconds=300):
        done = fork_server.start(program, *arguments, folder=tmp_path).wait(seconds)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def hide(monkeypatch):
    """Hides packages, as if they were not installed: also those of their modules that are imported."""

    def run(*packages):
        for package in packages:
            found = [name for name in sys.modules if name.partition(".")[0] == package]
            for name in {package, *found}:
                monkeypatch.setitem(sys.modules, name, None)

    return run


class Promises:
    """Collects reports and writes the table."""

    def __init__(self, config):
        self.config = config
        self.kept = {}

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.passed:
            return
        for name, value in report.user_properties:
            if name == "promise":
                promise, models = value
                row = self.kept.setdefault(promise, {})
                for model in () if report.skipped else models:
                    row.setdefault(model, []).append(report.passed)

    def pytest_terminal_summary(self, terminalreporter):
        path = self.config.getoption("--promises")
        # A process that runs a share of the tests knows no more than its share.
        if path is None or not self.kept or hasattr(self.config, "workerinput"):
            return
        path.write_text(self.table(), encoding="utf-8")
        terminalreporter.write_line(f"Promises: {path}")

    def table(self):
        import keras
        import tensorflow as tf

        tested = {name for row in self.kept.values() for name in row}
        first = ["GAN", "ConditionalGAN", "AdversarialAutoEncoder", "EBGAN"]
        models = [*first, *sorted(tested - set(first))]
        lines = [
            HEAD,
            f"Run of {datetime.datetime.now(datetime.timezone.utc).date()}, Python "
            f"{platform.python_version()}, TensorFlow {tf.__version__}, Keras {keras.version()}.",
            "",
            f"| | {' | '.join(f'`{model}`' for model in models)} |",
            f"|---|{'---|' * len(models)}",
        ]
        for promise in sorted(self.kept):
            row = self.kept[promise]
            cells = [
                "·" if model not in row else "✓" if all(row[model]) else "✗" for model in models
            ]
            lines.append(f"| {promise} | {' | '.join(cells)} |")
        return "\n".join(lines) + "\n"
