"""One small model of each kind that an export has to do with, and what to ask of it."""

from __future__ import annotations

import functools

import keras
import numpy as np

import kerasgan

layers = keras.layers
ROWS = 5


def network(*parts):
    return keras.Sequential(list(parts))


def dense(inputs, units, activation=None):
    return network(keras.Input((inputs,)), layers.Dense(units, activation))


def joint(first, second, units):
    inputs = [keras.Input((first,)), keras.Input((second,))]
    return keras.Model(inputs, layers.Dense(units)(layers.Concatenate()(inputs)))


def labeled(size, units):
    """A model of vectors and integer labels."""
    inputs = [keras.Input((size,)), keras.Input((), dtype="int32")]
    joined = layers.Concatenate()([inputs[0], layers.Embedding(3, 2)(inputs[1])])
    return keras.Model(inputs, layers.Dense(units)(joined))


def images(noise=False):
    """A convolutional game with statistics, patches, a sigmoid, and, if asked, noise of its own."""
    own = [kerasgan.layers.ConcatenateNoise(2)] if noise else []
    generator = network(
        keras.Input((6,)),
        *own,
        layers.Dense(4 * 4 * 3),
        layers.Reshape((4, 4, 3)),
        layers.BatchNormalization(),
        layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
    )
    discriminator = network(
        keras.Input((8, 8, 1)),
        layers.Conv2D(4, 4, strides=2, activation="leaky_relu"),
        layers.Dropout(0.4),
        layers.Conv2D(1, 2, activation="sigmoid"),
    )
    return kerasgan.GAN(generator, discriminator, prior="uniform" if noise else None)


def labeled_auto_encoder():
    return kerasgan.AdversarialAutoEncoder(
        network(keras.Input((4,)), layers.Dense(4), kerasgan.layers.GaussianSampling()),
        joint(2, 3, 4),
        joint(2, 4, 1),
        prior=kerasgan.priors.NormalMixture.ring(3),
    )


def auto_encoder(size, codes):
    return kerasgan.networks.AutoEncoder(dense(size, codes), dense(codes, size))


def with_features(size, classes=1):
    return network(keras.Input((size,)), layers.Dense(4, name="hidden"), layers.Dense(classes))


MAKE = {
    "gan": images,
    "noisy_gan": lambda: images(noise=True),
    "critic": lambda: kerasgan.GAN(dense(3, 4), dense(4, 1)),
    "conditional_gan": lambda: kerasgan.ConditionalGAN(labeled(3, 4), labeled(4, 1)),
    "auto_encoder": lambda: kerasgan.AdversarialAutoEncoder(dense(4, 2), dense(2, 4), dense(2, 1)),
    "labeled_auto_encoder": labeled_auto_encoder,
    "ebgan": lambda: kerasgan.EBGAN(dense(3, 4), auto_encoder(4, 2), energy="norm"),
    "energy_based_auto_encoder": lambda: kerasgan.EnergyBasedAdversarialAutoEncoder(
        dense(5, 3), dense(3, 5), auto_encoder(3, 2)
    ),
    "ganomaly": lambda: kerasgan.GANomaly(
        dense(5, 2), dense(2, 5), dense(5, 2), with_features(5), features="hidden"
    ),
    "semi_supervised_gan": lambda: kerasgan.SemiSupervisedGAN(
        dense(3, 5), with_features(5, classes=3), features="hidden"
    ),
    "cycle_gan": lambda: kerasgan.CycleGAN(dense(4, 3), dense(3, 4), dense(4, 1), dense(3, 2)),
}
COMPILE = {"gan": {"generator_ema": 0.9}, "critic": {"loss": "wasserstein"}}


@functools.cache
def made(name):
    """Makes a model, once: no test changes it. Those with statistics and averages are trained a little."""
    keras.utils.set_random_seed(3)
    model = MAKE[name]()
    model.compile(**COMPILE.get(name, {}))
    if name == "noisy_gan":
        # From one seed, XLA draws other noise than TensorFlow's kernels, which an export has.
        model.jit_compile = model.generator.jit_compile = False
    if name in ("gan", "noisy_gan"):
        shape = (32, *model.samples.specification.shape[1:])
        x = np.random.default_rng(0).normal(size=shape).astype("float32")
        model.fit(x, batch_size=16, epochs=2, verbose=0)
    return model


def samples_of(model):
    shape = (ROWS, *model.samples.specification.shape[1:])
    return np.random.default_rng(1).uniform(-1, 1, shape).astype("float32")


def uses(model, signatures=None):
    """Returns, for each signature, inputs by name and what the model's own method gives for them.

    Args:
        model: One of the above.
        signatures: Which of them. Defaults to `None`, all.
    """
    x = {"samples": samples_of(model)}
    condition = {"condition": np.array([0, 1, 2, 1, 0], "int32")} if model.conditional else {}
    if isinstance(model, kerasgan.CycleGAN):
        return translations(model, signatures)
    given = list(condition.values())
    known = {"discriminate": ({**x, **condition}, lambda: model.discriminate(*x.values(), *given))}
    if isinstance(model, kerasgan.SemiSupervisedGAN):
        known["classify"] = x, lambda: model.classify(*x.values())
    if hasattr(model, "energy"):
        known["energy"] = known["discriminate"][0], lambda: model.energy(*x.values())
    if isinstance(model, (kerasgan.AdversarialAutoEncoder, kerasgan.GANomaly)):
        inputs = {**x, **condition}
        known["reconstruct"] = inputs, lambda: model.reconstruct(*x.values(), *given)
    if isinstance(model, kerasgan.GANomaly):
        known["serving_default"] = known["reconstruct"]
        known["anomaly_score"] = x, lambda: model.anomaly_score(*x.values())
    else:
        rng = np.random.default_rng(2)
        latent = rng.normal(size=(ROWS, *model.prior.shape)).astype("float32")
        inputs = {"latent": latent, **condition}
        if isinstance(model, kerasgan.AdversarialAutoEncoder):
            known["serving_default"] = inputs, lambda: model.decode(latent, *given)
            known["decode"] = {"codes": latent, **condition}, known["serving_default"][1]
            known["encode"] = x, lambda: model.encode(*x.values())
        else:
            arrays = [latent, *given] if given else latent
            known["serving_default"] = inputs, lambda: model.predict(arrays, verbose=0)
        # A mixture hashes an integer seed, which no graph can.
        if not isinstance(model.prior, kerasgan.priors.NormalMixture):
            inputs = {"count": np.int32(ROWS), "seed": np.int64(7), **condition}
            known["generate"] = inputs, lambda: model.generate(ROWS, seed=7, **condition)
            if "sample_latent" in model.signatures():
                number = {"count": np.int32(ROWS), "seed": np.int64(7)}
                known["sample_latent"] = number, lambda: drawn(model.prior)
    return {
        name: (inputs, {output_of(name, model): function()})
        for name, (inputs, function) in known.items()
        if signatures is None or name in signatures
    }


def drawn(prior):
    return keras.ops.convert_to_numpy(prior.sample(ROWS, seed=7))


def translations(model, signatures):
    """As `uses`, of a model of two domains."""
    a = samples_of(model)
    b = np.random.default_rng(2).uniform(-1, 1, (ROWS, 3)).astype("float32")
    known = {
        "serving_default": (b, "samples", lambda: model.predict(b, verbose=0)),
        "translate_to_a": (b, "samples", lambda: model.translate(b, to="a")),
        "translate_to_b": (a, "samples", lambda: model.translate(a, to="b")),
        "discriminate_a": (a, "probability", lambda: model.discriminate(a)),
        "discriminate_b": (b, "probability", lambda: model.discriminate(b, domain="b")),
    }
    return {
        name: ({"samples": x}, {output: function()})
        for name, (x, output, function) in known.items()
        if signatures is None or name in signatures
    }


def output_of(signature, model):
    """Returns the name of a signature's one output."""
    names = {"encode": "codes", "anomaly_score": "score", "energy": "energy"}
    names["sample_latent"] = "latent"
    names["classify"] = "probabilities"
    names["discriminate"] = "energy" if hasattr(model, "energy") else "probability"
    return names.get(signature, "samples")
