from __future__ import annotations

import contextlib
import csv
import math
import os
import signal
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

import kerasgan

PROJECT = Path(__file__).parents[2]
SECONDS = 120


def test_toy_run(run_example, tmp_path):
    answer = run_example("digits_dcgan", "--size", "toy")
    pictures, models = tmp_path / "outputs/digits_dcgan", tmp_path / "saved_models/digits_dcgan"
    assert {file.relative_to(tmp_path).parts[0] for file in answer["files"]} == {
        "outputs",
        "saved_models",
    }
    assert models / "gan.keras" in answer["files"]
    assert models / "generator" / "saved_model.pb" in answer["files"]
    assert sorted(file.name for file in answer["files"] if file.parent.name == "samples") == [
        "00.png",
        "01.png",
        "02.png",
    ]
    for name in ("generated.png", "real.png"):
        with Image.open(pictures / name) as picture:
            # 8 rows and 12 columns of 64 pixels, with 2 pixels between and around them.
            assert picture.size == (12 * 66 + 2, 8 * 66 + 2)
    assert (answer["images"], answer["shape"], answer["epochs"]) == (1797, [8, 8, 1], 1)
    for name in ("real_probability", "fake_probability", "generator_probability"):
        assert 0 < answer[name] < 1
        assert f"{name}: 0." in answer["output"]  # the progress bar
    with (pictures / "probabilities.csv").open() as file:
        turns = [row["turn"] for row in csv.DictReader(file)]
    assert turns == ["discriminator"] * 20 + ["generator"] * 20

    gan = keras.saving.load_model(models / "gan.keras")
    latent = np.zeros((3, 64), "float32")
    exported = tf.saved_model.load(str(models / "generator"))
    served = exported.serving_default(latent=latent)["samples"]
    drawn = kerasgan.datasets.digits().normalization.invert(gan.predict(latent, verbose=0))
    assert served.dtype == "uint8"
    np.testing.assert_allclose(np.asarray(served, "float32"), drawn, atol=0.51)  # rounded


def test_own_pictures(run_example, tmp_path):
    """RGB, not square, from a folder, all output in a folder of the user's choice."""
    rng = np.random.default_rng(0)
    for index in range(64):
        pixels = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
        kerasgan.callbacks.save_image(Image.fromarray(pixels), tmp_path / f"in/{index}.png")
    answer = run_example(
        "digits_dcgan", "--data", "in", "--output", "out", "--steps", "2", "--seed", "5"
    )
    assert all(tmp_path / "out" in file.parents for file in answer["files"])
    assert (answer["shape"], answer["epochs"]) == ([9, 12, 3], 2)
    assert math.isfinite(answer["generator_loss"])
    with Image.open(tmp_path / "out/generated.png") as picture:
        assert picture.mode == "RGB"
        assert picture.size == (12 * 62 + 2, 8 * 47 + 2)


def test_a_run_that_is_stopped_keeps_its_model_and_goes_on(fork_server, tmp_path):
    rng = np.random.default_rng(0)
    for index in range(64):
        pixels = rng.integers(0, 256, (6, 6), dtype=np.uint8)
        kerasgan.callbacks.save_image(Image.fromarray(pixels), tmp_path / f"in/{index}.png")
    out = tmp_path / "out"

    def start():
        arguments = ("--data", "in", "--output", "out", "--steps", "40")
        script = PROJECT / "examples/digits_dcgan.py"
        return fork_server.start(script, *arguments, folder=tmp_path, optimizes_graphs=False)

    def epochs_done():
        (backup,) = out.glob("backup_*/training_state.npz")
        with np.load(backup) as state:
            return int(state["epoch"])

    def updates():
        with (out / "probabilities.csv").open() as file:
            return [row for row in csv.DictReader(file) if row["turn"] == "generator"]

    program, end, done = start(), time.monotonic() + SECONDS, 0
    while done < 5 and time.monotonic() < end:
        time.sleep(0.01)
        with contextlib.suppress(ValueError):  # no backup yet
            done = epochs_done()
    os.kill(program.number, signal.SIGINT)
    stopped = program.wait(SECONDS)
    assert stopped.returncode == 1, stopped.stderr[-3000:]
    assert "Run the same command again to continue" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert 5 <= epochs_done() < 40
    model = keras.saving.load_model(out / "saved_models/gan.keras")
    assert model.generate(2).shape == (2, 6, 6, 3)
    before = updates()  # those of every fourth epoch's end
    assert 4 <= len(before) < 40

    ended = start().wait(SECONDS)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "Epoch 1/40" not in ended.stdout
    assert "Epoch 40/40" in ended.stdout
    assert not list(out.glob("backup_*"))
    assert len(updates()) == 40
    assert updates()[: len(before)] == before
