"""Any sub-models: several inputs, outputs and conditions, scores at several scales, codes beside scores.

Each paper below is what a user writes beside the networks.
"""

import keras
import numpy as np
import pytest
from keras import layers, ops

import kerasgan
from kerasgan.core import OptimizerSetting, Outcome, Setting, Turn, use

RNG = np.random.default_rng(0)


def dense(inputs, *outputs):
    """A functional model of named vectors: `{"name": size}` in, sizes or `{"name": size}` out."""
    tensors = [keras.Input((size,), name=name) for name, size in inputs.items()]
    joint = layers.Concatenate()(tensors) if len(tensors) > 1 else tensors[0]
    hidden = layers.Dense(8, "leaky_relu")(joint)
    if len(outputs) == 1 and isinstance(outputs[0], dict):
        made = {name: layers.Dense(size, name=name)(hidden) for name, size in outputs[0].items()}
    else:
        made = [layers.Dense(size)(hidden) for size in outputs]
        made = made[0] if len(made) == 1 else made
    return keras.Model(tensors if len(tensors) > 1 else tensors[0], made)


@keras.saving.register_keras_serializable(package="structures")
class Classification(kerasgan.penalties.Penalty):
    """AC-GAN (Odena et al. 2017): the discriminator names the class, of generated samples too."""

    turn = ("discriminator", "generator")

    def call(self, encounter):
        def error(output):
            logits, labels = output["label"], ops.cast(encounter.condition, "int32")
            named = ops.one_hot(labels, logits.shape[-1])
            return ops.logsumexp(logits, axis=-1) - ops.sum(named * logits, axis=-1)

        fake = error(encounter.fake_output)
        return fake + error(encounter.real_output) if encounter.turn == "discriminator" else fake


@keras.saving.register_keras_serializable(package="structures")
class Information(kerasgan.penalties.Penalty):
    """InfoGAN (Chen et al. 2016): the code can be told from the sample."""

    turn = ("discriminator", "generator")

    def call(self, encounter):
        guess = encounter.fake_output["code"]
        return ops.logsumexp(guess, axis=-1) - ops.sum(encounter.latent["code"] * guess, axis=-1)


@keras.saving.register_keras_serializable(package="structures")
class BiGAN(kerasgan.GAN):
    """Adversarial feature learning (Donahue et al. 2017): an encoder learns to invert the generator."""

    encoder_optimizer = OptimizerSetting("For the encoder.")

    def __init__(self, generator, discriminator, encoder, prior=None, seed=None, **kwargs):
        super().__init__(generator, discriminator, prior, seed, **kwargs)
        self.add_players(encoder=encoder)

    def setup(self):
        super().setup()
        self.encoded = self.sub_model("encoder", self.samples, of="samples").reproducing(
            self.latent
        )

    def turns(self):
        encoder = Turn("encoder", [self.encoder], self.encoder_objective)
        return (*super().turns(), encoder)

    def encoder_objective(self, minibatch):
        latent, fake = self.draw(minibatch)
        codes = self.encoded(fake, training=minibatch.training)
        return Outcome(ops.mean(ops.square(codes - latent), axis=-1))

    @use(returns="latent")
    def encode(self, samples):
        return self.encoded(samples, training=False)


def ac_gan():
    networks = kerasgan.networks.mlp((4,), [8], (5,), number_of_classes=3)
    game = kerasgan.ConditionalGAN(networks, dense({"x": 5}, {"score": 1, "label": 3}))
    game.compile(penalties=[Classification(1.0)], run_eagerly=True)
    return game, (RNG.normal(size=(32, 5)).astype("float32"), np.arange(32) % 3)


def info_gan():
    game = kerasgan.GAN(
        dense({"noise": 4, "code": 3}, 5),
        dense({"x": 5}, {"score": 1, "code": 3}),
        prior={"noise": "normal", "code": "categorical"},
    )
    game.compile(penalties=[Information(0.5)], run_eagerly=True)
    return game, (RNG.normal(size=(32, 5)).astype("float32"),)


def multi_scale():
    """The discriminator of pix2pixHD (Wang et al. 2018): scores at two scales."""
    image, label = keras.Input((8, 8, 1), name="image"), keras.Input((8, 8, 1), name="label")
    joint = layers.Concatenate()([image, label])
    scales = [joint, layers.AveragePooling2D(2)(joint)]
    discriminator = keras.Model([image, label], [layers.Conv2D(1, 3)(each) for each in scales])
    latent = keras.Input((4,), name="latent")
    maps = layers.Reshape((8, 8, 1))(layers.Dense(64)(latent))
    made = layers.Conv2D(1, 3, padding="same")(layers.Concatenate()([maps, label]))
    game = kerasgan.ConditionalGAN(keras.Model([latent, label], made), discriminator)
    game.compile(loss="least_squares", penalties=["r1"], run_eagerly=True)
    shape = (32, 8, 8, 1)
    return game, tuple(RNG.normal(size=shape).astype("float32") for _ in range(2))


def style_based():
    """A generator with maps of noise for each resolution (Karras et al. 2019)."""
    latent, noise = keras.Input((4,), name="latent"), keras.Input((4, 4, 1), name="noise_4")
    fine = keras.Input((8, 8, 1), name="noise_8")
    maps = layers.Reshape((4, 4, 1))(layers.Dense(16)(latent)) + noise
    made = layers.Conv2D(1, 3, padding="same")(layers.UpSampling2D()(maps) + fine)
    judge = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1)])
    game = kerasgan.GAN(keras.Model([latent, noise, fine], made), judge)
    game.compile(run_eagerly=True)
    return game, (RNG.normal(size=(32, 8, 8, 1)).astype("float32"),)


def two_conditions():
    generator = dense({"latent": 4, "label": 3, "position": 2}, 5)
    discriminator = dense({"x": 5, "label": 3, "position": 2}, 1)
    game = kerasgan.ConditionalGAN(generator, discriminator)
    game.compile(run_eagerly=True)
    conditions = {
        "label": np.eye(3, dtype="float32")[np.arange(32) % 3],
        "position": RNG.normal(size=(32, 2)).astype("float32"),
    }
    return game, (RNG.normal(size=(32, 5)).astype("float32"), conditions)


def samples_of_two_parts():
    game = kerasgan.GAN(
        dense({"latent": 4}, {"image": 5, "mask": 2}), dense({"image": 5, "mask": 2}, 1)
    )
    game.compile(penalties=["r1", "dragan", "wasserstein_gradient_penalty"], run_eagerly=True)
    return game, (
        {
            "image": RNG.normal(size=(32, 5)).astype("float32"),
            "mask": RNG.normal(size=(32, 2)).astype("float32"),
        },
    )


def bi_gan():
    game = BiGAN(dense({"z": 2}, 5), dense({"x": 5}, 1), dense({"x": 5}, 2))
    game.compile(run_eagerly=True)
    return game, (RNG.normal(size=(32, 5)).astype("float32"),)


GAMES = [
    ac_gan,
    info_gan,
    multi_scale,
    style_based,
    two_conditions,
    samples_of_two_parts,
    bi_gan,
]


def state_of(game):
    return [keras.ops.convert_to_numpy(each) for each in game.state()]


def first(data):
    """Returns the conditions of a single sample, if there are any."""
    return (
        {"condition": keras.tree.map_structure(lambda each: each[0], data[1])}
        if len(data) > 1
        else {}
    )


@pytest.mark.parametrize("make", GAMES)
def test_it_trains_saves_resumes_and_samples(make, tmp_path):
    game, data = make()
    history = game.fit(
        *data, batch_size=8, verbose=0, validation_data=data if len(data) > 1 else data[0]
    ).history
    assert all(np.isfinite(values).all() for values in history.values())
    game.save(tmp_path / "game.keras")
    loaded = keras.models.load_model(tmp_path / "game.keras")
    for each in (game, loaded):
        each.fit(*data, batch_size=8, verbose=0)
    # Running means are no part of a file.
    variables = [[np.array(v) for v in g.variables + g.optimizer.variables] for g in (game, loaded)]
    for one, other in zip(*variables, strict=True):
        np.testing.assert_array_equal(one, other)
    samples = [each.generate(3, seed=0, **first(data)) for each in (game, loaded)]
    keras.tree.map_structure(np.testing.assert_array_equal, *samples)
    keras.tree.map_structure(
        lambda x, y: np.testing.assert_equal(x.shape[1:], y.shape[1:]), samples[0], data[0]
    )
    assert game.discriminate(samples[0], **first(data)).shape == (3,)


@pytest.mark.parametrize("make", GAMES)
def test_it_exports_what_it_does_itself(make, tmp_path):
    import tensorflow as tf

    game, data = make()
    game.export(tmp_path / "game", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "game")).signatures["generate"]
    given = {"count": tf.constant(3), "seed": tf.constant(5, tf.int64)}
    condition = first(data).get("condition")
    if isinstance(condition, dict):
        given.update({f"condition_{name}": each[None] for name, each in condition.items()})
    elif condition is not None:
        dtype = game.condition.specification.dtype
        given["condition"] = tf.constant(np.asarray(condition)[None], dtype)
    outputs = served(**given)
    samples = game.generate(3, seed=5, **first(data))
    expected = (
        {f"samples_{k}": v for k, v in samples.items()}
        if isinstance(samples, dict)
        else {"samples": samples}
    )
    assert set(outputs) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(outputs[name], value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [ac_gan, info_gan, style_based, two_conditions, bi_gan])
def test_the_latent_tools_work(make):
    game, data = make()
    condition = first(data)
    assert kerasgan.latent.interpolate(game, rows=2, steps=3, **condition).shape[:2] == (2, 3)
    assert kerasgan.latent.truncate(game, [2.0, 0.5], count=2, **condition).shape[:2] == (2, 2)
    found = kerasgan.latent.invert(game, data[0][:2], restarts=1, steps=2, **condition)
    assert found.reconstruction.shape == data[0][:2].shape


def test_the_code_of_an_info_gan_is_told_from_its_samples():
    keras.utils.set_random_seed(0)
    game = kerasgan.GAN(
        dense({"noise": 4, "code": 3}, 2),
        dense({"x": 2}, {"score": 1, "code": 3}),
        prior={"noise": "normal", "code": "categorical"},
    )
    optimizers = [keras.optimizers.Adam(3e-3, beta_1=0.5) for _ in range(2)]
    game.compile(*optimizers, penalties=[Information(1.0)])
    angles = 2 * np.pi * (np.arange(384) % 3) / 3
    x = 2 * np.stack([np.cos(angles), np.sin(angles)], 1) + 0.1 * RNG.normal(size=(384, 2))
    game.fit(x.astype("float32"), batch_size=64, epochs=60, verbose=0)
    latent = game.sample_latent(300, seed=1)
    guess = game.discriminator.predict(game.generate_from(latent), verbose=0)["code"]
    assert np.mean(guess.argmax(1) == latent["code"].argmax(1)) > 0.95


def test_scores_at_two_scales_are_two_discriminators_added_up():
    game, (real, label) = multi_scale()
    game.compile(loss="least_squares", run_eagerly=True)
    logs = game.test_on_batch(real, label, return_dict=True)
    game.evaluation_seed_generator.state.assign([0, 0])
    minibatch = kerasgan.core.Minibatch(
        ops.convert_to_tensor(real),
        ops.convert_to_tensor(label),
        False,
        game.evaluation_seed_generator,
    )
    fake = game.fake(minibatch)
    expected = 0.0
    for is_real, samples in ((1.0, real), (0.0, fake)):
        for scores in game.discriminator(
            [ops.convert_to_tensor(samples), ops.convert_to_tensor(label)]
        ):
            expected += 0.5 * float(ops.mean(ops.square(scores - is_real)))
    assert logs["discriminator_loss"] == pytest.approx(expected, rel=1e-4)


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match="include 'score'"):
        kerasgan.GAN(dense({"z": 2}, 3), dense({"x": 3}, {"a": 1, "b": 1}))
    networks = dense({"latent": 2, "label": 3}, 5), dense({"x": 5, "label": 3}, 1)
    with pytest.raises(ValueError, match=r"argument `prior`.*inputs among \['latent', 'label'\]"):
        kerasgan.ConditionalGAN(*networks, prior={"noise": "normal"})
    game, (x, y) = two_conditions()
    with pytest.raises(ValueError, match=r"`y`. Expected a dictionary of \['label', 'position'\]"):
        game.fit(x, y["label"], verbose=0)
    with pytest.raises(ValueError, match=r"condition\['label'\]"):
        game.generate(2, condition={"label": np.ones(4), "position": np.ones(2)})


def test_a_game_that_leaves_something_out_fails_when_its_class_is_made():
    with pytest.raises(TypeError, match=r"`Unfinished` leaves out \['turns', 'fake', 'call'\]"):

        class Unfinished(kerasgan.core.AdversarialModel):
            pass


def test_a_game_with_latent_samples_has_two_uses():
    message = r"`Undecorated` has no use \['generate_from'\].*`kerasgan.core.use`"
    with pytest.raises(TypeError, match=message):

        class Undecorated(kerasgan.GAN):
            def generate_from(self, latent, condition=None):
                return latent

    class Halves(kerasgan.GAN):
        @use(returns="samples")
        def generate_from(self, latent, condition=None):
            return self.generated(latent, condition, training=False) / 2

    players = dense({"z": 2}, 3), dense({"x": 3}, 1)
    samples = kerasgan.GAN(*players).generate(5, seed=0)
    np.testing.assert_allclose(Halves(*players).generate(5, seed=0), samples / 2, rtol=1e-6)


def test_settings_are_shown_checked_saved_and_kept():
    import inspect

    @keras.saving.register_keras_serializable(package="structures")
    class Weighted(kerasgan.GAN):
        term_weight = Setting(2.0, kerasgan.arguments.non_negative_number, "The weight of a term.")

    game = Weighted(dense({"z": 2}, 3), dense({"x": 3}, 1))
    assert game.term_weight == 2.0
    assert "term_weight=2.0" in str(inspect.signature(Weighted.compile))
    assert "term_weight: The weight of a term. Defaults to `2.0`." in Weighted.compile.__doc__
    with pytest.raises(ValueError, match="`term_weight`"):
        game.compile(term_weight=-1.0)
    game.compile(term_weight=3)
    assert game.term_weight == 3.0
    assert game.get_compile_config()["term_weight"] == 3.0
    with pytest.raises(AttributeError, match=r"Expected `compile\(term_weight=...\)`"):
        game.term_weight = 1.0
    with pytest.raises(TypeError, match="unexpected keyword argument 'optimizer'"):
        game.compile(optimizer="adam")
