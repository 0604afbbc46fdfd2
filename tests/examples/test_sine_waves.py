from __future__ import annotations

import csv

import keras
import pytest
from PIL import Image


@pytest.mark.parametrize("discriminator", ["mlp", "convolution"])
def test_toy(run_example, tmp_path, discriminator):
    answer = run_example(
        "sine_waves", "--size", "toy", "--epochs", "2", "--discriminator", discriminator
    )
    folder = tmp_path / "outputs" / "sine_waves" / discriminator
    names = ["waves.png", "probabilities.csv", "probabilities.png", "gan.keras"]
    assert answer["files"] == [folder / name for name in names]
    with Image.open(folder / "waves.png") as picture:
        assert picture.size == (1100, 600)
    (run,) = answer["runs"]
    assert -1 <= run["correlation"] <= 1
    assert run["wasserstein"] >= 0
    for name in ("discriminator", "fresh_classifier"):
        assert 0 <= run[f"{name}_accuracy"] <= 1
    # k = 10 updates of the discriminator for each of the generator.
    with open(folder / "probabilities.csv", encoding="utf-8") as file:
        turns = [row["turn"] for row in csv.DictReader(file)]
    assert turns.count("generator") == 8
    assert turns.count("discriminator") == 80
    assert keras.models.load_model(folder / "gan.keras").generate(2).shape == (2, 30, 5)
