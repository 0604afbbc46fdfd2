"""Trains a conditional GAN that draws a given digit, and measures what it learned.

The 1,797 real handwritten digits come with scikit-learn. A fifth of them is set aside for testing, with the
classes in proportion. The split is the same for every `--seed`. Then support vector machines (SVM) measure:

    fidelity      An SVM is trained on the real training digits. How many of 5,000 generated digits does it
                  recognize as the requested digit? Few means bad drawings, or drawings of other digits.
    diversity     An SVM is trained on the 5,000 generated digits alone. How many real test digits does it
                  recognize? Few means that the GAN draws only some of the ways in which people write.
    memorization  How far is a generated digit from the nearest training digit (median)? If it is much nearer
                  than the test digits are, the GAN copies training digits.

The figures of real digits are printed too.

R1 and R2 keep the discriminator smooth around real and generated digits (Mescheder et al. 2018). So neither
network needs batch normalization. Adam works without momentum, at ten times the usual learning rate, which
falls to zero along a cosine.

It takes two to three minutes on two cores. Pictures, curves and the CSV file go to
`outputs/conditional_digits`, and the models to `saved_models/conditional_digits`, both in the current
directory. With `--output DIRECTORY`, everything goes to that directory, and the models to its folder
`saved_models`.
"""

from __future__ import annotations

import time
from typing import Any

import command_line
import keras
import numpy as np

import kerasgan

with command_line.extra("examples"):
    from sklearn.neighbors import NearestNeighbors
    from sklearn.svm import SVC

BATCH_SIZE = 64
CLASSES = 10


def conditional_gan(
    sample_shape: tuple[int, ...], steps: int, filters: int
) -> kerasgan.ConditionalGAN:
    """Returns a compiled GAN. Both networks also see the label."""
    gan = kerasgan.ConditionalGAN(
        generator=kerasgan.networks.dcgan_generator(
            latent_shape=64,
            sample_shape=sample_shape,
            filters=filters,
            number_of_classes=CLASSES,
            normalization=None,
        ),
        discriminator=kerasgan.networks.dcgan_discriminator(
            sample_shape, filters=filters, number_of_classes=CLASSES
        ),
    )
    gan.compile(
        generator_optimizer=adam(steps),
        discriminator_optimizer=adam(steps),
        loss="non_saturating",
        penalties=[kerasgan.penalties.R1(0.05), kerasgan.penalties.R2(0.05)],
    )
    return gan


def adam(steps: int) -> keras.optimizers.Optimizer:
    """Returns Adam without momentum. Its learning rate falls to zero over the given number of steps."""
    rate = keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=steps)
    return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)


def measure(
    data: kerasgan.datasets.Dataset, generated: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Returns fidelity, diversity and distances (see above), and those of real digits."""
    train, test, fake = (flat(images) for images in (data.x, data.x_test, generated))
    judge = SVC(gamma=0.02, C=5).fit(train, data.y)
    pupil = SVC(gamma=0.02, C=5).fit(fake, labels)
    neighbors = NearestNeighbors(n_neighbors=1).fit(train)
    return {
        "real": round(judge.score(test, data.y_test), 4),
        "fidelity": round(judge.score(fake, labels), 4),
        "diversity": round(pupil.score(test, data.y_test), 4),
        "real_distance": round(float(np.median(neighbors.kneighbors(test)[0])), 3),
        "generated_distance": round(float(np.median(neighbors.kneighbors(fake)[0])), 3),
    }


def flat(images: Any) -> np.ndarray:
    """Returns images as rows of numbers."""
    return np.reshape(images, (len(images), -1))


def main() -> None:
    """Trains, measures, draws and saves."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument("--epochs", type=int, help="number of epochs (default: 150)")
    parser.add_argument(
        "--filters", type=int, default=32, help="filters of both networks (default: 32)"
    )
    command_line.add_common_options(parser, toy="1 epoch")
    options = parser.parse_args()
    command_line.require_positive(parser, epochs=options.epochs, filters=options.filters)
    epochs = options.epochs or (1 if options.size == "toy" else 150)
    pictures, models = command_line.output_folders(options.output, "conditional_digits")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    data = kerasgan.datasets.digits(test_fraction=0.2, seed=0)
    steps = epochs * (len(data) // BATCH_SIZE)
    gan = conditional_gan(data.sample_shape, steps, options.filters)
    gan.normalization = data.normalization
    grids = kerasgan.callbacks.SampleGrid(
        pictures / "samples",
        rows=CLASSES,
        columns=10,
        every_epochs=max(1, epochs // 10),
        condition=np.repeat(np.arange(CLASSES), 10),
    )
    curves = kerasgan.callbacks.ProbabilityLogger(pictures, every_epochs=max(1, epochs // 10))
    backup = command_line.backup_of_run(pictures, options)
    callbacks = [grids, curves, backup]
    with command_line.saved_when_stopped(gan, models / "gan.keras"):
        gan.fit(data.x, data.y, batch_size=BATCH_SIZE, epochs=epochs, callbacks=callbacks)
    trained = time.perf_counter()

    labels = np.repeat(np.arange(CLASSES), 500)
    figures = measure(data, gan.generate(len(labels), condition=labels, seed=1), labels)
    final = gan.generate(100, condition=grids.condition, seed=grids.seed)
    kerasgan.callbacks.save_image(
        kerasgan.callbacks.image_grid(final, rows=CLASSES), pictures / "generated.png"
    )
    gan.save(models / "gan.keras")
    gan.export(models / "generator", normalization=data.normalization, verbose=False)

    print(
        f"\nReal test digits that an SVM recognizes, after training on"
        f"\n  {len(data):,} real digits:      {figures['real']:.1%}"
        f"\n  {len(labels):,} generated digits: {figures['diversity']:.1%}  (diversity)"
        f"\nGenerated digits that the first SVM recognizes as the requested digit:"
        f"\n  {figures['fidelity']:.1%}  (fidelity)"
        f"\nMedian distance to the nearest training digit, of"
        f"\n  real test digits: {figures['real_distance']:.2f}"
        f"\n  generated digits: {figures['generated_distance']:.2f}\n"
        f"\nGenerated digits:  {(pictures / 'generated.png').resolve()}"
        f"\nDuring training:   {grids.directory.resolve()}"
        f"\nCurves:            {' and '.join(str(path.resolve()) for path in curves.paths)}"
        f"\nThe whole GAN:     {(models / 'gan.keras').resolve()}"
        f"\nSavedModel:        {(models / 'generator').resolve()}"
    )
    files = [
        pictures / "generated.png",
        *grids.paths,
        *curves.paths,
        models / "gan.keras",
        models / "generator" / "saved_model.pb",
    ]
    answer = {
        "seed": options.seed,
        "epochs": epochs,
        **figures,
        "seconds_of_training": round(trained - start, 1),
    }
    command_line.print_answer(answer, files, start)


if __name__ == "__main__":
    main()
