from __future__ import annotations

import keras
import numpy as np
from PIL import Image

import kerasgan


def test_toy_run(run_example, tmp_path):
    answer = run_example("conditional_digits", "--size", "toy", "--output", "out")
    pictures, models = tmp_path / "out", tmp_path / "out/saved_models"
    assert all(pictures in file.parents for file in answer["files"])
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    with Image.open(pictures / "generated.png") as picture:
        # 10 by 10 digits of 8 pixels, enlarged 10 times, with 2 pixels between and around them.
        assert picture.size == (10 * 82 + 2, 10 * 82 + 2)
    assert {"probabilities.png", "probabilities.csv", "gan.keras", "saved_model.pb"} <= {
        file.name for file in answer["files"]
    }
    # What real digits reach does not depend on the GAN: 357 of the 360 test digits.
    assert answer["real"] == 0.9917
    assert answer["real_distance"] == 2.101
    # One epoch teaches next to nothing.
    assert 0 <= answer["fidelity"] < 0.9
    assert 0 <= answer["diversity"] < 0.9
    assert answer["generated_distance"] > answer["real_distance"]

    gan = keras.saving.load_model(models / "gan.keras")
    again = gan.generate(100, condition=np.repeat(np.arange(10), 10), seed=0)
    redrawn = kerasgan.callbacks.image_grid(again, rows=10)
    with Image.open(pictures / "generated.png") as picture:
        difference = np.asarray(picture, int) - np.asarray(redrawn, int)
    assert np.abs(difference).max() <= 1  # the same, but for rounding
