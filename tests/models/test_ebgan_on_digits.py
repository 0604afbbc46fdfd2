"""Energies that an EBGAN gives to handwritten digits that it has not seen."""

import keras
import numpy as np

import kerasgan
from kerasgan.networks import AutoEncoder, mlp


def test_energy_is_low_for_real_digits_and_becomes_as_low_for_generated_ones():
    data = kerasgan.datasets.digits(test_fraction=0.25, seed=0)
    x, real = (images.reshape(-1, 64) for images in (data.x, data.x_test))
    rng = np.random.default_rng(0)
    noise = rng.uniform(-1.0, 1.0, real.shape)
    # Each pixel from another digit: the distribution of every pixel is right, and nothing else is.
    jumble = rng.permuted(real, axis=0)

    keras.utils.set_random_seed(0)
    decoders = [mlp(16, [128], 64, output_activation="tanh") for _ in range(2)]
    gan = kerasgan.EBGAN(decoders[0], AutoEncoder(mlp(64, [128], 16), decoders[1]))
    optimizers = [keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)]
    gan.compile(*optimizers, margin=0.2, steps_per_execution=21)
    before = gan.generate(500, seed=0)
    gan.fit(x, batch_size=64, epochs=45, verbose=0)
    after = gan.generate(500, seed=0)

    samples = {"real": real, "noise": noise, "jumble": jumble, "before": before, "after": after}
    energy = {name: gan.energy(values).mean() for name, values in samples.items()}
    assert 2 * energy["real"] < energy["jumble"] < energy["noise"]
    # Four fifths of the way from an untrained generator's energy to that of real digits.
    assert abs(energy["after"] - energy["real"]) < 0.2 * (energy["before"] - energy["real"])
    # Many digits have low energy, not one: they vary as real ones do, if a little less.
    assert after.std(axis=0).mean() > 0.5 * real.std(axis=0).mean()
