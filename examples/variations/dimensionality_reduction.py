"""Draws digits as points in a plane, with a place for each class (Makhzani et al. 2015, section 7).

    python examples/variations/dimensionality_reduction.py
    python examples/variations/dimensionality_reduction.py --data mnist --labels 100 --epochs 20

The code of an adversarial auto-encoder is a category and a style. Here both share two dimensions: each
category has a learned place (a cluster head), and the style is added to it. The heads keep a distance from
each other, so that clusters do not overlap. `--labels` training images have labels, equally many of each
class. They decide which category is which.

How good is the plane? A classifier takes the five nearest training images, all with their labels, and the
script counts its errors on test images. It does the same for two linear maps to a plane: principal
components, which need no labels, and Fisher's discriminants of the labeled images. The picture shows the test
images in the plane of this model and in that of the principal components, colored by class. The number of
each category is at its head.

Without `--data`, the digits are scikit-learn's 8×8 ones, which need no download. `mnist` is downloaded by
Keras.
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
    """Trains and returns the model. Its decoder begins with the heads."""
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
    """Returns the points of images in the plane, `(count, 2)`: the head of the category plus the style."""
    heads = model.decoder.get_layer("heads")
    return keras.ops.convert_to_numpy(heads(list(model.encode(x))))


def draw(planes: dict[str, np.ndarray], heads: np.ndarray, y: np.ndarray, path: Path) -> None:
    """Draws the points of images in each plane, colored by class. The first plane has heads."""
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
    """Trains, counts errors and draws."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--data", default="digits", metavar="digits|mnist|FILE.npz", help="default: digits"
    )
    parser.add_argument("--labels", type=int, default=50, help="number of labels (default: 50)")
    parser.add_argument("--epochs", type=int, default=150, help="number of epochs (default: 150)")
    command_line.add_common_options(parser, output="outputs/dimensionality_reduction")
    options = parser.parse_args()
    command_line.require_positive(parser, epochs=options.epochs)
    with command_line.errors_of(parser, f"--data {options.data}, --labels {options.labels}"):
        data = command_line.load_with_test_images(
            options.data, test_fraction=0.25, normalization="min_max"
        )
        if data.y is None or data.x_test is None or data.number_of_classes != CLASSES:
            raise ValueError("images of ten classes and labeled test images are needed")
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
    print(f"\nErrors of five nearest neighbors on {len(x_test):,} test images: {shown}")
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
