"""The gradient of a penalty through every layer of Keras, against finite differences.

The layers, and how they are checked, are those of `benchmarks/penalized_layers.py`, which writes the table of
`docs/penalties.md`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import keras
import pytest

LAYERS = keras.layers
PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT / "benchmarks"))
penalized = importlib.import_module("penalized_layers")
sys.path.remove(str(PROJECT / "benchmarks"))
CASES = penalized.cases()


@pytest.mark.parametrize("name", CASES)
# The layer that makes scores of a masked sequence knows no masks.
@pytest.mark.filterwarnings("ignore:.*passed an input with a mask:UserWarning")
def test_the_penaltys_gradient_is_that_of_finite_differences(name):
    case = CASES[name]
    result = penalized.check(case)
    assert penalized.fault(case, result) is None
    if case.wanted == "right":
        assert min(map(abs, result.penalty)) > 1e-4


def test_every_layer_of_keras_is_checked():
    names = {name.split("`")[1] for name in CASES} | set(penalized.ELSEWHERE)
    checked = {getattr(LAYERS, name, None) for name in names}
    public = {name: getattr(LAYERS, name) for name in dir(LAYERS)}
    kinds = {name: kind for name, kind in public.items() if isinstance(kind, type)}
    assert [name for name, kind in kinds.items() if kind not in checked] == []


def test_the_table_of_the_document_is_that_of_these_layers():
    table = (PROJECT / "docs" / "penalties.md").read_text(encoding="utf-8")
    inside = table.split(penalized.BEGIN)[1].split(penalized.END)[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in inside.splitlines()]
    assert [row for row in rows if "`" in row] == list(CASES)
    assert "wrong" not in inside
