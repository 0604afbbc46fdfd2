"""Learns sequences: noisy sine waves, drawn by a recurrent generator.

A sequence has 30 steps of 5 values: 1.65 waves with an amplitude of 0.5, under normal noise with a standard
deviation of 1. All values are scaled to mean 0 and standard deviation 1. The wave is visible in the mean over
many sequences. A single sequence is mostly noise, and the generator must learn that too.

The generator is an LSTM of 32 units that gets new noise at every step. The discriminator is a perceptron, an
LSTM or a one-dimensional convolution. It takes 10 steps for each step of the generator, on batches of 20:

    python examples/sine_waves.py
    python examples/sine_waves.py --discriminator lstm
    python examples/sine_waves.py --noise 0.1 --seeds 3

A mean probability near 0.5 can mean two things: real and generated sequences are alike, or the discriminator
has learned nothing. So the script also prints two accuracies on data that the game has not seen: that of the
discriminator, and that of a fresh classifier, which is trained only to tell real from generated sequences.
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
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

LENGTH, DIMENSIONS = 30, 5
EPOCH, STEPS_PER_EXECUTION = 500, 50
SHAPE = (LENGTH, DIMENSIONS)
DISCRIMINATORS = {
    "mlp": lambda: kerasgan.networks.mlp(SHAPE, [150], activation="leaky_relu"),
    "lstm": lambda: kerasgan.networks.lstm_discriminator(SHAPE, 32),
    "convolution": lambda: kerasgan.networks.convolutional_sequence_discriminator(SHAPE, 16),
}


def game(discriminator: str, iterations: int, steps_per_execution: int) -> kerasgan.GAN:
    """Returns the compiled GAN."""

    def optimizer(steps: int) -> keras.optimizers.Optimizer:
        # With a falling learning rate, the players settle instead of circling around each other.
        rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
        return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)

    generator = kerasgan.networks.lstm_generator(SHAPE, SHAPE, units=32)
    gan = kerasgan.GAN(generator, DISCRIMINATORS[discriminator]())
    gan.compile(
        generator_optimizer=optimizer(iterations),
        discriminator_optimizer=optimizer(10 * iterations),
        penalties=[kerasgan.penalties.R1(0.1), kerasgan.penalties.R2(0.1)],
        discriminator_steps=10,
        steps_per_execution=steps_per_execution,
        # XLA compiles for 15 seconds, which a short run does not regain.
        jit_compile="auto" if iterations > 100 else False,
    )
    return gan


def verdict(gan: kerasgan.GAN, real: np.ndarray, generated: np.ndarray) -> dict[str, float]:
    """Compares generated sequences with real ones that the game has not seen."""
    right = [gan.discriminate(real) > 0.5, gan.discriminate(generated) <= 0.5]
    x = np.concatenate([real, generated]).reshape(-1, LENGTH * DIMENSIONS)
    y = np.repeat([1, 0], [len(real), len(generated)])
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.25, random_state=0, stratify=y)
    classifier = MLPClassifier([64], early_stopping=True, alpha=1e-3, random_state=0)
    # Both have equally many numbers. So with both in sorted order, this is the exact distance.
    wasserstein = np.abs(np.sort(real, axis=None) - np.sort(generated, axis=None)).mean()
    mean_curve = generated.mean(axis=(0, 2))
    return {
        "correlation": float(np.corrcoef(mean_curve, kerasgan.datasets.sine_wave(LENGTH))[0, 1]),
        "wasserstein": float(wasserstein),
        "discriminator_accuracy": float(np.mean(right)),
        "fresh_classifier_accuracy": float(classifier.fit(x, y).score(x_test, y_test)),
    }


def draw(real: np.ndarray, generated: np.ndarray, clean: np.ndarray, path: Path) -> Path:
    """Draws real sequences on the left and generated ones on the right: single ones above, the mean below."""
    figure = Figure(figsize=(11, 6), layout="tight")
    panels = figure.subplots(2, 2, sharex=True, sharey="row")
    for column, (samples, title) in enumerate([(real, "real"), (generated, "generated")]):
        upper, lower = panels[:, column]
        upper.plot(samples[:3, :, 0].T)
        upper.set_title(f"{title}: three sequences, first dimension")
        mean, spread = samples.mean(axis=0), samples.std(axis=(0, 2))
        lower.plot(mean)
        lower.plot(clean, "k--", label="clean wave")
        lower.plot(spread, "k:", label="standard deviation")
        lower.set(title=f"{title}: means of {len(samples)} sequences", xlabel="step")
    panels[1, 0].legend()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return kerasgan.callbacks.save_image(Image.open(buffer), path)


def main() -> None:
    """Trains one GAN for each seed."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--discriminator", choices=list(DISCRIMINATORS), default="mlp", help="default: mlp"
    )
    parser.add_argument("--noise", type=float, default=1.0, help="noise of the data (default: 1.0)")
    parser.add_argument(
        "--epochs", type=int, default=4, help=f"number of epochs of {EPOCH} iterations (default: 4)"
    )
    command_line.add_common_options(
        parser,
        toy="4 iterations an epoch",
        output="outputs/sine_waves",
        output_help="folder of pictures, logs and models",
        several_seeds=True,
    )
    options = parser.parse_args()
    epoch, per_execution, count, held_out = EPOCH, STEPS_PER_EXECUTION, 20_000, 6_000
    if options.size == "toy":
        epoch, per_execution, count, held_out = 4, 2, 400, 200
    iterations = options.epochs * epoch
    if options.noise < 0 or options.seeds < 1 or options.epochs < 1:
        parser.error("--noise must not be negative, --seeds and --epochs must be positive")

    runs: list[dict[str, Any]] = []
    files: list[Path] = []
    for seed in range(options.seed, options.seed + options.seeds):
        start = time.perf_counter(), time.process_time()
        keras.utils.set_random_seed(seed)
        folder = options.output / options.discriminator
        folder = folder / f"seed_{seed}" if options.seeds > 1 else folder
        wave: dict[str, Any] = {"length": LENGTH, "dimensions": DIMENSIONS, "phase": "fixed"}
        wave["normalization"] = kerasgan.datasets.ZScore()
        noisy = {**wave, "noise_stddev": options.noise}
        data = kerasgan.datasets.sine_waves(count, **noisy, seed=2 * seed)
        # The normalization keeps the mean and the deviation of the training data.
        real = kerasgan.datasets.sine_waves(held_out, **noisy, seed=2 * seed + 1).x
        clean = kerasgan.datasets.sine_waves(1, **wave).x[0, :, 0]

        gan = game(options.discriminator, iterations, per_execution)
        gan.normalization = data.normalization
        logger = kerasgan.callbacks.ProbabilityLogger(folder, every_epochs=options.epochs)
        backup = command_line.backup_of_run(folder, options, seed)
        with command_line.saved_when_stopped(gan, folder / "gan.keras"):
            gan.fit(
                data.x,
                batch_size=20,
                steps_per_epoch=epoch,
                epochs=options.epochs,
                callbacks=[logger, backup],
            )
        seconds = time.perf_counter() - start[0], time.process_time() - start[1]
        generated = gan.generate(held_out, seed=0, batch_size=2000)
        gan.save(folder / "gan.keras")
        pictures = [draw(real, generated, clean, folder / "waves.png"), *logger.paths]
        files += [*pictures, folder / "gan.keras"]
        figures = {key: round(value, 3) for key, value in verdict(gan, real, generated).items()}
        d_logs, g_logs = logger.extract_logs_tuple()
        runs.append(
            {
                "seed": seed,
                **figures,
                "last_d_log": round(float(np.mean(d_logs[-500:])), 3),
                "last_g_log": round(float(np.mean(g_logs[-50:])), 3),
                "seconds": round(seconds[0], 1),
                "seconds_per_iteration": round(seconds[0] / iterations, 5),
                "cpu_seconds_per_iteration": round(seconds[1] / iterations, 5),
            }
        )

    print()
    for name in runs[0]:
        print(f"{name:>26}", *(f"{run[name]:8}" for run in runs))
    print(f"\nPictures, logs and models: {options.output.resolve()}")
    answer = {**vars(options), "output": str(options.output), "runs": runs}
    command_line.print_answer(answer, files)


if __name__ == "__main__":
    main()
