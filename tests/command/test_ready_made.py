"""The model in `saved_models` is small, and draws the digits that it is asked for."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

import kerasgan
from kerasgan.command import main

FOLDER = Path(__file__).parents[2] / "saved_models" / "small_digits"


def test_it_is_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 1_000_000


def test_its_digits_are_those_that_were_asked_for():
    gan = keras.models.load_model(FOLDER / "gan.keras")
    data = kerasgan.datasets.digits()
    labels = np.repeat(np.arange(10), 20)
    drawn = gan.generate(len(labels), condition=labels, seed=0)
    judge = KNeighborsClassifier(3).fit(data.x.reshape(len(data.x), -1), data.y)
    assert judge.score(drawn.reshape(len(drawn), -1), labels) > 0.95


def test_its_export_draws_the_same():
    gan = keras.models.load_model(FOLDER / "gan.keras")
    served = tf.saved_model.load(str(FOLDER / "generator"))
    drawn = served.signatures["generate"](
        count=tf.constant(5), seed=tf.constant(3, "int64"), condition=tf.fill([5], 7)
    )
    expected = gan.generate(5, condition=7, seed=3, normalized=False)
    difference = drawn["samples"].numpy().astype(int) - expected.astype(int)
    assert np.abs(difference).max() <= 1


def test_the_command_samples_it(here, capsys):
    command = [
        "sample",
        str(FOLDER / "gan.keras"),
        "-n",
        "2",
        "--condition",
        "7",
        "--output",
        "new",
    ]
    assert main(command) == 0
    capsys.readouterr()
    with Image.open(here / "new" / "0001.png") as picture:
        assert picture.size == (8, 8)
        assert np.asarray(picture).max() > 200
