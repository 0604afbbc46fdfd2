"""Learns to read digits from a few labeled images and many unlabeled ones (Salimans et al. 2016).

    python examples/variations/semi_supervised.py
    python examples/variations/semi_supervised.py --data mnist --labels 100 --epochs 22

`--labels` training images have labels, equally many of each class. The other labels are not used. There are
no convolutions, so the net does not know the order of the pixels. The classifier is the discriminator of a
GAN. It has weight normalization and Gaussian noise. The generator matches the mean of its last hidden layer.

For comparison, the same classifier is also trained on the labeled images alone. The test images are used only
once, at the end. The picture shows labeled images on the left and generated ones on the right.

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

import kerasgan
from kerasgan.layers import WeightNormalization, initialize_from_data

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where `command_line.py` is
import command_line

BATCH_SIZE, LABELED = 100, 20


def dense(units: int, trainable_scale: bool = False) -> keras.layers.Layer:
    """Returns a dense layer with normalized weights. The longer they are, the more slowly they turn."""
    longer = keras.initializers.RandomNormal(stddev=0.1)
    layer = layers.Dense(units, use_bias=False, kernel_initializer=longer)
    return WeightNormalization(layer, trainable_scale)


def classifier(x: np.ndarray, units: list[int], first: float, others: float) -> keras.Model:
    """Returns the paper's classifier: Gaussian noise before each layer, ten logits at the end."""
    net = keras.Sequential([keras.Input(x.shape[1:]), layers.GaussianNoise(first)])
    for size in units:
        net.add(dense(size))
        net.add(layers.ReLU())
        net.add(layers.GaussianNoise(others))
    net.add(dense(10, trainable_scale=True))
    initialize_from_data(net, x[:500])
    return net


def generator(x: np.ndarray, units: list[int]) -> keras.Model:
    """Returns the paper's generator: softplus units, batch normalization, pixels in [0, 1]."""
    net = keras.Sequential([keras.Input((100,))])
    for size in units:
        net.add(layers.Dense(size, use_bias=False))
        net.add(layers.BatchNormalization(scale=False))
        net.add(layers.Activation("softplus"))
    # Not a sigmoid as in the paper's code: a saturated pixel has no gradient, and the classifier sees it.
    net.add(WeightNormalization(layers.Dense(x.shape[1], use_bias=False)))
    # It starts near the mean image.
    net.layers[-1].bias.assign(np.log(np.expm1(np.maximum(x.mean(axis=0), 1e-3))))
    net.add(layers.Activation("softplus"))
    return net


def adam(steps: int) -> keras.optimizers.Optimizer:
    """Returns Adam whose learning rate falls to zero in the second half of the given steps."""
    half, rate = steps // 2, 3e-3
    schedule = keras.optimizers.schedules.CosineDecay(
        rate, steps - half, warmup_target=rate, warmup_steps=half
    )
    return keras.optimizers.Adam(schedule, beta_1=0.5)


def supervised(net: keras.Model, x: np.ndarray, y: np.ndarray, steps: int) -> keras.Model:
    """Trains a network on the labeled images alone, and returns it."""
    net.compile(adam(steps), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    batches = kerasgan.datasets.Dataset(x, y).batches(min(BATCH_SIZE, len(x)), seed=0)
    net.fit(batches.repeat(), steps_per_epoch=steps, shuffle=False, verbose=0)
    return net


def semi_supervised(
    net: keras.Model, maker: keras.Model, x: np.ndarray, y: np.ndarray, epochs: int, seed: int
) -> kerasgan.SemiSupervisedGAN:
    """Trains the game on all images, and returns it."""
    features = [layer.name for layer in net.layers if isinstance(layer, layers.ReLU)][-1]
    gan = kerasgan.SemiSupervisedGAN(maker, net, features, prior="uniform")
    batches = kerasgan.datasets.partially_labeled(x, y, BATCH_SIZE, LABELED, seed)
    steps = epochs * len(batches)
    gan.compile(adam(steps), adam(steps), steps_per_execution=25)
    gan.fit(batches, epochs=epochs, verbose=2)
    return gan


def main() -> None:
    """Trains, counts errors and draws."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--data", default="digits", metavar="digits|mnist|FILE.npz", help="default: digits"
    )
    parser.add_argument("--labels", type=int, default=100, help="number of labels (default: 100)")
    parser.add_argument("--epochs", type=int, default=60, help="number of epochs (default: 60)")
    command_line.add_common_options(parser, output="outputs/semi_supervised")
    options = parser.parse_args()
    command_line.require_positive(parser, epochs=options.epochs)
    with command_line.errors_of(parser, f"--data {options.data}, --labels {options.labels}"):
        data = command_line.load_with_test_images(
            options.data, test_fraction=0.25, normalization="min_max"
        )
        if data.y is None or data.x_test is None or data.number_of_classes != 10:
            raise ValueError("images of ten classes and labeled test images are needed")
        y = kerasgan.datasets.keep_labels(data.y, options.labels // 10, options.seed)

    start, cpu = time.perf_counter(), time.process_time()
    keras.utils.set_random_seed(options.seed)
    x, x_test = (each.reshape(len(each), -1) for each in (data.x, data.x_test))
    is_large = x.shape[1] > 400
    units = [1000, 500, 250, 250, 250] if is_large else [256, 64]
    shape = (units, 0.3, 0.5) if is_large else (units, 0.2, 0.3)
    net = classifier(x, *shape)
    maker = generator(x, [500, 500] if is_large else [128, 128])
    model = semi_supervised(net, maker, x, y, options.epochs, options.seed)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    steps = min(2000, options.epochs * len(x) // BATCH_SIZE)
    alone = supervised(classifier(x, *shape), x[y >= 0], y[y >= 0], steps)

    scores = model.classify(x_test), alone.predict(x_test, verbose=0)
    wrong, baseline = (int((each.argmax(axis=1) != data.y_test).sum()) for each in scores)
    known = x[y >= 0][np.argsort(y[y >= 0])].reshape(10, -1, x.shape[1])[:, :10]
    rows = np.concatenate([known, model.generate(100, seed=0).reshape(10, 10, -1)], axis=1)
    rows = rows.reshape(-1, *data.sample_shape)
    grid = kerasgan.callbacks.image_grid(rows, rows=10, value_range=(0, 1))
    picture = kerasgan.callbacks.save_image(grid, options.output / "semi_supervised.png")
    print(f"\nErrors on {len(x_test):,} test images: {wrong} (labels alone: {baseline})")
    answer = {"seed": options.seed, "epochs": options.epochs, "labels": int((y >= 0).sum())}
    answer |= {"errors": wrong, "errors_of_labels_alone": baseline, "seconds": round(seconds, 1)}
    answer["processor_seconds"] = round(cpu_seconds, 1)
    command_line.print_answer(answer, [picture])


if __name__ == "__main__":
    main()
