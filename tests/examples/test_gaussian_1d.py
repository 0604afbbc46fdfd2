from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[2] / "examples" / "gaussian_1d.py"


def test_toy_run_finds_the_distribution(run_example, tmp_path):
    answer = run_example("gaussian_1d", "--size", "toy")
    assert [file.name for file in answer["files"]] == [
        "step_00100.png",
        "step_00200.png",
        "step_00300.png",
        "final.png",
    ]
    for file in answer["files"]:
        assert tmp_path / "outputs/gaussian_1d" == file.parent
        with Image.open(file) as picture:
            assert picture.size == (700, 700)
    # A tenth of the steps: it has found the place, and begun to spread (at first it is flat).
    assert answer["mean"] == pytest.approx(0.3, abs=0.1)
    assert 0.02 < answer["stddev"] < 0.2


def test_several_seeds_far_from_the_origin(run_example, tmp_path):
    answer = run_example(
        "gaussian_1d", "--size", "toy", "--modern", "--mean", "4", "--stddev", "1.25",
        "--seed", "7", "--seeds", "2", "--output", "here",
    )  # fmt: skip
    assert [run["seed"] for run in answer["runs"]] == [7, 8]
    assert {file.parent for file in answer["files"]} == {
        tmp_path / "here/seed_7",
        tmp_path / "here/seed_8",
    }
    assert answer["mean"] == pytest.approx(4, abs=0.5)
    assert answer["stddev"] == pytest.approx(1.25, abs=0.6)
    assert answer["distance"] < 0.2
    assert answer["mean"] == pytest.approx(
        (answer["runs"][0]["mean"] + answer["runs"][1]["mean"]) / 2, abs=1e-3
    )


def test_distance(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    distance = runpy.run_path(str(SCRIPT))["distance"]
    assert distance(np.arange(10), np.arange(10)) == 0
    assert distance(np.arange(10), np.arange(10) + 20) == 1
    # Half of `b` lies where none of `a` does.
    assert distance(np.arange(10), np.arange(10) + 5) == pytest.approx(0.5)
