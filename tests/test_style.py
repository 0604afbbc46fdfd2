"""House rules that no linter checks, or that a `noqa` must not lift."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "kerasgan"
MOST_LINES = 500


def has_article_before_a_name(text: ast.JoinedStr) -> bool:
    """Tells whether an f-string says "a" or "an" of what it is filled with: "a AdversarialLoss"."""
    return any(
        isinstance(before, ast.Constant)
        and isinstance(after, ast.FormattedValue)
        and re.search(r"\b[Aa]n? ['\"`]?$", str(before.value))
        for before, after in itertools.pairwise(text.values)
    )


def faults(path: Path) -> list[str]:
    """Lists a module's bare `assert` and `except`, and a length past the limit."""
    source = path.read_text(encoding="utf-8")
    found = [
        f"line {node.lineno}: {kind}"
        for node in ast.walk(ast.parse(source))
        for kind in [
            "assert" if isinstance(node, ast.Assert) else "",
            "bare except" if isinstance(node, ast.ExceptHandler) and node.type is None else "",
            f"an article before a name that may ask for another: {ast.unparse(node)[:60]}"
            if isinstance(node, ast.JoinedStr) and has_article_before_a_name(node)
            else "",
        ]
        if kind
    ]
    length = len(source.splitlines())
    if length >= MOST_LINES:
        found.append(f"{length} lines; a module has fewer than {MOST_LINES}")
    return found


def test_library_keeps_the_rules():
    found = {str(path.relative_to(PACKAGE)): faults(path) for path in PACKAGE.rglob("*.py")}
    assert found
    assert {path: some for path, some in found.items() if some} == {}


@pytest.mark.parametrize(
    "source",
    [
        "assert 1\n",
        "try:\n    f()\nexcept:\n    raise\n",
        "x = 1\n" * MOST_LINES,
        "f'Expected ' f'a `{kind}`'\n",
    ],
    ids=["assert", "except", "length", "article"],
)
def test_fault_is_found(tmp_path, source):
    path = tmp_path / "module.py"
    path.write_text(source)
    assert len(faults(path)) == 1


def test_sound_module_passes(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("try:\n    f()\nexcept ValueError:\n    raise\n" + "x = 1\n" * 200)
    assert faults(path) == []


# Fixtures of pytest's common plugins: one of ours of the same name would break their sessions.
TAKEN = {"benchmark", "benchmark_weave", "cov", "no_cover", "faker", "mocker", "httpserver"}


def test_no_fixture_has_the_name_of_a_plugins():
    tests = Path(__file__).parent
    names = {
        node.name
        for path in [*tests.rglob("*.py"), tests.parent / "conftest.py"]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)
    }
    assert len(names) > 20
    assert names & TAKEN == set()
