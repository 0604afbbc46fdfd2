"""Learns what normal pictures look like, and shows where abnormal ones differ from them.

    python examples/anomaly_pictures.py --data FOLDER

FOLDER has two sub-folders of pictures, `normal` and `abnormal`. Pictures may have different sizes. Without
`--data`, the script draws pictures itself: metal rings, and rings with scratches. Nothing is downloaded.

An adversarial auto-encoder learns to reproduce normal pictures only. Where it cannot reproduce a picture,
something is unusual. The heat map of a picture is the squared error of each pixel, smoothed. The score of a
picture is the largest value of its heat map, because a defect may be small.

The normal pictures are divided: 60 % to train on, 20 % to validate, 20 % to test. Of the abnormal pictures,
half are for validation, and half for the test. No model sees an abnormal picture in training.

- Validation: the callback `AnomalyDetection` logs `auroc` after each epoch. It sets a threshold that
  `--false-alarms` of the normal pictures exceed.
- Test: the area under the ROC curve (AUROC), the share of false alarms among normal pictures, and the share
  of abnormal pictures that are found. Two detectors of the same code size stand beside it, with the same
  score: a plain auto-encoder with the same networks and as many steps, and a PCA.

`heat.png` has test pictures above their heat maps: first abnormal ones, then normal ones. They are drawn at
random. The color is full where the heat is above the threshold. The picture goes to
`outputs/anomaly_pictures`, and the model to `saved_models/anomaly_pictures`, both in the current directory.
With `--output DIRECTORY`, everything goes to that directory.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path

import command_line
import keras
import numpy as np

import kerasgan
from kerasgan.callbacks import AnomalyDetection
from kerasgan.networks import convolutional_auto_encoder, mlp

with command_line.extra("examples"):
    from matplotlib import colormaps
    from sklearn.decomposition import PCA

BATCH_SIZE, COLUMNS = 32, 8
# Enough for a batch to train on, and for both other parts.
FEWEST = {"normal": 54, "abnormal": 2}
Reconstruct = Callable[[np.ndarray], np.ndarray]


def rings(
    count: int, size: int, random: np.random.Generator, scratched: bool = False
) -> np.ndarray:
    """Draws gray metal rings of different places, widths and lights, `(count, size, size, 1)`."""
    place = np.linspace(-1, 1, size)
    x, y = np.meshgrid(place, place)
    pictures = np.empty((count, size, size, 1), "float32")
    for picture in pictures:
        left, top = random.uniform(-0.08, 0.08, 2)
        outer, inner = random.uniform(0.7, 0.8), random.uniform(0.25, 0.35)
        radius = np.hypot(x - left, y - top)
        ring = _inside(outer - radius, size) * _inside(radius - inner, size)
        light = random.uniform(0, 2 * np.pi)
        metal = 0.35 + 0.25 * (np.cos(light) * x + np.sin(light) * y) + 0.12 * np.cos(25 * radius)
        if scratched:
            metal = metal + _scratch(x - left, y - top, (outer + inner) / 2, size, random)
        drawn = ring * metal - (1 - ring) * 0.6 + random.normal(0, 0.05, x.shape)
        picture[..., 0] = np.clip(drawn, -1, 1)
    return pictures


def _inside(distance: np.ndarray, size: int) -> np.ndarray:
    """Returns 1 where a distance is positive and 0 elsewhere, with an edge of a pixel."""
    return np.clip(distance * size / 2 + 0.5, 0, 1)


def _scratch(
    x: np.ndarray, y: np.ndarray, radius: float, size: int, random: np.random.Generator
) -> np.ndarray:
    """Returns what a dark or bright scratch across the metal adds to it."""
    place, turn = random.uniform(0, 2 * np.pi, 2)
    right, down = x - radius * np.cos(place), y - radius * np.sin(place)
    along, across = (
        right * np.cos(turn) + down * np.sin(turn),
        down * np.cos(turn) - right * np.sin(turn),
    )
    length, width = random.uniform(0.15, 0.3), random.uniform(0.01, 0.04)
    line = _inside(length - np.abs(along), size) * _inside(width - np.abs(across), size)
    return line * random.choice([-1, 1]) * random.uniform(0.4, 0.8)


def load(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Returns normal and abnormal pictures, from -1 to 1."""
    if options.data is None:
        count = 60 if options.size == "toy" else 1000
        random = np.random.default_rng(options.seed)
        size = options.image_size
        whole = rings(count, size, random)
        scratched = rings(count // 4, size, random, scratched=True)
        return whole.repeat(options.channels, -1), scratched.repeat(options.channels, -1)
    folder = kerasgan.datasets.image_folder(
        options.data, size=options.image_size, channels=options.channels
    )
    names = list(folder.class_names or [])
    if set(names) != set(FEWEST):
        raise ValueError(
            f"the sub-folders must be normal and abnormal, not {', '.join(names) or 'none'}"
        )
    normal, abnormal = (folder.x[folder.y == names.index(name)] for name in FEWEST)
    for name, pictures in (("normal", normal), ("abnormal", abnormal)):
        if len(pictures) < FEWEST[name]:
            raise ValueError(f"{name} needs {FEWEST[name]} pictures, and has {len(pictures)}")
    return normal, abnormal


def shuffled_parts(x: np.ndarray, shares: list[float], seed: int) -> list[np.ndarray]:
    """Divides samples at random, in the given shares."""
    x = x[np.random.default_rng(seed).permutation(len(x))]
    return np.split(x, [round(len(x) * share) for share in np.cumsum(shares)[:-1]])


def labeled(normal: np.ndarray, abnormal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns normal and abnormal pictures as one array, and which of them are abnormal."""
    return np.concatenate([normal, abnormal]), np.repeat(
        [False, True], [len(normal), len(abnormal)]
    )


def heat(x: np.ndarray, reconstruct: Reconstruct) -> np.ndarray:
    """Returns the heat map of each picture, `(count, height, width)`: the smoothed squared error."""
    maps = np.square(reconstruct(x) - x).mean(axis=-1)
    deviation = x.shape[1] / 32
    radius = int(4 * deviation + 0.5)
    weights = np.exp(-((np.arange(-radius, radius + 1) / deviation) ** 2) / 2)
    weights /= weights.sum()
    # A Gaussian filter, first of the columns and then of the rows. The edges are mirrored.
    for axis in (1, 2):
        width = [(radius, radius) if each == axis else (0, 0) for each in range(3)]
        padded = np.pad(maps, width, "symmetric")
        places = np.arange(maps.shape[axis])
        maps = sum(
            weight * padded.take(places + place, axis) for place, weight in enumerate(weights)
        )
    return maps


def score_of(reconstruct: Reconstruct) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the score of pictures: the largest value of their heat maps."""
    return lambda x: heat(x, reconstruct).max(axis=(1, 2))


def adversarial_auto_encoder(shape: tuple[int, ...], options: argparse.Namespace) -> keras.Model:
    """Returns a compiled adversarial auto-encoder."""
    parts = convolutional_auto_encoder(shape, options.code_size, options.filters)
    discriminator = mlp(options.code_size, [128], activation="leaky_relu")
    model = kerasgan.AdversarialAutoEncoder(parts.encoder, parts.decoder, discriminator)
    model.compile(
        reconstruction_optimizer=keras.optimizers.Adam(1e-3),
        discriminator_optimizer=keras.optimizers.Adam(2e-4, beta_1=0.5),
        generator_optimizer=keras.optimizers.Adam(2e-4, beta_1=0.5),
    )
    return model


def auto_encoder(x: np.ndarray, epochs: int, options: argparse.Namespace) -> Reconstruct:
    """Trains a plain auto-encoder with the same networks."""
    model = convolutional_auto_encoder(x.shape[1:], options.code_size, options.filters)
    model.compile(keras.optimizers.Adam(1e-3), "mse")
    model.fit(x, x, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return lambda samples: model.predict(samples, verbose=0)


def pca(x: np.ndarray, options: argparse.Namespace) -> Reconstruct:
    """Fits a PCA with as many components as the codes have values."""
    size = min(options.code_size, len(x))
    model = PCA(size, random_state=options.seed).fit(x.reshape(len(x), -1))

    def reconstruct(samples: np.ndarray) -> np.ndarray:
        codes = model.transform(samples.reshape(len(samples), -1))
        return model.inverse_transform(codes).reshape(samples.shape)

    return reconstruct


def draw_heat(x: np.ndarray, maps: np.ndarray, threshold: float) -> np.ndarray:
    """Returns gray pictures with their heat as color, `(count, height, width, 3)`, from 0 to 1."""
    gray = (x.mean(axis=-1, keepdims=True) + 1) / 2
    share = np.clip(maps / threshold, 0, 1)[..., None]
    # Nothing below a quarter of the threshold. Above it, yellow turns to red.
    opacity = np.clip((share - 0.25) / 0.75, 0, 1)
    color = colormaps["autumn_r"](share[..., 0])[..., :3]
    return (1 - 0.8 * opacity) * gray + 0.8 * opacity * color


def picture_of(
    x: np.ndarray, abnormal: np.ndarray, maps: np.ndarray, threshold: float, path: Path, seed: int
) -> Path:
    """Writes pictures above their heat maps: a pair of rows of abnormal ones, and one of normal ones."""
    colored = draw_heat(x, maps, threshold)
    plain = np.broadcast_to((x + 1) / 2, colored.shape)
    rows = []
    for kind in (True, False):
        several = np.random.default_rng(seed).permutation(np.flatnonzero(abnormal == kind))
        shown = np.resize(several, COLUMNS)
        rows += [plain[shown], colored[shown]]
    grid = kerasgan.callbacks.image_grid(
        np.concatenate(rows), columns=COLUMNS, value_range=(0.0, 1.0)
    )
    return kerasgan.callbacks.save_image(grid, path)


def tested(
    reconstruct: Reconstruct,
    validation: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    false_alarms: float,
) -> dict[str, float]:
    """Returns the figures of a detector on test pictures, with the threshold of validation pictures."""
    x, abnormal = test
    score = score_of(reconstruct)
    detection = AnomalyDetection(
        validation[0], validation[1], score=score, false_alarms=false_alarms
    )
    on_test = AnomalyDetection(x, abnormal, score=score)
    validation_auroc = detection.measure()
    called = detection.is_abnormal(x)
    return {
        "auroc": round(on_test.measure(), 4),
        "validation_auroc": round(validation_auroc, 4),
        "threshold": round(detection.threshold, 5),
        "false_alarms": round(float(called[~abnormal].mean()), 4),
        "found": round(float(called[abnormal].mean()), 4),
    }


def main() -> None:
    """Trains, compares and draws."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="pictures (default: drawn rings)"
    )
    parser.add_argument("--image-size", type=int, help="height and width (default: 48)")
    parser.add_argument(
        "--channels", type=int, choices=[1, 3], default=1, help="1: gray, 3: color (default: 1)"
    )
    parser.add_argument("--code-size", type=int, default=16, help="length of a code (default: 16)")
    parser.add_argument(
        "--filters", type=int, default=8, help="channels of the first convolution (default: 8)"
    )
    parser.add_argument("--rounds", type=int, help="rounds of the game (default: 1000)")
    parser.add_argument(
        "--false-alarms",
        type=float,
        default=0.05,
        help="share of the normal validation pictures above the threshold (default: 0.05)",
    )
    command_line.add_common_options(parser, toy="few small pictures and 4 rounds")
    options = parser.parse_args()
    command_line.require_positive(
        parser,
        rounds=options.rounds,
        image_size=options.image_size,
        code_size=options.code_size,
        filters=options.filters,
    )
    toy = options.size == "toy"
    rounds = options.rounds or (4 if toy else 1000)
    options.image_size = options.image_size or (16 if toy else 48)
    if not 0 <= options.false_alarms < 1:
        parser.error(f"--false-alarms must be from 0 to below 1, not {options.false_alarms}")
    with command_line.errors_of(parser, f"--data {options.data}"):
        normal, abnormal = load(options)
    pictures, models = command_line.output_folders(options.output, "anomaly_pictures")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    train, *normal_parts = shuffled_parts(normal, [0.6, 0.2, 0.2], options.seed)
    abnormal_parts = shuffled_parts(abnormal, [0.5, 0.5], options.seed)
    validation, test = map(labeled, normal_parts, abnormal_parts)
    epochs = math.ceil(rounds / math.ceil(len(train) / BATCH_SIZE))

    model = adversarial_auto_encoder(train.shape[1:], options)

    def reconstruct(samples: np.ndarray) -> np.ndarray:
        return model.reconstruct(samples, seed=0)

    detection = AnomalyDetection(
        *validation, score=score_of(reconstruct), false_alarms=options.false_alarms
    )
    model.fit(train, batch_size=BATCH_SIZE, epochs=epochs, verbose=2, callbacks=[detection])
    model.save(models / "aae.keras")

    detectors = {
        "adversarial_auto_encoder": reconstruct,
        "auto_encoder": auto_encoder(train, epochs, options),
        "pca": pca(train, options),
    }
    found = {
        name: tested(each, validation, test, options.false_alarms)
        for name, each in detectors.items()
    }
    x, is_abnormal = test
    picture = picture_of(
        x,
        is_abnormal,
        heat(x, reconstruct),
        detection.threshold,
        pictures / "heat.png",
        options.seed,
    )
    for name, figures in found.items():
        print(
            f"{name:25} AUROC {figures['auroc']:.3f}, finds {figures['found']:.0%} at "
            f"{figures['false_alarms']:.0%} false alarms"
        )
    print(f"\nPictures above their heat maps: {picture.resolve()}")
    answer = {
        "shape": train.shape[1:],
        "pictures": {
            "train": len(train),
            "validation": [int((validation[1] == kind).sum()) for kind in (False, True)],
            "test": [int((is_abnormal == kind).sum()) for kind in (False, True)],
        },
        "epochs": epochs,
        "results": found,
    }
    command_line.print_answer(answer, [picture, models / "aae.keras"], start)


if __name__ == "__main__":
    main()
