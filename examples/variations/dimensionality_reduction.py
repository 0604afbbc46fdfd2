"""Draws digits as points of a plane, each class in a place of its own (Makhzani et al. 2015, section 7).

    python examples/variations/dimensionality_reduction.py
    python examples/variations/dimensionality_reduction.py --data mnist --labels 100 --epochs 20

The code of an adversarial auto-encoder is a category and a style, and here both share two dimensions: a
learned place for each category, a cluster head, plus the style. Heads keep a distance from each other, so
that clusters do not overlap. `--labels` training images are labeled, as many of each class, and say which
category is which.

How good is the plane? A classifier by the five nearest training images, all with their labels, counts errors
on test images. Beside it stand two linear maps to a plane: principal components, which need no label, and
Fisher's discriminants of the labeled images. The picture has the test images' places by this model and by
principal components, colored by class, with the number of each category at its head.

Without `--data` the digits are scikit-learn's 8×8 ones, which need no download; `mnist` comes through Keras.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers
from semi_supervised_auto_encoder import UNITS, adam, discriminator, encoder

import kerasgan

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where `command_line.py` is
import command_line

with command_line.extra("examples"):
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.neighbors import KNeighborsClassifier

BATCH_SIZE, CLASSES, DIMENSIONS, DISTANCE = 100, 10, 2, 10.0


def train(
    x: np.ndarray, y: np.ndarray, epochs: int, seed: int
) -> kerasgan.SemiSupervisedAdversarialAutoEncoder:
    """Plays the game and returns the model; its decoder begins with the heads."""
    inputs = [keras.Input((CLASSES,)), keras.Input((DIMENSIONS,))]
    code = kerasgan.layers.ClusterHeads(DISTANCE, name="heads")(inputs)
    hidden = layers.Dense(UNITS, "relu")(layers.Dense(UNITS, "relu")(code))
    decoder = keras.Model(inputs, layers.Dense(x.shape[1], "sigmoid")(hidden))
    model = kerasgan.SemiSupervisedAdversarialAutoEncoder(
        encoder(x.shape[1], CLASSES, DIMENSIONS),
        decoder,
        category_discriminator=discriminator(CLASSES),
        style_discriminator=discriminator(DIMENSIONS),
    )
    data = kerasgan.datasets.partially_labeled(x, y, BATCH_SIZE, labeled=20, seed=seed)
    model.compile(*(adam(epochs * len(data)) for _ in model.turns()), steps_per_execution=10)
    model.fit(data, epochs=epochs, verbose=2)
    return model


def places(model: kerasgan.SemiSupervisedAdversarialAutoEncoder, x: np.ndarray) -> np.ndarray:
    """Returns where images are in the plane, `(count, 2)`: the head of their category, and their style."""
    heads = model.decoder.get_layer("heads")
    return keras.ops.convert_to_numpy(heads(list(model.encode(x))))


def draw(planes: dict[str, np.ndarray], heads: np.ndarray, y: np.ndarray, path: Path) -> None:
    """Draws the places of images in each plane, colored by class; the first has heads."""
    figure = Figure(figsize=(8, 4), dpi=80, layout="constrained")
    axes = figure.subplots(1, len(planes))
    for axis, (title, codes) in zip(axes, planes.items(), strict=True):
        axis.scatter(*codes.T, c=colormaps["tab10"](y), s=6, linewidths=0)
        axis.set_title(title)
        axis.set_xticks([])
        axis.set_yticks([])
    for category, (across, up) in enumerate(heads):
        axes[0].text(across, up, category, ha="center", va="center", weight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def main() -> None:
    """Trains, counts errors, draws."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument("--data", default="digits", metavar="digits|mnist|FILE.npz")
    parser.add_argument("--labels", type=int, default=50, help="in all (default: 50)")
    parser.add_argument("--epochs", type=int, default=150, help="default: 150")
    command_line.add_common_options(parser, output="outputs/dimensionality_reduction")
    options = parser.parse_args()
    command_line.require_positive(parser, epochs=options.epochs)
    with command_line.errors_of(parser, f"--data {options.data}, --labels {options.labels}"):
        data = command_line.load_with_test_images(
            options.data, test_fraction=0.25, normalization="min_max"
        )
        if data.y is None or data.x_test is None or data.number_of_classes != CLASSES:
            raise ValueError("images of ten classes, and test images too, are needed")
        y = kerasgan.datasets.keep_labels(data.y, options.labels // CLASSES, options.seed)

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    x, x_test = (each.reshape(len(each), -1) for each in (data.x, data.x_test))
    model = train(x, y, options.epochs, options.seed)
    known = y >= 0
    components = PCA(DIMENSIONS, random_state=options.seed).fit(x)
    discriminants = LinearDiscriminantAnalysis(n_components=DIMENSIONS).fit(x[known], y[known])
    planes = {
        "heads and styles": (places(model, x), places(model, x_test)),
        "principal components": (components.transform(x), components.transform(x_test)),
        "discriminants": (discriminants.transform(x), discriminants.transform(x_test)),
    }
    wrong = {}
    for name, (codes, test_codes) in planes.items():
        predicted = KNeighborsClassifier(5).fit(codes, data.y).predict(test_codes)
        wrong[name] = int((predicted != data.y_test).sum())

    (heads,) = model.decoder.get_layer("heads").get_weights()
    drawn = {f"{name}: {wrong[name]} wrong": planes[name][1] for name in list(planes)[:2]}
    picture = options.output / "dimensionality_reduction.png"
    draw(drawn, heads, np.asarray(data.y_test), picture)
    shown = ", ".join(f"{name} {count}" for name, count in wrong.items())
    print(f"\nErrors of 5 nearest neighbors on {len(x_test):,} test images: {shown}")
    answer = {
        "seed": options.seed,
        "epochs": options.epochs,
        "labels": int(known.sum()),
        "errors": wrong["heads and styles"],
        "errors_of_principal_components": wrong["principal components"],
        "errors_of_discriminants": wrong["discriminants"],
    }
    command_line.print_answer(answer, [picture], start)


if __name__ == "__main__":
    main()
