"""Draws images at 8×8, then 16×16, then 32×32: both networks grow during training (Karras et al. 2018).

    python examples/variations/progressive.py
    python examples/variations/progressive.py --data fashion_mnist

The default data are scikit-learn's digits, enlarged, which need no download. `mnist` and `fashion_mnist` are
downloaded by Keras. You can also give an .npz file of labeled images of up to 32×32 with the same layout.

`ProgressiveGenerator` and `ProgressiveDiscriminator` have all their blocks from the start. The callback
`ProgressiveGrowing` counts rounds. It sets how many blocks are in use, and how far the next one is faded in.
Most rounds are played at low resolution, where they cost little.

For comparison, the same networks also train at 32×32 from the start, for as much processor time. (Other
programs do not disturb processor time.) Two distances compare both: the kernel distance and the Fréchet
distance, in the features of a small classifier, between samples and real images. Smaller is better.

The rows of the picture: samples of the growing generator at 8×8, on the way to 16×16, at 16×16, on the way to
32×32, and at the end; samples of the generator that did not grow; and real images.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import kerasgan

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where `command_line.py` is
import command_line

SIZE, LATENT, BATCH_SIZE, COLUMNS = 32, 64, 32, 12
FILTERS = [32, 32, 24]  # at 8×8, 16×16 and 32×32


def load(name: str) -> kerasgan.datasets.Dataset:
    """Returns labeled images of up to 32×32, or raises an error that says what is wrong with them."""
    data = kerasgan.datasets.load(name, **({"size": SIZE} if name == "digits" else {}))
    if data.y is None or not data.images or max(data.sample_shape[:2]) > SIZE:
        raise ValueError(f"labeled images of up to {SIZE}×{SIZE} are needed")
    return data


def with_margin(images: np.ndarray) -> np.ndarray:
    """Returns images of 32×32, with a black margin around smaller ones."""
    margins = [((SIZE - axis) // 2, (SIZE - axis + 1) // 2) for axis in images.shape[1:3]]
    return np.pad(images, [(0, 0), *margins, (0, 0)], constant_values=-1.0)


def make_game(channels: int, options: argparse.Namespace, grows: bool) -> kerasgan.GAN:
    """Returns a game of networks that grow, or of the same networks at full size."""
    keras.utils.set_random_seed(options.seed)
    sizes: dict[str, Any] = {"levels": len(FILTERS), "filters": FILTERS, "convolutions": 1}
    players = [
        kerasgan.networks.ProgressiveGenerator(LATENT, (SIZE, SIZE, channels), **sizes),
        kerasgan.networks.ProgressiveDiscriminator((SIZE, SIZE, channels), **sizes),
    ]
    gan = kerasgan.GAN(*(players if grows else [player.grown_model() for player in players]))
    gan.compile(
        generator_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99),
        discriminator_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99),
        # The second derivatives take long to trace.
        penalties=[] if options.size == "toy" else [kerasgan.penalties.R1(0.1)],
        generator_ema=0.98,
        steps_per_execution=10,
    )
    return gan


def main() -> None:
    """Trains both games for the same time, compares and draws."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument("--data", default="digits", metavar="NAME|FILE.npz", help="default: digits")
    parser.add_argument(
        "--rounds", type=int, help="rounds of the networks that grow (default: 1500)"
    )
    command_line.add_common_options(parser, toy="12 rounds", output="outputs/progressive")
    options = parser.parse_args()
    default = 12 if options.size == "toy" else 1500
    rounds = default if options.rounds is None else options.rounds
    if rounds < 12:
        parser.error(f"--rounds must be 12 or more, not {rounds}")
    with command_line.errors_of(parser, f"--data {options.data}"):
        data = load(options.data)
    if options.size == "toy":
        data = data.take(min(100, len(data)))
    x, unit = with_margin(data.x), rounds // 6
    fit: dict[str, Any] = {"x": x, "batch_size": BATCH_SIZE, "steps_per_epoch": unit, "verbose": 2}

    start = time.process_time()
    growing = make_game(x.shape[-1], options, grows=True)
    schedule = kerasgan.callbacks.ProgressiveGrowing([2 * unit, unit], fade_in_rounds=unit)
    growths, stages = [0.001, 0.5, 1.001, 1.5], []  # a level begins to show just after 0 and 1

    def keep_samples(batch: int, logs: Any) -> None:
        while growths and growing.generator.growth >= growths[0]:
            growths.pop(0)
            stages.append(growing.generate(COLUMNS, seed=1))

    keeper = keras.callbacks.LambdaCallback(on_train_batch_end=keep_samples)
    growing.fit(epochs=6, callbacks=[schedule, keeper], **fit)
    middle = time.process_time()
    direct = make_game(x.shape[-1], options, grows=False)

    def stop_in_time(batch: int, logs: Any) -> None:
        direct.stop_training = time.process_time() - middle > middle - start

    clock = keras.callbacks.LambdaCallback(on_train_batch_end=stop_in_time)
    direct.fit(epochs=10**6, callbacks=[clock], **fit)
    seconds = {"seconds": middle - start, "seconds_direct": time.process_time() - middle}

    chosen = np.random.default_rng(0).permutation(len(x))[:5000]
    labels = np.asarray(data.y)
    features = kerasgan.metrics.classifier_features(x[:10000], labels[:10000], epochs=3)
    figures: dict[str, float] = {}
    for suffix, gan in (("", growing), ("_direct", direct)):
        samples = gan.generate(len(chosen), seed=0)
        for kind in (kerasgan.metrics.KernelDistance, kerasgan.metrics.FrechetDistance):
            metric = kind(features)
            metric.update_state(x[chosen], samples)
            figures[metric.name + suffix] = round(float(metric.result()), 3)
    ends = [gan.generate(COLUMNS, seed=1) for gan in (growing, direct)]
    images = np.concatenate([*stages, *ends, x[chosen[:COLUMNS]]])
    grid = kerasgan.callbacks.image_grid(images, columns=COLUMNS)
    picture = kerasgan.callbacks.save_image(grid, options.output / "progressive.png")

    played = int(direct.optimizer.iterations)
    print(
        f"\nIn {seconds['seconds']:.0f} seconds of processor time each, grown | at 32×32 from the start:"
    )
    print(f"  rounds:           {rounds:8,} | {played:8,}")
    for name in ("kernel_distance", "frechet_distance"):
        print(f"  {name + ':':17} {figures[name]:8.2f} | {figures[name + '_direct']:8.2f}")
    print(f"Picture: {picture.resolve()}")
    answer = {"seed": options.seed, "rounds": rounds, "rounds_direct": played, **figures}
    answer |= {name: round(value, 1) for name, value in seconds.items()}
    command_line.print_answer(answer, [picture])


if __name__ == "__main__":
    main()
