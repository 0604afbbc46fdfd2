"""Learns what one digit looks like, and finds all other digits abnormal, by three adversarial anomaly scores.

    python examples/anomaly_detection.py

Each of the ten digits is the normal one in turn. A model is trained on normal digits only. Then it gives a
score to held-out digits of all classes. There are three models, each with its own score:

- `EBGAN`: the energy. The discriminator keeps it low for real digits, and high for generated ones.
- `GANomaly`: the distance between the code of a digit and the code of its reconstruction.
- `AdversarialAutoEncoder`: the error of the reconstruction.

The result is the area under the ROC curve (AUROC): the probability that an abnormal digit has a higher score
than a normal one. A score that knows nothing has 0.5. Two classical scores are printed too: the residual of a
PCA, and a one-class support vector machine. On 8×8 pixels they are hard to beat. The models are for data on
which they fail.

`strangest.png` has a row for each digit: first the eight held-out digits with the lowest EBGAN energy, then
the eight with the highest. The files go to `outputs/anomaly_detection` in the current directory, or to
`--output DIRECTORY`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import command_line
import keras
import numpy as np

import kerasgan
from kerasgan.networks import AutoEncoder, mlp

with command_line.extra("examples"):
    from sklearn.decomposition import PCA
    from sklearn.metrics import roc_auc_score
    from sklearn.svm import OneClassSVM

CODE_SIZE, UNITS, BATCH_SIZE = 16, [128], 32
Score = Callable[[np.ndarray], np.ndarray]


def optimizers(**rates: float) -> dict[str, keras.optimizers.Optimizer]:
    """Returns Adam for each player."""
    return {
        f"{player}_optimizer": keras.optimizers.Adam(rate, beta_1=0.5)
        for player, rate in rates.items()
    }


def encoder(pixels: int) -> keras.Model:
    """Returns a small encoder."""
    return mlp(pixels, UNITS, CODE_SIZE)


def decoder(pixels: int) -> keras.Model:
    """Returns a small decoder, or generator."""
    return mlp(CODE_SIZE, UNITS, pixels, output_activation="tanh")


def ebgan(x: np.ndarray, rounds: int) -> Score:
    """Trains an EBGAN and returns its score."""
    pixels = x.shape[1]
    model = kerasgan.EBGAN(decoder(pixels), AutoEncoder(encoder(pixels), decoder(pixels)))
    model.compile(**optimizers(generator=1e-3, discriminator=1e-3), margin=0.2)
    train(model, x, rounds)
    return model.energy


def ganomaly(x: np.ndarray, rounds: int) -> Score:
    """Trains a GANomaly and returns its score."""
    pixels = x.shape[1]
    discriminator = keras.Sequential(
        [
            keras.Input((pixels,)),
            keras.layers.Dense(64, activation="leaky_relu", name="features"),
            keras.layers.Dense(1),
        ]
    )
    model = kerasgan.GANomaly(
        encoder(pixels), decoder(pixels), encoder(pixels), discriminator, features="features"
    )
    model.compile(**optimizers(generator=1e-3, discriminator=2e-4))
    train(model, x, rounds)
    return model.anomaly_score


def adversarial_auto_encoder(x: np.ndarray, rounds: int) -> Score:
    """Trains an adversarial auto-encoder and returns its score."""
    pixels = x.shape[1]
    model = kerasgan.AdversarialAutoEncoder(
        encoder(pixels), decoder(pixels), mlp(CODE_SIZE, [64], activation="leaky_relu")
    )
    model.compile(**optimizers(reconstruction=1e-3, discriminator=2e-4, generator=2e-4))
    train(model, x, rounds)
    return lambda samples: np.square(model.reconstruct(samples) - samples).mean(axis=1)


def train(model: keras.Model, x: np.ndarray, rounds: int) -> None:
    """Trains for a number of rounds, in epochs of 50 rounds."""
    several = np.resize(x, (50 * BATCH_SIZE, x.shape[1])) if rounds >= 50 else x
    model.fit(several, batch_size=BATCH_SIZE, epochs=max(1, rounds // 50), verbose=0)


def pca(x: np.ndarray, rounds: int) -> Score:
    """Fits a PCA and returns its score."""
    model = PCA(CODE_SIZE).fit(x)
    return lambda samples: np.square(
        model.inverse_transform(model.transform(samples)) - samples
    ).mean(axis=1)


def one_class_svm(x: np.ndarray, rounds: int) -> Score:
    """Fits a one-class support vector machine and returns its score."""
    model = OneClassSVM(nu=0.1, gamma="scale").fit(x)
    return lambda samples: -model.score_samples(samples)


MODELS = {
    "ebgan_energy": ebgan,
    "ganomaly_score": ganomaly,
    "aae_reconstruction_error": adversarial_auto_encoder,
    "pca_residual": pca,
    "one_class_svm": one_class_svm,
}


def main() -> None:
    """Trains each model on each digit, and prints how well its score finds the other digits."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--digits",
        type=int,
        nargs="+",
        help="the digits that are the normal one in turn (default: all ten)",
    )
    parser.add_argument("--rounds", type=int, help="rounds of each game (default: 600)")
    command_line.add_common_options(parser, toy="1 digit")
    options = parser.parse_args()
    toy = options.size == "toy"
    rounds = options.rounds or (4 if toy else 600)
    normal = options.digits or ([0] if toy else list(range(10)))
    command_line.require_positive(parser, rounds=options.rounds)
    if not set(normal) <= set(range(10)):
        parser.error(f"--digits must be from 0 to 9, not {normal}")
    directory = options.output or Path("outputs/anomaly_detection")

    start = time.perf_counter()
    data = kerasgan.datasets.digits(test_fraction=0.25, seed=options.seed)
    images, images_test = data.x, np.asarray(data.x_test)
    x, x_test = (each.reshape(len(each), -1) for each in (images, images_test))
    areas: dict[str, list[float]] = {name: [] for name in MODELS}
    pictures = []
    for digit in normal:
        for name, train_on in MODELS.items():
            keras.utils.set_random_seed(options.seed)
            scores = train_on(x[data.y == digit], rounds)(x_test)
            areas[name].append(float(roc_auc_score(data.y_test != digit, scores)))
            if name == "ebgan_energy":
                order = np.argsort(scores)
                pictures.append(images_test[[*order[:8], *order[-8:]]])
        keras.backend.clear_session()
        print(f"Normal: {digit}", *(f"{name} {area[-1]:.3f}" for name, area in areas.items()))

    grid = kerasgan.callbacks.image_grid(np.concatenate(pictures), columns=16)
    picture = kerasgan.callbacks.save_image(grid, directory / "strangest.png")
    means = {name: round(float(np.mean(area)), 4) for name, area in areas.items()}
    print(f"\nThe least and the most abnormal digits: {picture.resolve()}")
    answer = {
        "digits": normal,
        "mean_auroc": means,
        "lowest_auroc": {name: round(min(area), 4) for name, area in areas.items()},
    }
    command_line.print_answer(answer, [picture], start)


if __name__ == "__main__":
    main()
