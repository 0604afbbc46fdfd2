"""Algorithm 1 by counters and by the values of single updates, and a GAN as a Keras model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan


class Batches(keras.utils.PyDataset):
    """A PyDataset of plain slices, the last one smaller."""

    def __init__(self, x, batch_size):
        super().__init__()
        self.x, self.batch_size = x, batch_size

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index):
        return (self.x[index * self.batch_size : (index + 1) * self.batch_size],)


def sources(x, batch_size):
    yield "array", x, {"batch_size": batch_size}
    yield "list", x.tolist(), {"batch_size": batch_size}
    yield "tf.data", tf.data.Dataset.from_tensor_slices(x).batch(batch_size), {}
    yield "PyDataset", Batches(x, batch_size), {}


@pytest.mark.parametrize("steps_per_execution", [1, 3])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_discriminator_takes_k_steps_for_each_of_the_generators(samples, k, steps_per_execution):
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile("sgd", "sgd", discriminator_steps=k, steps_per_execution=steps_per_execution)
    for fits, (name, x, arguments) in enumerate(sources(samples, 8), start=1):  # 12 minibatches
        gan.fit(x, epochs=2, verbose=0, **arguments)
        counts = [int(gan.optimizer[turn].iterations) for turn in ("discriminator", "generator")]
        assert counts == [24 * fits, 24 * fits // k], name


def test_a_generator_of_batches_is_grouped_into_rounds(generator, discriminator, samples):
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(discriminator_steps=2)
    batches = (samples[start : start + 8] for start in range(0, 88, 8))  # 11 minibatches
    gan.fit(batches, steps_per_epoch=5, verbose=0)
    assert int(gan.optimizer["discriminator"].iterations) == 10
    assert int(gan.optimizer["generator"].iterations) == 5


def identity_game(k, steps_per_execution=1):
    """A game in which nothing moves and D(x) = x, so that a probability tells which x were judged."""
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    discriminator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    discriminator.set_weights([np.ones((1, 1)), np.zeros(1)])
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(
        generator_optimizer=keras.optimizers.SGD(0.0),
        discriminator_optimizer=keras.optimizers.SGD(0.0),
        loss="wasserstein",
        discriminator_steps=k,
        steps_per_execution=steps_per_execution,
    )
    return gan


@pytest.mark.parametrize("source", ["array", "list", "tf.data", "PyDataset"])
def test_every_step_sees_a_fresh_minibatch_of_the_size_asked_for(source):
    x = np.arange(30, dtype="float32")[:, None]
    data, arguments = next((d, a) for name, d, a in sources(x, 4) if name == source)
    gan = identity_game(k=3)
    logger = kerasgan.callbacks.ProbabilityLogger()
    gan.fit(data, shuffle=False, verbose=0, callbacks=[logger], **arguments)
    judged = np.array(logger.updates["discriminator"]["real_probability"]).reshape(2, 3)
    if source in ("array", "list"):
        # Round r holds rows 12 r to 12 r + 11; minibatch j of a round is every third of them.
        expected = [[12 * r + np.arange(j, 12, 3).mean() for j in range(3)] for r in range(2)]
    else:
        # The user's own batches, in their order; the last two make no round.
        expected = np.arange(24).reshape(6, 4).mean(axis=1).reshape(2, 3)
    np.testing.assert_allclose(judged, expected)


@pytest.mark.parametrize("source", ["tf.data", "PyDataset"])
def test_minibatches_of_a_round_are_cut_to_the_smallest(source):
    x = np.arange(10, dtype="float32")[:, None]
    data = next(d for name, d, _ in sources(x, 4) if name == source)
    gan = identity_game(k=3)
    logger = kerasgan.callbacks.ProbabilityLogger()
    gan.fit(data, shuffle=False, verbose=0, callbacks=[logger])
    assert logger.updates["discriminator"]["real_probability"] == [0.5, 4.5, 8.5]


def test_arrays_come_in_another_order_in_each_epoch_and_each_example_once():
    x = 2.0 ** np.arange(8, dtype="float32")[:, None]
    gan = identity_game(k=1)
    logger = kerasgan.callbacks.ProbabilityLogger()
    gan.fit(x, batch_size=1, epochs=2, verbose=0, callbacks=[logger])
    first, second = np.array(logger.updates["discriminator"]["real_probability"]).reshape(2, 8)
    assert sorted(first) == sorted(second) == x[:, 0].tolist()
    assert first.tolist() != second.tolist()


def test_steps_per_epoch_passes_over_arrays_again():
    x = np.arange(4, dtype="float32")[:, None]
    gan = identity_game(k=1)
    logger = kerasgan.callbacks.ProbabilityLogger()
    gan.fit(x, batch_size=2, epochs=2, steps_per_epoch=3, verbose=0, callbacks=[logger])
    judged = np.array(logger.updates["discriminator"]["real_probability"])
    assert len(judged) == 6
    np.testing.assert_allclose(judged.reshape(3, 2).mean(axis=1), 1.5)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_the_logger_has_one_value_per_update(
    generator, discriminator, samples, k, steps_per_execution
):
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(discriminator_steps=k, steps_per_execution=steps_per_execution)
    logger = kerasgan.callbacks.ProbabilityLogger()
    history = gan.fit(samples, batch_size=8, epochs=3, verbose=0, callbacks=[logger])
    assert len(logger.d_logs) == 36
    assert len(logger.g_logs) == 36 // k
    # The running mean over an epoch is the mean of its updates' values.
    means = np.array(logger.d_logs).reshape(3, 12).mean(axis=1)
    np.testing.assert_allclose(history.history["fake_probability"], means, rtol=1e-5)


def weights_of(model):
    return [weight.copy() for weight in model.get_weights()]


def moved(before, after):
    return [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]


@pytest.mark.parametrize("mover", ["discriminator", "generator"])
def test_a_turn_changes_its_own_players_only(generator, discriminator, samples, mover):
    """Weights and batch statistics; the other player's learning rate is not what stops it."""
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile()
    turns = gan.turns
    gan.turns = lambda: [turn for turn in turns() if turn.name == mover]
    compiled = gan.compiled_game
    compiled.turn_logs = [log for log in compiled.turn_logs if log.name == mover]
    before = {model: weights_of(model) for model in (generator, discriminator)}
    gan.train_on_batch(samples[:16])
    for model, weights in before.items():
        if model.name == mover:
            assert all(moved(weights, model.get_weights()))
        else:
            assert not any(moved(weights, model.get_weights()))


def test_seeds_of_a_player_that_does_not_move_move_on(generator, samples):
    """Dropout in the discriminator draws anew in each generator's turn."""
    dropout = keras.layers.Dropout(0.5)
    discriminator = keras.Sequential([keras.Input((2,)), dropout, keras.layers.Dense(1)])
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile()
    before = dropout.seed_generator.state.numpy()
    gan.train_on_batch(samples[:16])
    # Real and generated samples in the discriminator's turn, generated ones in the generator's.
    np.testing.assert_array_equal(dropout.seed_generator.state.numpy() - before, [0, 3])


def test_spectral_normalization_stays_normalized_through_a_game(generator, samples):
    layer = keras.layers.SpectralNormalization(keras.layers.Dense(4), power_iterations=20)
    discriminator = keras.Sequential([keras.Input((2,)), layer, keras.layers.Dense(1)])
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(discriminator_optimizer=keras.optimizers.SGD(0.0))
    gan.fit(samples, batch_size=8, verbose=0)
    norm = np.linalg.norm(keras.ops.convert_to_numpy(layer.kernel), 2)
    np.testing.assert_allclose(norm, 1.0, rtol=1e-4)


def test_regularization_of_a_player_is_part_of_its_loss(generator, samples):
    regularizer = keras.regularizers.L2(0.5)
    discriminator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, kernel_regularizer=regularizer)]
    )
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(discriminator_optimizer=keras.optimizers.SGD(0.0))
    logs = gan.train_on_batch(samples[:16], return_dict=True)
    expected = 0.5 * np.sum(discriminator.get_weights()[0] ** 2)
    np.testing.assert_allclose(logs["discriminator_regularization"], expected, rtol=1e-5)


@pytest.mark.parametrize("loss", ["minimax", "hinge", "non_saturating"])
def test_a_sigmoid_at_the_end_changes_nothing(generator, samples, loss):
    """The same weights with and without a final sigmoid play the same game."""
    results = []
    for activation in (None, "sigmoid"):
        keras.utils.set_random_seed(3)
        discriminator = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(1, activation=activation)]
        )
        gan = kerasgan.GAN(keras.models.clone_model(generator), discriminator, seed=5)
        gan.compile("adam", "adam", loss=loss)
        gan.fit(samples, batch_size=16, epochs=2, verbose=0)
        results.append([*weights_of(gan), gan.discriminate(samples)])
    for linear, sigmoid in zip(*results, strict=True):
        np.testing.assert_allclose(linear, sigmoid, rtol=1e-4, atol=1e-5)


def test_a_sigmoid_inside_a_subclassed_discriminator_is_found(generator, samples):
    @keras.saving.register_keras_serializable(package="test")
    class Judge(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = keras.layers.Dense(1)

        def call(self, inputs):
            return keras.ops.sigmoid(self.dense(inputs))

    gan = kerasgan.GAN(generator, Judge())
    gan.compile()
    # Far on the sigmoid's flat side, where the gradient through two sigmoids would be 0.
    gan.discriminator.set_weights([np.ones((2, 1)), np.full(1, 50.0)])
    before = gan.discriminator.get_weights()[1]
    gan.compile(discriminator_optimizer=keras.optimizers.SGD(1.0))
    gan.train_on_batch(samples[:16])
    after = gan.discriminator.get_weights()[1]
    np.testing.assert_allclose(after - before, -1.0, atol=0.01)


def test_patch_scores_are_averaged(samples):
    images = np.random.default_rng(0).normal(size=(32, 8, 8, 1)).astype("float32")
    generator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))]
    )
    discriminator = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 4, strides=4, activation="sigmoid")]
    )
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(loss="relativistic", penalties=["r1", "wasserstein_gradient_penalty"])
    gan.fit(images, batch_size=16, verbose=0)
    gan.compile()
    judged = gan.discriminate(images)
    expected = discriminator.predict(images, verbose=0).mean(axis=(1, 2, 3))
    assert judged.shape == (32,)
    np.testing.assert_allclose(judged, expected, rtol=1e-4)


@pytest.mark.parametrize("shape", [(5,), (7, 3), (6, 9, 2), (3, 4, 4, 2)])
def test_samples_of_any_rank(shape):
    size = int(np.prod(shape))
    layers = keras.layers
    generator = keras.Sequential(
        [keras.Input((2, 2)), layers.Flatten(), layers.Dense(size), layers.Reshape(shape)]
    )
    discriminator = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(1)])
    gan = kerasgan.GAN(generator, discriminator, prior="uniform")
    gan.compile(penalties=["r1", "r2", "dragan", "wasserstein_gradient_penalty"])
    gan.fit(np.zeros((16, *shape), "float32"), batch_size=8, verbose=0)
    assert gan.generate(3).shape == (3, *shape)


def test_a_subclassed_generator_without_an_input_shape_takes_the_priors(discriminator, samples):
    class Generator(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, latent):
            return self.dense(latent)

    gan = kerasgan.GAN(Generator(), discriminator, prior=kerasgan.priors.Normal(shape=6))
    gan.compile()
    gan.fit(samples, verbose=0)
    assert gan.generate(2).shape == (2, 2)
    with pytest.raises(ValueError, match="knows its input shape"):
        kerasgan.GAN(Generator(), discriminator)


def state_of(model):
    return [keras.ops.convert_to_numpy(v) for v in model.variables + model.optimizer.variables]


@pytest.mark.deterministic
@pytest.mark.parametrize("loss", ["hinge", "wasserstein"])
def test_every_run_from_one_state_is_the_same(generator, samples, loss):
    """With a linear discriminator the generator's gradient needs none of its last layer's values, so only
    the order of reading and updating them keeps an update from being read too early."""
    gan = kerasgan.GAN(
        generator, keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), seed=5
    )
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), loss=loss)
    gan.train_on_batch(samples[:16])
    variables = gan.variables + gan.optimizer.variables
    start, expected = state_of(gan), None
    for _ in range(200):
        for variable, value in zip(variables, start, strict=True):
            variable.assign(value)
        for _ in range(4):
            gan.train_on_batch(samples[:16])
        end = state_of(gan)
        expected = expected or end
        for first, again in zip(expected, end, strict=True):
            np.testing.assert_array_equal(first, again)


@pytest.mark.deterministic
@pytest.mark.parametrize("when", ["before", "after"])
def test_loading_and_training_on_equals_never_having_stopped(
    generator, discriminator, samples, tmp_path, when
):
    gan = kerasgan.GAN(generator, discriminator, prior="uniform")
    gan.compile(loss="hinge", penalties=["r1"], discriminator_steps=2, steps_per_execution=2)
    if when == "after":
        gan.fit(samples, batch_size=8, epochs=2, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert isinstance(loaded.adversary.loss, kerasgan.losses.Hinge)
    assert (loaded.discriminator_steps, loaded.steps_per_execution) == (2, 2)
    for model in (gan, loaded):
        model.fit(samples, batch_size=8, epochs=2, verbose=0)
    for stayed, came_back in zip(state_of(gan), state_of(loaded), strict=True):
        np.testing.assert_array_equal(stayed, came_back)
    np.testing.assert_array_equal(gan.generate(4, seed=1), loaded.generate(4, seed=1))


@pytest.mark.deterministic
def test_validation_changes_nothing_in_training_and_repeats(generator, discriminator, samples):
    results = []
    for validation in (None, samples[:20]):
        keras.utils.set_random_seed(1)
        models = [keras.models.clone_model(model) for model in (generator, discriminator)]
        gan = kerasgan.GAN(*models)
        gan.compile()
        gan.fit(samples, batch_size=8, epochs=2, verbose=0, validation_data=validation)
        results.append(state_of(gan))
    for without, with_validation in zip(*results, strict=True):
        np.testing.assert_array_equal(without, with_validation)
    first, second = (gan.evaluate(samples, verbose=0, return_dict=True) for _ in range(2))
    assert first == second


def test_validation_split_keeps_the_last_examples(generator, discriminator, samples):
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile()
    history = gan.fit(samples, batch_size=8, validation_split=0.25, verbose=0)
    assert int(gan.optimizer["discriminator"].iterations) == 72 // 8
    again = gan.evaluate(samples[72:], batch_size=8, verbose=0, return_dict=True)
    np.testing.assert_allclose(
        history.history["val_real_probability"][0], again["real_probability"], rtol=1e-6
    )


def test_a_metric_of_real_and_generated_samples_is_validated(generator, discriminator, samples):
    @keras.saving.register_keras_serializable(package="test")
    class MeanGap(keras.metrics.Mean):
        def update_state(self, real, fake):
            super().update_state(keras.ops.mean(real) - keras.ops.mean(fake))

    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(metrics=[MeanGap(name="gap")])
    history = gan.fit(samples, verbose=0, validation_data=samples, epochs=2)
    assert len(history.history["val_gap"]) == 2
    assert "gap" not in history.history


@pytest.mark.deterministic
def test_generate_and_discriminate(generator, discriminator, samples):
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile()
    np.testing.assert_array_equal(gan.generate(5, seed=3), gan.generate(5, seed=3))
    assert not np.array_equal(gan.generate(5, seed=3), gan.generate(5, seed=4))
    assert not np.array_equal(gan.generate(5), gan.generate(5))
    probability = gan.discriminate(samples)
    assert probability.shape == (96,)
    expected = 1 / (1 + np.exp(-discriminator.predict(samples, verbose=0)[:, 0]))
    np.testing.assert_allclose(probability, expected, rtol=1e-5)
    latent = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(
        gan.predict(latent, verbose=0), generator.predict(latent, verbose=0)
    )


def test_a_non_finite_value_in_a_stream_stops_training_with_its_place(
    generator, discriminator, samples
):
    broken = samples.copy()
    broken[50] = np.nan
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(penalties=["r1"])
    stream = tf.data.Dataset.from_tensor_slices(broken).batch(8)
    with pytest.raises(
        FloatingPointError, match="discriminator_loss.*discriminator's turn.*update 7"
    ):
        gan.fit(stream, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"discriminator_steps": 0},
            "`discriminator_steps`. Expected a positive integer. Received",
        ),
        ({"discriminator_steps": 1.5}, "`discriminator_steps`.*1.5"),
        ({"discriminator_steps": True}, "`discriminator_steps`.*True"),
        ({"loss": "focal"}, "`loss`. Expected one of .*'hinge'.*'focal'"),
        ({"penalties": ["r3"]}, "`penalties`. Expected one of .*'r1'.*'r3'"),
        ({"penalties": ["r1", "r1"]}, "two named 'r1'"),
        ({"generator_optimizer": "adamant"}, "`generator_optimizer`.*'adamant'"),
        ({"discriminator_optimizer": 3}, "`discriminator_optimizer`.*3"),
    ],
)
def test_bad_arguments_of_compile(generator, discriminator, arguments, message):
    gan = kerasgan.GAN(generator, discriminator)
    with pytest.raises(ValueError, match=message):
        gan.compile(**arguments)


def test_one_optimizer_for_two_turns_is_refused(generator, discriminator):
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="optimizer of its own"):
        kerasgan.GAN(generator, discriminator).compile(adam, adam)


def test_sub_models_that_do_not_fit_are_refused_with_both_shapes(generator, discriminator):
    other = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"`discriminator`.*\(None, 2\).*\(None, 5\)"):
        kerasgan.GAN(generator, other)
    with pytest.raises(ValueError, match=r"`prior`.*\(3,\).*\(7,\)"):
        kerasgan.GAN(generator, discriminator, prior=kerasgan.priors.Normal(shape=7))
    with pytest.raises(TypeError, match="`generator`. Expected a `keras.Model`"):
        kerasgan.GAN("generator", discriminator)
    # Of two inputs both are latent in a game without conditions.
    latent, label = keras.Input((3,)), keras.Input((1,))
    conditional = keras.Model([latent, label], keras.layers.Concatenate()([latent, label]))
    with pytest.raises(ValueError, match=r"`discriminator`.*\(None, 4\).*\(None, 2\)"):
        kerasgan.GAN(conditional, discriminator)


def test_bad_data_is_refused_before_training(generator, discriminator, samples):
    gan = kerasgan.GAN(generator, discriminator)
    with pytest.raises(ValueError, match="compile"):
        gan.fit(samples)
    gan.compile(discriminator_steps=3)
    before = state_of(gan)
    nan = samples.copy()
    nan[3, 1] = np.nan
    dataset = tf.data.Dataset.from_tensor_slices
    for arguments, message in [
        ({"x": samples[:, :1]}, r"`x`.*\(2,\).*\(1,\)"),
        ({"x": nan}, "`x`. Expected finite numbers"),
        ({"x": samples, "batch_size": 33}, "at most 32, since a round takes 3 minibatches"),
        ({"x": samples, "batch_size": 0}, "`batch_size`. Expected a positive integer"),
        ({"x": samples, "y": samples}, "`y`. Expected none for `GAN`"),
        ({"x": samples, "sample_weight": samples}, "`sample_weight`"),
        ({"x": dataset(samples).batch(8), "batch_size": 8}, "`batch_size`. Expected none"),
        ({"x": dataset((samples, samples)).batch(8)}, "`x`. Expected elements of samples alone"),
        ({"x": dataset(samples[:, :1]).batch(8)}, r"`x`. Expected samples of shape \(2,\)"),
        ({"x": samples, "validation_split": 1.5}, "`validation_split`"),
    ]:
        with pytest.raises(ValueError, match=message):
            gan.fit(**arguments)
    with pytest.raises(ValueError, match=r"`samples`.*\(2,\).*\(4,\)"):
        gan.discriminate(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="`count`. Expected a positive integer"):
        gan.generate(0)
    for untouched, now in zip(before, state_of(gan), strict=True):
        np.testing.assert_array_equal(untouched, now)
    gan.compile()
    with pytest.raises(ValueError, match="a round takes 1 minibatch of the 96 examples"):
        gan.fit(samples, batch_size=97)


@pytest.mark.deterministic
def test_ctrl_c_leaves_a_usable_model_and_the_logs_so_far(
    generator, discriminator, samples, tmp_path
):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 4:
                raise KeyboardInterrupt

    gan = kerasgan.GAN(generator, discriminator)
    gan.compile()
    logger = kerasgan.callbacks.ProbabilityLogger(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        gan.fit(samples, batch_size=8, epochs=3, verbose=0, callbacks=[logger, Interrupt()])
    assert len(logger.d_logs) == len(logger.g_logs) == 5
    assert all(path.exists() for path in logger.write())
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    for model in (gan, loaded):
        model.fit(samples, batch_size=8, verbose=0)
    for stayed, came_back in zip(state_of(gan), state_of(loaded), strict=True):
        np.testing.assert_array_equal(stayed, came_back)
