"""Learns a normal distribution in one dimension, and draws how it learns.

This is the smallest GAN. The generator turns uniform noise on [0, 1] into N(0.3, 0.1). Both networks are
perceptrons with hidden layers of 10, 20 and 10 sigmoid units. The discriminator takes 10 steps for each step
of the generator. Both learn with Adam.

Each picture has two panels. The upper panel shows the density of the data, the density of generated samples,
and D(x). The lower panel shows the map from z to G(z). The generator's density is a histogram of many
samples, so it is right for any map. A formula with |dz/dx| would fail for a map that goes up and down, or for
a flat one that puts all samples on one spot.

`--modern` plays a game that converges instead of circling around the right place. It uses differences between
scores (the relativistic loss), the gradient penalties R1 and R2, and learning rates that fall to zero. Its
generator is not bound to (0, 1), so it can learn any normal distribution.

The mean and the standard deviation can be right although the shape is wrong. So the table also has the
distance between the two distributions: the largest difference between their cumulative distributions. Between
a uniform and a normal distribution with equal means and standard deviations, it is 0.06.

    python examples/gaussian_1d.py
    python examples/gaussian_1d.py --seeds 5
    python examples/gaussian_1d.py --modern --mean 4 --stddev 1.25
    python examples/gaussian_1d.py --show
"""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import command_line
import keras
import numpy as np
from PIL import Image

import kerasgan

with command_line.extra("examples"):
    from matplotlib.figure import Figure

NOISE = kerasgan.priors.Uniform(low=0.0, high=1.0)


def original(every: int) -> kerasgan.GAN:
    """Returns the game of Goodfellow et al. 2014, Algorithm 1, with k = 10."""

    def network(name: str) -> keras.Model:
        # The slope of a sigmoid is 1/4. So by Glorot and Bengio (2010) it needs weights four times as large
        # as a tanh. With smaller weights, the generator is flat for the first 1,000 steps.
        initializer = keras.initializers.VarianceScaling(16.0, "fan_avg", "uniform")
        units, sigmoid = [10, 20, 10], "sigmoid"
        return kerasgan.networks.mlp(
            1, units, 1, sigmoid, sigmoid, kernel_initializer=initializer, name=name
        )

    gan = kerasgan.GAN(network("generator"), network("discriminator"), prior=NOISE)
    gan.compile(
        generator_optimizer=keras.optimizers.Adam(1e-3),
        discriminator_optimizer=keras.optimizers.Adam(1e-3),
        loss="minimax",
        discriminator_steps=10,
        steps_per_execution=every,
    )
    return gan


def modern(every: int, steps: int, data: np.ndarray) -> kerasgan.GAN:
    """Returns the relativistic game with R1 and R2 (Huang et al. 2024), which converges."""

    def network(name: str, first: keras.Layer, last: list[keras.Layer]) -> keras.Model:
        # Steep units at random positions see the shape of a density. The usual units are flat and centered
        # on zero. They see little but mean and variance, and take a uniform distribution for a normal one.
        steep = keras.initializers.RandomNormal(stddev=2.0)
        hidden = [
            keras.layers.Dense(
                64, "tanh", kernel_initializer=steep, bias_initializer=steep.clone()
            ),
            keras.layers.Dense(64, "tanh"),
        ]
        return keras.Sequential(
            [keras.Input((1,)), first, *hidden, keras.layers.Dense(1), *last], name=name
        )

    def optimizer() -> keras.optimizers.Optimizer:
        rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
        return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)

    # Both networks work on data with mean 0 and variance 1. The noise is spread to [-1, 1].
    scale = {"mean": float(data.mean()), "variance": float(data.var())}
    generator = network(
        "generator",
        keras.layers.Rescaling(2.0, offset=-1.0),
        [keras.layers.Normalization(**scale, invert=True)],
    )
    discriminator = network("discriminator", keras.layers.Normalization(**scale), [])
    # The penalties are per unit of x, squared. Times the variance, they are per unit of the scaled data.
    weight = scale["variance"]
    gan = kerasgan.GAN(generator, discriminator, prior=NOISE)
    gan.compile(
        generator_optimizer=optimizer(),
        discriminator_optimizer=optimizer(),
        loss="relativistic",
        penalties=[kerasgan.penalties.R1(weight), kerasgan.penalties.R2(weight)],
        steps_per_execution=every,
    )
    return gan


class Panels(keras.callbacks.Callback):
    """Draws the two panels, into files and into a window if there is one."""

    def __init__(self, figure: Figure, data: np.ndarray, folder: Path, every: int) -> None:
        super().__init__()
        self.figure, self.data, self.folder, self.every = figure, data, folder, every
        self.live = figure.canvas.manager is not None  # It has a window.
        self.paths: list[Path] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Draws after every epoch for a window, and after some epochs for a file."""
        step = (epoch + 1) * self.params["steps"]
        if self.live or step % self.every == 0:
            self.draw(f"step {step}")
        if step % self.every == 0:
            self.save(f"step_{step:05d}.png")

    def draw(self, title: str) -> None:
        """Draws both panels again."""
        low, high = self.data.mean() + np.array([-5, 5]) * self.data.std()
        x = np.linspace(low, high, 200, dtype="float32")[:, None]
        # Evenly spaced noise instead of random noise, for a smooth histogram.
        z = ((np.arange(50_000) + 0.5) / 50_000).astype("float32")[:, None]
        generated = self.model.generator.predict(z, batch_size=len(z), verbose=0)

        self.figure.clear()
        upper, lower = self.figure.subplots(2)
        bins = np.linspace(low, high, 101)
        for samples, label in ((self.data, "data"), (generated, "generated")):
            # Samples outside the panel count too, so that the visible area is the true share.
            weights = np.full(len(samples), 1 / len(samples) / (bins[1] - bins[0]))
            upper.hist(samples.ravel(), bins, weights=weights, alpha=0.5, label=label)
        # A flat generator has no density. Its bar is cut off at the top.
        upper.set(title=title, xlim=(low, high), ylim=(0, 0.8 / self.data.std()), ylabel="density")
        belief = upper.twinx()
        belief.plot(x, self.belief(x, generated), "k", label="D(x)")
        belief.set(ylim=(0, 1), ylabel="D(x)")
        upper.legend(loc="upper left", framealpha=1)
        belief.legend(loc="upper right", framealpha=1)
        lower.plot(z[::250], generated[::250])
        lower.set(xlim=(0, 1), ylim=(low, high), xlabel="z", ylabel="G(z)")
        if self.live:
            self.figure.canvas.draw_idle()
            self.figure.canvas.start_event_loop(0.001)

    def belief(self, x: np.ndarray, generated: np.ndarray) -> np.ndarray:
        """Returns the probability that x is real. Relative scores compare x with generated samples."""
        judgment = self.model.discriminate(x)
        if not isinstance(self.model.adversary.loss, kerasgan.losses.Relativistic):
            return judgment
        difference = judgment[:, None] - self.model.discriminate(generated[::250])
        return (1 / (1 + np.exp(-difference))).mean(axis=1)

    def save(self, name: str) -> None:
        """Writes the picture as a file."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png")
        path = kerasgan.callbacks.save_image(Image.open(buffer), self.folder / name)
        self.paths.append(path.resolve())


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Returns the largest difference between two cumulative distributions (Kolmogorov-Smirnov)."""
    a, b = np.sort(a.ravel()), np.sort(b.ravel())
    x = np.concatenate([a, b])
    below = [np.searchsorted(each, x, side="right") / len(each) for each in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def main() -> None:
    """Trains one GAN for each seed."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument("--modern", action="store_true", help="relativistic loss, with R1 and R2")
    parser.add_argument("--mean", type=float, default=0.3, help="mean of the data (default: 0.3)")
    parser.add_argument(
        "--stddev", type=float, default=0.1, help="standard deviation of the data (default: 0.1)"
    )
    parser.add_argument("--show", action="store_true", help="show the pictures in a window")
    parser.add_argument(
        "--every",
        type=int,
        default=100,
        help="steps between two pictures in the window (default: 100)",
    )
    command_line.add_common_options(
        parser, toy="300 steps", output="outputs/gaussian_1d", several_seeds=True
    )
    options = parser.parse_args()
    steps = 3000 if options.size == "full" else 300
    if options.every < 1 or steps // 3 % options.every:
        parser.error(f"--every must divide {steps // 3}")
    if options.stddev <= 0 or options.seeds < 1:
        parser.error("--stddev and --seeds must be positive")
    if not options.modern and abs(options.mean - 0.5) + 3 * options.stddev > 0.5 + 1e-9:
        parser.error(
            f"N({options.mean}, {options.stddev}) does not lie in (0, 1), and this generator ends in a "
            "sigmoid, so it draws only numbers in (0, 1): add --modern"
        )
    figure = Figure(figsize=(7, 7), layout="tight")
    if options.show:
        from matplotlib import pyplot  # Only this opens windows.

        if pyplot.get_backend().lower() == "agg":
            parser.error(
                "--show needs a screen, and Matplotlib needs a package to draw on it, such as PyQt6"
            )
        pyplot.ion()
        figure = pyplot.figure(figsize=(7, 7), layout="tight")
        figure.show()

    results = []
    paths = []
    for seed in range(options.seed, options.seed + options.seeds):
        start = time.perf_counter(), time.process_time()
        keras.utils.set_random_seed(seed)
        data = kerasgan.datasets.gaussian(options.mean, options.stddev, count=64_000, seed=seed).x
        gan = modern(options.every, steps, data) if options.modern else original(options.every)
        folder = options.output / f"seed_{seed}" if options.seeds > 1 else options.output
        panels = Panels(figure, data, folder, every=steps // 3)
        gan.fit(
            data,
            batch_size=256 if options.modern else 64,
            steps_per_epoch=options.every,
            epochs=steps // options.every,
            callbacks=[panels],
        )
        samples = gan.generate(100_000, seed=0, batch_size=100_000)
        panels.draw(f"mean {samples.mean():.3f}, standard deviation {samples.std():.3f}")
        panels.save("final.png")
        paths += panels.paths
        results.append(
            {
                "seed": seed,
                "mean": round(float(samples.mean()), 4),
                "stddev": round(float(samples.std()), 4),
                "distance": round(distance(samples, data), 4),
                "seconds": round(time.perf_counter() - start[0], 1),
                "cpu_seconds": round(time.process_time() - start[1], 1),
            }
        )

    print(f"\n{'seed':>8}  {'mean':>6}  {'stddev':>6}  {'distance':>8}  {'seconds':>7}  {'CPU':>5}")
    row = (
        "{seed:>8}  {mean:6.3f}  {stddev:6.3f}  {distance:8.3f}  {seconds:7.1f}  {cpu_seconds:5.1f}"
    )
    for result in results:
        print(row.format(**result))
    averages = {
        key: round(float(np.mean([result[key] for result in results])), 4)
        for key in ("mean", "stddev", "distance", "seconds", "cpu_seconds")
    }
    print(row.format(seed="average", **averages))
    print(f"  wanted  {options.mean:6.3f}  {options.stddev:6.3f}")
    print(f"\nPictures: {options.output.resolve()}")
    command_line.print_answer({**averages, "runs": results}, paths)
    if options.show:
        pyplot.ioff()
        pyplot.show()


if __name__ == "__main__":
    main()
