from __future__ import annotations

import keras
import numpy as np
import pytest
from PIL import Image

TOY = ["--mode", "train", "--size", "toy", "--batch_size", "32"]


def test_trains_goes_on_and_generates(run_example, tmp_path):
    first = run_example("mnist_dcgan", *TOY)
    folder = tmp_path / "outputs/mnist_dcgan"
    # 2 epochs of 320 / 32 batches, a grid every 20 batches.
    assert (first["batches_before"], first["batches"]) == (0, 20)
    assert first["files"] == [folder / "gan.keras", folder / "2_10.png"]

    second = run_example("mnist_dcgan", *TOY, "--epochs", "1")
    assert (second["batches_before"], second["batches"]) == (20, 30)
    assert "Epoch 3/3" in second["output"]
    gan = keras.saving.load_model(folder / "gan.keras")
    for turn in ("discriminator", "generator"):
        assert int(gan.optimizer[turn].iterations) == 30
    # Nothing half written is left behind.
    assert {file.name for file in folder.iterdir()} == {"gan.keras", "2_10.png"}

    nice = run_example("mnist_dcgan", "--mode", "generate", "--batch_size", "9", "--nice")
    assert nice["files"] == [folder / "generated_image.png"]
    assert nice["samples"] == 9
    best = np.sort(gan.discriminate(gan.generate(180, seed=0)))[-9:]
    assert nice["probability"] == pytest.approx(best.mean(), abs=1e-3)
    with Image.open(folder / "generated_image.png") as picture:
        assert picture.width == picture.height >= 400


def test_images_of_another_size(run_example, run_script, tmp_path):
    """Sizes that two doublings do not reach, not square; and a model that does not fit the data."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 10, 13, 3), dtype=np.uint8)
    np.savez(tmp_path / "images.npz", x=pixels)
    run_example("mnist_dcgan", *TOY, "--data", "images.npz", "--epochs", "1", "--output", "here")
    gan = keras.saving.load_model(tmp_path / "here/gan.keras")
    assert gan.generate(1).shape == (1, 10, 13, 3)

    refused = run_script("mnist_dcgan", *TOY, "--output", "here")
    assert refused.returncode == 2
    assert "choose another --output" in refused.stderr.splitlines()[-1]
