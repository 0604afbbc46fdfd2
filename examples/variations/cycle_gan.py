"""Learns to change the style of handwritten digits and to change it back, from unpaired images.

    python examples/variations/cycle_gan.py
    python examples/variations/cycle_gan.py --data mnist

Without `--data`, the digits are scikit-learn's 8×8 ones, which need no download. `mnist` is downloaded by
Keras. You can also give an .npz file of labeled images with the same layout. Larger images are halved.

Domain A has digits as they are, white on black. Domain B has digits of other people, bold, and black on
white. Training uses no labels.

There is a support vector machine for each domain, trained on real images of this domain and their labels. It
reads held-out digits that were translated to its domain. It reads few of them right if the style is wrong, or
if a digit has become another one. The discriminators do not notice the latter. The script also prints the
figures of untranslated digits, and of real digits of the domain.

The rows of the picture: A, translated to B, and back; B, translated to A, and back.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import keras
import numpy as np

import kerasgan

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where `command_line.py` is
import command_line

with command_line.extra("examples"):
    from sklearn.svm import SVC

layers = keras.layers
BATCH_SIZE = 32
STEPS_PER_EPOCH = 50
JUDGED = 2000


def styled(images: np.ndarray) -> np.ndarray:
    """Returns digits in the style of domain B: wider by a pixel on each side, and black on white."""
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-1)
    moves = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    return -np.max([padded[:, y : y + height, x : x + width] for y, x in moves], axis=0)


def halved(images: np.ndarray) -> np.ndarray:
    """Returns images at half their size if they are larger than 16 pixels."""
    corners = [images[:, y::2, x::2] for y in (0, 1) for x in (0, 1)]
    return images if images.shape[1] <= 16 else np.mean(corners, axis=0)


def generator(shape: tuple[int, ...], filters: int = 16) -> keras.Model:
    """Returns a residual network from images to images. Most of it works at half their size."""
    # Without it, translations of MNIST go blank. With it, 8×8 images keep too little to tell digits apart.
    normalized = shape[0] > 8

    def block(inputs: keras.KerasTensor, units: int, stride: int = 1) -> keras.KerasTensor:
        outputs = layers.Conv2D(units, 3, stride, padding="same", use_bias=not normalized)(inputs)
        return layers.ReLU()(layers.GroupNormalization(-1)(outputs) if normalized else outputs)

    inputs = keras.Input(shape)
    coarse = block(block(inputs, filters), 2 * filters, stride=2)
    for _ in range(2):
        coarse = layers.Add()([coarse, block(block(coarse, 2 * filters), 2 * filters)])
    fine = block(layers.UpSampling2D()(coarse), filters)
    return keras.Model(inputs, layers.Conv2D(shape[-1], 3, padding="same", activation="tanh")(fine))


def discriminator(shape: tuple[int, ...], filters: int = 16) -> keras.Model:
    """Returns a discriminator of patches, with linear scores."""
    hidden = [
        layers.Conv2D(units, 4, stride, padding="same", activation="leaky_relu")
        for units, stride in ((filters, 2), (2 * filters, 2 if shape[0] > 8 else 1))
    ]
    return keras.Sequential([keras.Input(shape), *hidden, layers.Conv2D(1, 3, padding="same")])


def judge(images: np.ndarray, labels: np.ndarray) -> SVC:
    """Returns a classifier of a domain."""
    return SVC(C=5).fit(flat(images[:5000]), labels[:5000])


def flat(images: np.ndarray) -> np.ndarray:
    """Returns images as rows of numbers."""
    return images.reshape(len(images), -1)


def main() -> None:
    """Trains, measures and draws."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument("--data", default="digits", help="digits (default), mnist or FILE.npz")
    parser.add_argument("--steps", type=int, default=800, help="number of steps (default: 800)")
    command_line.add_common_options(parser, output="outputs/cycle_gan")
    options = parser.parse_args()
    if options.steps < 2 * STEPS_PER_EPOCH:
        parser.error(f"--steps must be at least {2 * STEPS_PER_EPOCH}, not {options.steps}")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    with command_line.errors_of(parser, "--data"):
        data = command_line.load_with_test_images(options.data, test_fraction=0.2)
        if data.y is None or data.x_test is None or data.y_test is None:
            raise ValueError(f"{options.data} has no labels or no test images")
    cut = len(data) * 2 // 5
    a, b = halved(data.x[:cut]), halved(styled(data.x[cut:]))
    held_out, labels = data.x_test[:JUDGED], data.y_test[:JUDGED]
    tests = {"a": halved(held_out), "b": halved(styled(held_out))}
    judges = {"a": judge(a, data.y[:cut]), "b": judge(b, data.y[cut:])}

    makers = (generator, generator, discriminator, discriminator)
    model = kerasgan.CycleGAN(*(make(a.shape[1:]) for make in makers))
    rate = keras.optimizers.schedules.CosineDecay(1e-3, options.steps)
    adam, other = (keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2))
    model.compile(adam, other, steps_per_execution=10)
    batches = kerasgan.datasets.unpaired(a, b, BATCH_SIZE, seed=options.seed).repeat()
    lengths = {"epochs": options.steps // STEPS_PER_EPOCH, "steps_per_epoch": STEPS_PER_EPOCH}
    log = model.fit(batches, verbose=2, **lengths).history
    seconds = time.perf_counter() - start

    figures, rows = {}, []
    print(
        f"\nA classifier of the target domain reads {len(labels):,} held-out digits. It is right about:"
    )
    shown = [np.flatnonzero(labels == digit)[0] for digit in range(10)]
    for source, target in (("a", "b"), ("b", "a")):
        translated = model.translate(tests[source], to=target)
        rows += [tests[source][shown], translated[shown]]
        rows += [model.translate(translated[shown], to=source)]
        judged = {"translated": translated, "untranslated": tests[source], "real": tests[target]}
        for name, images in judged.items():
            score = float(judges[target].score(flat(images), labels))
            figures[f"{name}_{source}_to_{target}"] = round(score, 4)
            print(f"  {source} to {target}, {name}: {score:.1%}")
        cycle = log[f"cycle_error_{source}"]
        for when, mean in (("first", cycle[0]), ("last", cycle[-1])):
            figures[f"{when}_cycle_error_{source}"] = round(mean, 4)
            print(f"  cycle error of {source}, {when} {STEPS_PER_EPOCH} steps: {mean:.3f}")
    picture = options.output / "cycle_gan.png"
    grid = kerasgan.callbacks.image_grid(np.concatenate(rows), rows=len(rows), columns=len(shown))
    kerasgan.callbacks.save_image(grid, picture)

    print(f"{seconds:.0f} seconds. Picture: {picture.resolve()}")
    answer = {"seed": options.seed, "steps": options.steps, "seconds": round(seconds, 1)}
    command_line.print_answer({**answer, **figures}, [picture])


if __name__ == "__main__":
    main()
