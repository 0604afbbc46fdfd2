"""What is said where a package of an extra is missing."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from pathlib import Path

import pytest

from kerasgan import command, extras
from kerasgan.command import train

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "kerasgan"
SETUP = configparser.ConfigParser()
SETUP.read(PROJECT / "setup.cfg", encoding="utf-8")
EXTRAS = SETUP["options.extras_require"]


def packages_of(extra: str) -> set[str]:
    """Returns the packages that an extra of `setup.cfg` lists, also by the names of other extras."""
    found = set()
    for line in EXTRAS[extra].split("\n"):
        others = re.match(r"kerasgan\[(.+)\]$", line)
        if others:
            found |= {name for other in others[1].split(",") for name in packages_of(other)}
        elif line:
            found.add(re.split(r"[<>=]", line)[0])
    return found


def optional_imports(path: Path) -> set[str]:
    """Returns the roots of a file's absolute imports that are neither required nor of Python."""
    required = {"kerasgan", "keras", "numpy", "PIL", "tensorflow"}
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - required - sys.stdlib_module_names


def test_every_optional_import_has_an_extra():
    imported = {name for path in PACKAGE.rglob("*.py") for name in optional_imports(path)}
    assert {"matplotlib", "onnxruntime", "sklearn"} <= imported
    assert imported <= set(extras.PACKAGES)


@pytest.mark.parametrize("module", extras.PACKAGES)
def test_the_extra_installs_the_package(module):
    package, extra = extras.PACKAGES[module]
    assert package in packages_of(extra)


@pytest.mark.parametrize("module", extras.PACKAGES)
def test_a_missing_package_is_named(module, hide):
    hide(module)
    package, extra = extras.PACKAGES[module]
    assert not extras.is_installed(module)
    with pytest.raises(ImportError) as error:
        extras.require(module, "The tool", otherwise="go without")
    assert error.value.name == module
    assert str(error.value) == (
        f"The tool needs the package {package!r}, which is not installed. "
        f'Install it with `pip install "kerasgan[{extra}]"`, or go without.'
    )


def test_a_broken_package_fails_by_itself(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(extras.PACKAGES, "broken_package", ("broken-package", "plot"))
    extras.require("broken_package", "The tool")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        import broken_package  # noqa: F401


@pytest.mark.parametrize("package", ["onnx", "tf2onnx"])
@pytest.mark.parametrize(
    "arguments", [["train", "pictures", "--export", "onnx"], ["export", "run", "--format", "onnx"]]
)
def test_the_command_says_so_before_it_looks_for_files(
    arguments, package, hide, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    hide(package)
    assert command.main(arguments) == 2
    message = capsys.readouterr().err
    assert f"{arguments[-2]} onnx needs the package {package!r}" in message
    assert 'pip install "kerasgan[export]"' in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("is_missing", [False, True])
def test_train_says_that_the_curves_are_left_out(is_missing, hide, tmp_path, monkeypatch, capsys):
    from toy_runs import TOY, write_pictures

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "_train", lambda *_: 0)
    write_pictures(tmp_path / "toys")
    if is_missing:
        hide("matplotlib")
    assert command.main(["train", "toys", *TOY]) == 0
    shown = capsys.readouterr().out
    assert ("curves.png is left out" in shown) is is_missing
    assert ('pip install "kerasgan[plot]"' in shown) is is_missing
