"""Trains on classes with one command, and asks a classifier of real pictures what it sees.

`even`: 300 pictures of each of MNIST's ten digits, in sub-folders. `kerasgan train` makes a generator of
classes. A classifier that was trained on 10,000 other real digits is asked for the class of generated ones.
`accuracy` is how often it answers what was meant. Beside it stands its accuracy on real digits.

`uneven`: the digit 7 has 15 pictures, a twentieth. The command draws all classes equally often by itself.
`uneven_as_it_comes`: a second run draws pictures as they come (`"even_classes": false` in its settings).
`accuracy_of_rare` is that of the rare digit. `spread_of_rare` is how much its pictures differ, beside that of
real ones.

    python benchmarks/classes.py mnist.npz --record benchmarks/results/classes.json

`mnist.npz` has the layout of `keras.datasets.mnist`. A run that was stopped goes on with the same command.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import emoji_pictures
import keras
import numpy as np
from emoji_pictures import kerasgan_command
from measuring import report, surroundings
from PIL import Image

CLASSES, RARE = 10, 7
SIZE = 28


def write_folder(x: np.ndarray, y: np.ndarray, counts: dict[int, int], folder: Path) -> None:
    """Writes so many pictures of each class to sub-folders, unless the folder is there."""
    if folder.is_dir():
        return
    for label, count in counts.items():
        path = folder / str(label)
        path.mkdir(parents=True)
        for number, picture in enumerate(x[y == label][:count]):
            Image.fromarray(picture).save(path / f"{number:04}.png")


def train_classifier(x: np.ndarray, y: np.ndarray, epochs: int) -> keras.Model:
    """Returns a classifier of real digits."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    classifier = keras.Sequential([keras.Input((SIZE, SIZE, 1))])
    for width in (16, 32, 64):
        classifier.add(layers.Conv2D(width, 3, 2, padding="same", activation="relu"))
    classifier.add(layers.GlobalAveragePooling2D())
    classifier.add(layers.Dense(CLASSES))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.Adam(2e-3), loss, metrics=["accuracy"])
    classifier.fit(emoji_pictures.scaled(x[..., None]), y, batch_size=64, epochs=epochs, verbose=0)
    return classifier


def train(folder: Path, trained: Path, options: argparse.Namespace, even: bool) -> None:
    """Trains with the command; where classes are not to be drawn evenly, by a file of settings."""
    common = ("--size", SIZE, "--steps", options.steps, *options.options)
    if even:
        kerasgan_command("train", folder, "--output", trained, *common)
        return
    settings = trained.with_name(f"{trained.name}.json")
    if not settings.is_file():
        first = json.loads((trained.with_name("uneven") / "settings.json").read_text())
        settings.write_text(json.dumps({**first, "even_classes": False}))
    kerasgan_command("train", "--settings", settings, "--output", trained)


def judge(trained: Path, classifier: keras.Model, count: int) -> dict[str, Any]:
    """Returns what the classifier says of generated digits."""
    game = keras.saving.load_model(trained / "model.keras")
    labels = np.repeat(np.arange(CLASSES), count)
    drawn = game.generate(len(labels), condition=labels, seed=1)
    answers = np.argmax(classifier.predict(drawn, verbose=0), axis=1)
    rare = labels == RARE
    return {
        "accuracy": round(float(np.mean(answers == labels)), 4),
        "accuracy_of_rare": round(float(np.mean(answers[rare] == RARE)), 4),
        "spread_of_rare": round(emoji_pictures.spread(drawn[rare]), 4),
    }


def main() -> None:
    """Runs and reports. Further options go to `kerasgan train`."""
    parser = emoji_pictures.make_parser(__doc__, "data", "classes")
    parser.add_argument("--pictures", type=int, default=300, help="of each class (default: 300)")
    parser.add_argument("--rarer", type=int, default=20, help="how many times (default: 20)")
    parser.add_argument("--steps", type=int, default=3_000, help="of each run (default: 3000)")
    parser.add_argument("--count", type=int, default=200, help="to judge of a class (default: 200)")
    parser.add_argument("--judged-by", type=int, default=10_000, help="digits (default: 10,000)")
    options, options.options = parser.parse_known_args()
    options.work.mkdir(parents=True, exist_ok=True)
    with np.load(options.data) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
        x_test, y_test = arrays["x_test"], arrays["y_test"]
    even = dict.fromkeys(range(CLASSES), options.pictures)
    uneven = {**even, RARE: max(2, options.pictures // options.rarer)}
    write_folder(x, y, even, options.work / "pictures")
    write_folder(x, y, uneven, options.work / "uneven-pictures")
    # Not those that were trained on.
    others = slice(len(x) - options.judged_by, None)
    classifier = train_classifier(x[others], y[others], epochs=6)
    found = {}
    for name, folder, drawn_evenly in (
        ("even", "pictures", True),
        ("uneven", "uneven-pictures", True),
        ("uneven_as_it_comes", "uneven-pictures", False),
    ):
        train(options.work / folder, options.work / name, options, drawn_evenly)
        found[name] = judge(options.work / name, classifier, options.count)
    real = emoji_pictures.scaled(x_test[..., None])
    answer = {
        "pictures_of_a_class": options.pictures,
        "pictures_of_the_rare_class": uneven[RARE],
        "steps": options.steps,
        "options": options.options,
        "accuracy_on_real": round(float(classifier.evaluate(real, y_test, verbose=0)[1]), 4),
        "spread_of_rare_of_real": round(emoji_pictures.spread(real[y_test == RARE]), 4),
        "runs": found,
        **surroundings(),
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
