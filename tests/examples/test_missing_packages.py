"""An example whose packages are missing ends with the line that installs them."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = {"": "examples", "variations": "examples", "web": "export", "serving": "serve"}
# By the extra: the modules that scripts import from it.
MODULES = {
    "examples": {"matplotlib", "sklearn"},
    "export": {"onnxruntime"},
    "serve": {"aiohttp", "bentoml", "psutil", "pydantic", "starlette", "uvicorn"},
}


def imported(path: Path) -> set[str]:
    """Returns the roots of what a file imports outside functions, and so always."""
    names = set()
    waiting = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.With | ast.Try):
            waiting += node.body
        elif isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).partition(".")[0])
    return names


def needs(script: Path) -> set[str]:
    """Returns all that a script imports, itself or by a file of its folder."""
    found, waiting = set(), [script]
    while waiting:
        names = imported(waiting.pop()) - found
        found |= names
        waiting += [path for name in names if (path := script.with_name(f"{name}.py")).exists()]
    return found


CASES = [
    (path.relative_to(EXAMPLES).as_posix(), module, extra)
    for folder, extra in FOLDERS.items()
    for path in sorted((EXAMPLES / folder).glob("*.py"))
    if "\ndef main(" in path.read_text(encoding="utf-8")
    for module in sorted(needs(path) & MODULES[extra])
]


def test_every_kind_is_tried():
    assert len(CASES) > 20
    assert {module for _, module, _ in CASES} == set.union(*MODULES.values())


@pytest.mark.parametrize(("name", "module", "extra"), CASES)
def test_the_line_to_install_is_named(name, module, extra, hide, monkeypatch):
    script = EXAMPLES / name
    for path in EXAMPLES.rglob("*.py"):  # Loaded by another test, they would not import again.
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
    monkeypatch.syspath_prepend(script.parent)
    monkeypatch.setattr("sys.argv", [str(script), "--help"])
    hide(module)
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(script), run_name="__main__")
    assert end.value.code == (
        f"This script needs the package {module!r}, which is not installed. "
        f'Install it with `pip install "kerasgan[{extra}]"`.'
    )


@pytest.mark.parametrize("name", ["digits_dcgan", "mnist_dcgan", "mnist_mlp"])
def test_data_that_need_a_package_name_it(name, hide, tmp_path, monkeypatch, capsys):
    script = EXAMPLES / f"{name}.py"
    mode = ["--mode", "train"] if name == "mnist_dcgan" else []
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(script.parent)
    monkeypatch.setattr("sys.argv", [str(script), "--data", "digits", *mode])
    hide("sklearn")
    with pytest.raises(SystemExit):
        runpy.run_path(str(script), run_name="__main__")
    assert 'pip install "kerasgan[examples]"' in capsys.readouterr().err
