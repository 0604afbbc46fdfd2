"""Trains an adversarial auto-encoder whose two-dimensional codes follow a prior of your choice.

    python examples/mnist_aae.py --prior mixture
    python examples/mnist_aae.py --prior swiss_roll --data mnist.npz

Without `--data`, it learns scikit-learn's 8×8 handwritten digits, which need no download.

The codes of an ordinary auto-encoder can be anywhere. Here, a discriminator compares them with draws of a
prior, and the encoder learns to make codes that look like these draws. The prior is a normal distribution, a
mixture of ten normal distributions, or a swiss roll. With the last two, the discriminator also gets the
label, so that each digit gets its own part of the prior (Makhzani et al. 2015, section 2.3).

`codes.png` shows the codes of held-out digits, colored by class, beside draws of the prior. The script also
prints:

- the mean and the standard deviation of the codes and of the prior;
- the accuracy, on new points, of a nearest-neighbor classifier that learned to tell codes from draws of the
  prior. It is 0.5 if they are alike. (A p-value would be of no use: with enough examples, a test always finds
  some difference.)
- the error of the reconstruction, and that of the best linear code of two numbers (PCA).

Pictures, curves and the CSV file go to `outputs/mnist_aae`, and the model to `saved_models/mnist_aae`, both
in the current directory. With `--output DIRECTORY`, everything goes to that directory, and the model to its
folder `saved_models`.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import command_line
import keras
import numpy as np

import kerasgan

with command_line.extra("examples"):
    import matplotlib
    from sklearn.decomposition import PCA
    from sklearn.model_selection import train_test_split
    from sklearn.neighbors import KNeighborsClassifier

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

BATCH_SIZE = 128
PRIORS = {
    "normal": lambda classes: kerasgan.priors.Normal(2),
    "mixture": lambda classes: kerasgan.priors.NormalMixture.ring(classes, radius=2.0, stddev=0.3),
    "swiss_roll": lambda classes: kerasgan.priors.SwissRoll(radius=3.0, stddev=0.15),
}


def adversarial_auto_encoder(
    data: kerasgan.datasets.Dataset, prior: str, rounds: int
) -> kerasgan.AdversarialAutoEncoder:
    """Returns a compiled model of three small dense networks."""
    units, classes = [256, 256], data.number_of_classes or 0
    codes = keras.Input((2,), name="code")
    judged = codes
    inputs = [codes]
    if prior != "normal":
        inputs.append(keras.Input((classes + 1,), name="label"))
        judged = keras.layers.Concatenate()(inputs)
    score = kerasgan.networks.mlp(judged.shape[-1], units, activation="leaky_relu")(judged)
    aae = kerasgan.AdversarialAutoEncoder(
        encoder=kerasgan.networks.mlp(data.sample_shape, units, 2),
        decoder=kerasgan.networks.mlp(2, units, data.sample_shape, output_activation="tanh"),
        discriminator=keras.Model(inputs if len(inputs) > 1 else codes, score),
        prior=PRIORS[prior](classes),
    )

    def adam(rate: float) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(rate, rounds), beta_1=0.5
        )

    # The encoder has two aims. It matches the prior only if the game moves it faster than the reconstruction.
    aae.compile(
        reconstruction_optimizer=adam(5e-4),
        discriminator_optimizer=adam(1e-3),
        generator_optimizer=adam(1e-3),
        penalties=[kerasgan.penalties.R1(0.1)],
        # XLA makes dense networks faster on a CPU, but compiles for ten seconds. So short runs do without.
        jit_compile=rounds > 100,
    )
    return aae


def two_sample_accuracy(codes: np.ndarray, draws: np.ndarray, seed: int) -> float:
    """Returns how well a classifier tells codes from draws: 0.5 if they are alike."""
    x = np.concatenate([codes, draws])
    y = np.repeat([0, 1], [len(codes), len(draws)])
    x, x_test, y, y_test = train_test_split(x, y, stratify=y, random_state=seed)
    return float(KNeighborsClassifier(15).fit(x, y).score(x_test, y_test))


def rounded(values: np.ndarray) -> list[float]:
    """Returns numbers with three digits, which are short in JSON."""
    return [round(float(value), 3) for value in values]


def draw_codes(codes: np.ndarray, draws: np.ndarray, labels: np.ndarray, path: Path) -> None:
    """Draws codes by class beside draws of the prior."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 5), sharex=True, sharey=True)
    for axis, points, title in zip(axes, (codes, draws), ("codes", "prior"), strict=True):
        colors = {"c": labels, "cmap": "tab10"} if title == "codes" else {"c": "gray"}
        scatter = axis.scatter(*points.T, s=4, **colors)
        axis.set(title=title, aspect="equal")
        if title == "codes":
            figure.colorbar(scatter, ax=axes, label="class", ticks=np.unique(labels))
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main() -> None:
    """Trains, judges, draws and saves."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--prior", choices=PRIORS, default="normal", help="prior of the codes (default: normal)"
    )
    parser.add_argument(
        "--data",
        default="digits",
        metavar="digits|mnist|FILE.npz",
        help="images to learn from (default: digits)",
    )
    parser.add_argument("--rounds", type=int, help="number of rounds (default: 4000)")
    command_line.add_common_options(parser, toy="24 rounds")
    options = parser.parse_args()
    rounds = options.rounds or (24 if options.size == "toy" else 4000)
    command_line.require_positive(parser, rounds=options.rounds)
    with command_line.errors_of(parser, f"--data {options.data}"):
        data = command_line.load_with_test_images(options.data, test_fraction=0.25)
        if data.y is None or data.x_test is None or data.y_test is None:
            raise ValueError("labeled images and labeled test images are needed")
    pictures, models = command_line.output_folders(options.output, "mnist_aae")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    aae = adversarial_auto_encoder(data, options.prior, rounds)
    aae.normalization = data.normalization
    epochs = math.ceil(rounds / (len(data) // BATCH_SIZE))
    labels = None if options.prior == "normal" else data.y
    untrained = float(
        np.square(aae.autoencoder.predict(data.x_test, verbose=0) - data.x_test).mean()
    )
    curves = kerasgan.callbacks.ProbabilityLogger(pictures, every_epochs=max(1, epochs // 5))
    backup = command_line.backup_of_run(pictures, options)
    with command_line.saved_when_stopped(aae, models / "aae.keras"):
        aae.fit(data.x, labels, batch_size=BATCH_SIZE, epochs=epochs, callbacks=[curves, backup])

    codes = aae.encode(data.x_test)
    draws = keras.ops.convert_to_numpy(aae.prior.sample(len(codes), seed=options.seed))
    flat, flat_test = (x.reshape(len(x), -1) for x in (data.x, data.x_test))
    pca = PCA(2, random_state=options.seed).fit(flat)
    linear = pca.inverse_transform(pca.transform(flat_test))

    draw_codes(codes, draws, data.y_test, pictures / "codes.png")
    shown = np.concatenate([data.x_test[:12], aae.reconstruct(data.x_test[:12])])
    grid = kerasgan.callbacks.image_grid(shown, rows=2)
    kerasgan.callbacks.save_image(grid, pictures / "reconstructed.png")
    # The decoder's images of a square grid of codes.
    axis = np.linspace(-2, 2, 15) * draws.std()
    square = np.stack(np.meshgrid(axis, axis[::-1]), axis=-1).reshape(-1, 2)
    grid = kerasgan.callbacks.image_grid(aae.decode(square), rows=15, padding=0)
    kerasgan.callbacks.save_image(grid, pictures / "decoded.png")
    aae.save(models / "aae.keras")

    files = [pictures / f"{name}.png" for name in ("codes", "reconstructed", "decoded")]
    files += [*curves.paths, models / "aae.keras"]
    print(f"\nCodes and prior: {files[0].resolve()}\nThe whole model: {files[-1].resolve()}")
    answer = {
        "prior": options.prior,
        "epochs": epochs,
        "code_mean": rounded(codes.mean(axis=0)),
        "prior_mean": rounded(draws.mean(axis=0)),
        "code_deviation": rounded(codes.std(axis=0)),
        "prior_deviation": rounded(draws.std(axis=0)),
        "two_sample_accuracy": round(two_sample_accuracy(codes, draws, options.seed), 3),
        "untrained_error": round(untrained, 4),
        "reconstruction_error": round(
            float(np.square(aae.reconstruct(data.x_test) - data.x_test).mean()), 4
        ),
        "pca_error": round(float(np.square(linear - flat_test).mean()), 4),
    }
    command_line.print_answer(answer, files, start)


if __name__ == "__main__":
    main()
