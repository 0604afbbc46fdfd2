from __future__ import annotations

import keras
import numpy as np
from PIL import Image


def test_keras_recipe(run_example, tmp_path):
    """The parameters that the script always printed, on images of the size that it always had."""
    pixels = np.random.default_rng(0).integers(0, 256, (96, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "images.npz", x=pixels)
    answer = run_example("mnist_mlp", "--size", "toy", "--data", "images.npz", "--epochs", "4")
    assert answer["discriminator_parameters"] == 533_505
    assert 0 < answer["fake_probability"] < 1
    *pictures, model = answer["files"]
    # Before training, and after 10 of the 4 * 3 batches.
    assert [file.name for file in pictures] == ["0000.png", "0001.png"]
    for file in pictures:
        with Image.open(file) as picture:
            assert picture.size[0] == picture.size[1] >= 5 * 30 + 2
    gan = keras.saving.load_model(model)
    assert gan.generator.input_shape == (None, 100)
    assert -1 <= gan.generate(2).min() < 0 < gan.generate(2).max() <= 1
    # The second has moved on from the first.
    assert pictures[0].read_bytes() != pictures[1].read_bytes()


def test_paper_recipe(run_example, tmp_path):
    answer = run_example(
        "mnist_mlp", "--recipe", "paper", "--size", "toy", "--epochs", "2", "--output", "here"
    )
    *pictures, model = answer["files"]
    assert [file.name for file in pictures] == ["000.png", "001.png", "002.png"]
    assert all(tmp_path / "here/paper/samples" == file.parent for file in pictures)
    with Image.open(pictures[0]) as picture:
        assert (picture.width - 2) / 10 == picture.height - 2
    gan = keras.saving.load_model(model)
    assert gan.generator.input_shape == (None, 256)
    assert gan.generate(2).min() >= 0
    # 8 * 8 digits instead of 784 pixels.
    assert answer["discriminator_parameters"] == 64 * 512 + 512 + 512 + 1
