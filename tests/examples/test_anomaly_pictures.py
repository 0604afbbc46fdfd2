"""A defect is found, and its place is hot."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[2] / "examples" / "anomaly_pictures.py"
DETECTORS = {"adversarial_auto_encoder", "auto_encoder", "pca"}


def test_drawn_pictures(run_example):
    answer = run_example("anomaly_pictures", "--size", "toy", "--output", "out")
    assert answer["shape"] == [16, 16, 1]
    # 60 normal and 15 abnormal ones.
    assert answer["pictures"] == {"train": 36, "validation": [12, 8], "test": [12, 7]}
    assert set(answer["results"]) == DETECTORS
    for figures in answer["results"].values():
        assert 0 <= figures["false_alarms"] <= 1
        assert 0 <= figures["auroc"] <= 1
    heat, model = answer["files"]
    assert (heat.name, model.name) == ("heat.png", "aae.keras")
    assert "auroc: 0." in answer["output"]
    # Two pairs of rows of eight pictures, with 2 pixels between and around them.
    with Image.open(heat) as picture:
        scale = (picture.width - 18) // (8 * 16)
        assert picture.size == (8 * (16 * scale + 2) + 2, 4 * (16 * scale + 2) + 2)
        assert picture.mode == "RGB"


def test_a_folder_of_color_pictures(run_example, tmp_path):
    random = np.random.default_rng(0)
    for name, count, color in (("normal", 60, 60), ("abnormal", 6, 250)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for index in range(count):
            pixels = random.integers(0, 60, (20, 24 + index % 3, 3), dtype=np.uint8)
            pixels[5:10, 5:10] = color
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{index}.png")
    answer = run_example("anomaly_pictures", "--data", "data", "--channels", "3", "--size", "toy")
    assert answer["pictures"] == {"train": 36, "validation": [12, 3], "test": [12, 3]}
    # The bright squares are in no normal picture.
    assert answer["results"]["pca"]["auroc"] == 1.0
    assert answer["results"]["pca"]["found"] == 1.0


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    return runpy.run_path(str(SCRIPT))


def test_heat_is_where_the_error_is(example):
    x = np.zeros((2, 32, 32, 1), "float32")
    x[0, 10, 20] = 1.0

    maps = example["heat"](x, np.zeros_like)
    assert np.unravel_index(maps[0].argmax(), (32, 32)) == (10, 20)
    # Smoothing spreads the heat, and keeps its sum.
    assert maps.sum() == pytest.approx(1.0, abs=1e-3)
    assert maps[0].max() < 0.2
    scores = example["score_of"](np.zeros_like)(x)
    np.testing.assert_array_equal(scores, [maps[0].max(), 0.0])
    colored = example["draw_heat"](x - 1, maps, threshold=float(maps.max()))
    red, green, blue = colored[0, 10, 20]
    assert red > 0.8 > 0.5 > green
    assert blue < 0.2
    np.testing.assert_array_equal(colored[1], 0.0)


def test_a_scratch_changes_few_pixels(example):
    def drawn(scratched):
        return example["rings"](1, 48, np.random.default_rng(3), scratched)

    # Noise comes last, so both pictures have another one of a deviation of 0.05.
    changed = np.abs(drawn(True) - drawn(False)) > 0.35
    assert 0 < changed.mean() < 0.1
