"""Who may import whom, read from the source: rooms strictly downwards, TensorFlow in few places."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerasgan.extras import PACKAGES

PROJECT = Path(__file__).parents[1]
PACKAGE = "kerasgan"

# From the top down. A room imports itself and the rooms of lower lines, never its neighbors.
LEVELS = (
    {"__main__"},
    {"command"},
    {"latent", "models"},
    {"callbacks"},
    {"core"},
    {"training", "exporting"},
    {"metrics", "networks", "datasets", "optimizers"},
    {"losses", "penalties", "priors", "layers", "constraints", "augmentation"},
    {"schedules"},
    {"part", "registry", "seeds"},
    {"arrays", "backend", "tensors"},
    {"arguments", "extras", "files", "precision", "version"},
)
DEPTH = {room: depth for depth, rooms in enumerate(LEVELS) for room in rooms}
PRIVATE_ROOMS = {
    "arguments",
    "arrays",
    "backend",
    "command",
    "exporting",
    "extras",
    "files",
    "optimizers",
    "part",
    "precision",
    "registry",
    "seeds",
    "tensors",
    "training",
    "version",
}

RUNTIME = {"keras", "numpy", "PIL"}
DATA_LIBRARIES = {"numpy", "sklearn", "matplotlib", "PIL"}
# `examples/command_line.py`, for every example.
SHARED_BY_EXAMPLES = {"command_line"}
# What else an example, or the examples of a folder, are about.
SUBJECTS = {
    "tracking.py": {"mlflow", "wandb"},
    "serving": {"tensorflow", "bentoml", "pydantic", "starlette", "uvicorn", "aiohttp", "psutil"},
    "web": {"onnxruntime"},
}
# Inside a function only: who lacks the extra can import us.
EXTRAS = set(PACKAGES)
TENSORFLOW_ROOMS = {"backend", "datasets"}
TENSORFLOW_FILES = {("exporting", "export.py")}


def imports(path: Path, root: Path) -> Iterator[tuple[ast.stmt, str, bool]]:
    """Yields each import of a file: the statement, the full dotted name, whether at the top level.

    `from a.b import c` yields `a.b.c`: the room is the same whether `c` is a module or a name.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    deferred = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name, node not in deferred
        elif isinstance(node, ast.ImportFrom):
            above = path.relative_to(root).parts[: -node.level] if node.level else ()
            origin = [*above, *([node.module] if node.module else [])]
            for alias in node.names:
                yield node, ".".join([*origin, alias.name]), node not in deferred


def violations(root: Path) -> list[str]:
    """Lists every import below `root` that the order forbids, as `file:line: what`."""
    found = []
    files = [*(root / PACKAGE).rglob("*.py"), *(root / "examples").rglob("*.py")]
    for path in sorted(files):
        parts = path.relative_to(root).parts
        for node, name, at_top in imports(path, root):
            if parts[0] == PACKAGE:
                fault = _library_fault(parts[1:], name.split("."), at_top)
            else:
                fault = _example_fault(path, name.split("."))
            if fault:
                found.append(f"{'/'.join(parts)}:{node.lineno}: {fault}")
    return found


def _library_fault(place: tuple[str, ...], name: list[str], at_top: bool) -> str | None:
    room = place[0].removesuffix(".py")
    if place == ("__init__.py",):
        return None
    if room not in DEPTH:
        return f"room {room} has no place in the order"
    if name[0] == PACKAGE:
        target = name[1] if len(name) > 1 else ""
        if target not in DEPTH:
            return f"{room} imports {'.'.join(name)}, not from a room"
        if target != room and DEPTH[target] <= DEPTH[room]:
            return f"{room} imports {target}, which is not below it"
    elif name[0] == "tensorflow":
        if room not in TENSORFLOW_ROOMS and place not in TENSORFLOW_FILES:
            return f"{room} imports tensorflow"
    elif name[0] in EXTRAS:
        if at_top:
            return f"{room} imports {name[0]}, of an extra, outside a function"
    elif name[0] not in RUNTIME | sys.stdlib_module_names:
        return f"{room} imports {name[0]}, which is no dependency"
    return None


def _example_fault(path: Path, name: list[str]) -> str | None:
    if name[0] == PACKAGE:
        private = [part for part in name[1:] if part.startswith("_") or part in PRIVATE_ROOMS]
        if private or len(name) > 3:
            return f"an example imports {'.'.join(name)}, which is not public"
    elif not (
        name[0] in {"keras"} | DATA_LIBRARIES | SHARED_BY_EXAMPLES | sys.stdlib_module_names
        or name[0] in SUBJECTS.get(path.parent.name, SUBJECTS.get(path.name, ()))
        or (path.parent / f"{name[0]}.py").exists()
    ):
        return f"an example imports {name[0]}"
    return None


def test_project_keeps_the_order():
    assert len(list((PROJECT / PACKAGE).rglob("*.py"))) > 10  # or nothing was looked at
    assert violations(PROJECT) == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("kerasgan/losses/hinge.py", "from kerasgan.core import Turn"),
        ("kerasgan/losses/hinge.py", "from kerasgan import core"),
        ("kerasgan/losses/hinge.py", "from ..core.turn import Turn"),
        ("kerasgan/losses/hinge.py", "from .. import core"),
        ("kerasgan/losses/hinge.py", "import kerasgan.core.turn"),
        ("kerasgan/losses/hinge.py", "def f():\n    from kerasgan.models import GAN"),
        ("kerasgan/losses/hinge.py", "from kerasgan.priors import Normal"),
        ("kerasgan/losses/hinge.py", "from kerasgan import GAN"),
        ("kerasgan/losses/hinge.py", "import kerasgan"),
        ("kerasgan/losses/hinge.py", "import tensorflow as tf"),
        ("kerasgan/losses/hinge.py", "from tensorflow import math"),
        ("kerasgan/command/export.py", "import tensorflow as tf"),
        ("kerasgan/losses/hinge.py", "import scipy"),
        ("kerasgan/core/turn.py", "from kerasgan.callbacks import SampleGrid"),
        ("kerasgan/callbacks/sample_grid.py", "from kerasgan.models import GAN"),
        ("kerasgan/callbacks/sample_grid.py", "from matplotlib import pyplot"),
        ("kerasgan/backend/replicas.py", "from kerasgan.registry import lookup"),
        ("kerasgan/registry.py", "from kerasgan.losses import get"),
        ("kerasgan/cellar/secret.py", "import keras"),
        ("examples/digits.py", "import tensorflow"),
        ("examples/digits.py", "import wandb"),
        ("examples/variations/digits.py", "import bentoml"),
        ("examples/variations/digits.py", "import digits_dcgan"),
        ("examples/digits.py", "from kerasgan.training import fit"),
        ("examples/digits.py", "from kerasgan.losses.hinge import Hinge"),
        ("examples/digits.py", "from kerasgan.callbacks import _files"),
    ],
)
def test_violation_is_found(tmp_path, file, line):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(line + "\n")
    (message,) = violations(tmp_path)
    assert message.startswith(f"{file}:{line.count(chr(10)) + 1}: ")


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("kerasgan/__init__.py", "from kerasgan.models import GAN"),
        ("kerasgan/models/gan.py", "from kerasgan import losses"),
        ("kerasgan/models/gan.py", "from ..core.turn import Turn"),
        ("kerasgan/models/gan.py", "from .conditional_gan import ConditionalGAN"),
        ("kerasgan/exporting/export.py", "import tensorflow as tf"),
        ("kerasgan/backend/replicas.py", "import tensorflow as tf"),
        ("kerasgan/datasets/digits.py", "def digits():\n    from sklearn import datasets"),
        ("kerasgan/losses/hinge.py", "from keras import ops"),
        ("examples/digits.py", "import kerasgan\nfrom sklearn.svm import SVC"),
        ("examples/digits.py", "from kerasgan.callbacks import SampleGrid"),
        ("examples/variations/digits.py", "import command_line"),
        ("examples/serving/server.py", "import bentoml"),
    ],
)
def test_what_is_allowed_passes(tmp_path, file, line):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(line + "\n")
    assert violations(tmp_path) == []
