import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.backend import recurrence
from kerasgan.networks import (
    convolutional_sequence_discriminator,
    lstm_auto_encoder,
    lstm_discriminator,
    lstm_generator,
)

WAVES = kerasgan.datasets.sine_waves(count=16, length=6, dimensions=2).x
DISCRIMINATORS = [lstm_discriminator, convolutional_sequence_discriminator]


def layers_of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize("latent_shape", [3, (3,), (6, 4)])
@pytest.mark.parametrize("dimensions", [1, 5])
@pytest.mark.parametrize("units", [4, [4, 3]])
def test_generator_shapes(latent_shape, dimensions, units):
    model = lstm_generator(latent_shape, (6, dimensions), units)
    latents = np.zeros((2, *np.atleast_1d(latent_shape)), "float32")
    assert tuple(model(latents).shape) == (2, 6, dimensions)


def test_generator_closed_form():
    """One layer of one unit on a sequence of two steps, by the equations of the LSTM."""
    model = lstm_generator((2, 1), (2, 1), units=1)
    kernel, recurrent, bias, dense, dense_bias = (w.astype("float64") for w in model.get_weights())

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    state = memory = 0.0
    expected = []
    for value in (0.3, -0.7):
        i, f, c, o = value * kernel[0] + state * recurrent[0] + bias
        memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(c)
        state = sigmoid(o) * np.tanh(memory)
        expected.append(state * dense[0, 0] + dense_bias[0])
    output = model(np.array([[[0.3], [-0.7]]], "float32"))
    np.testing.assert_allclose(np.ravel(output), expected, rtol=1e-5)


def test_the_noise_of_a_step_reaches_this_step_and_the_later_ones():
    model = lstm_generator((6, 2), (6, 1))
    latents = np.random.default_rng(0).normal(size=(1, 6, 2)).astype("float32")
    changed = latents.copy()
    changed[:, 3] += 1
    differs = np.ravel(model(latents)) != np.ravel(model(changed))
    assert differs.tolist() == [False] * 3 + [True] * 3


def test_a_vector_reaches_every_step():
    model = lstm_generator(2, (4, 1))
    differs = np.ravel(model(np.zeros((1, 2)))) != np.ravel(model(np.ones((1, 2))))
    assert differs.all()


def test_unrolling_changes_nothing():
    latents = np.random.default_rng(0).normal(size=(2, 6, 2)).astype("float32")
    looped, unrolled = (lstm_generator((6, 2), (6, 3), unroll=unroll) for unroll in (False, True))
    unrolled.set_weights(looped.get_weights())
    np.testing.assert_allclose(looped(latents), unrolled(latents), atol=1e-5)


@pytest.mark.parametrize("build", DISCRIMINATORS)
@pytest.mark.parametrize("sample_shape", [(1, 1), (6, 2), (30, 5), (33, 1)])
def test_discriminator_shapes(build, sample_shape):
    model = build(sample_shape)
    assert tuple(model(np.zeros((2, *sample_shape), "float32")).shape) == (2, 1)


def test_every_step_matters_to_a_discriminator():
    for build in DISCRIMINATORS:
        model = build((9, 1))
        x = np.random.default_rng(0).normal(size=(1, 9, 1)).astype("float32")
        # One step is changed in each row.
        scores = np.ravel(model(x + np.eye(9, dtype="float32")[..., None]))
        assert np.all(scores != np.ravel(model(x))), build.__name__


def test_lstm_discriminator_options():
    model = lstm_discriminator((6, 2), [4, 3], output_size=5, bidirectional=True, dropout=0.2)
    assert model.output_shape == (None, 5)
    assert [
        layer.forward_layer.units for layer in layers_of(model, keras.layers.Bidirectional)
    ] == [4, 3]
    assert [layer.rate for layer in layers_of(model, keras.layers.Dropout)] == [0.2]


def test_convolutions_halve_the_sequence_and_double_the_channels():
    model = convolutional_sequence_discriminator((30, 5), filters=4, dropout=0.1)
    shapes = [layer.output.shape for layer in layers_of(model, keras.layers.Conv1D)]
    assert shapes == [(None, 15, 4), (None, 8, 8), (None, 4, 16)]


def test_spectral_normalization_is_around_every_layer_with_weights():
    model = convolutional_sequence_discriminator(
        (30, 5),
        normalization="spectral",
        kernel_constraint=kerasgan.constraints.WeightClipping(0.1),
    )
    wrapped = layers_of(model, keras.layers.SpectralNormalization)
    assert [type(w.layer).__name__ for w in wrapped] == ["Conv1D"] * 3 + ["Dense"]
    assert all(w.layer.kernel_constraint.limit == 0.1 for w in wrapped)


def test_auto_encoder():
    model = lstm_auto_encoder((6, 2), code_size=3, units=[5, 4])
    parts = (model.encoder, model.decoder)
    units = [[layer.units for layer in layers_of(part, keras.layers.LSTM)] for part in parts]
    assert units == [[5, 4], [4, 5]]
    np.testing.assert_allclose(model(WAVES), model.decoder(model.encoder(WAVES)), atol=1e-5)


@pytest.mark.deterministic
@pytest.mark.parametrize(
    "make",
    [
        lambda: lstm_generator((6, 2), (6, 2), [4, 4], "tanh"),
        lambda: lstm_generator(2, (6, 2)),
        lambda: lstm_discriminator((6, 2), bidirectional=True),
        lambda: convolutional_sequence_discriminator((6, 2), normalization="spectral"),
        lambda: lstm_auto_encoder((6, 2), 3),
    ],
    ids=["generator", "decoder", "lstm", "convolution", "auto_encoder"],
)
def test_a_model_comes_back_from_a_file(make, tmp_path):
    model = make()
    shape = getattr(model, "encoder", model).input_shape[1:]
    x = np.random.default_rng(0).normal(size=(3, *shape)).astype("float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model.predict(x, verbose=0), loaded.predict(x, verbose=0))


@pytest.mark.parametrize("build", DISCRIMINATORS)
def test_a_game_moves_every_weight(build):
    gan = kerasgan.GAN(lstm_generator((6, 2), (6, 2), 4), build((6, 2)))
    # The penalty differentiates the discriminator twice.
    gan.compile(penalties=[kerasgan.penalties.R1(0.1)], run_eagerly=True)
    before = gan.get_weights()
    gan.fit(WAVES, batch_size=8, verbose=0)
    moved = [not np.array_equal(*pair) for pair in zip(before, gan.get_weights(), strict=True)]
    assert all(moved[: len(gan.generator.weights) + len(gan.discriminator.weights)])


def test_auto_encoder_is_the_discriminator_of_an_ebgan():
    ebgan = kerasgan.EBGAN(lstm_generator((6, 2), (6, 2), 4), lstm_auto_encoder((6, 2), 3, 4))
    ebgan.compile(pulling_away=0.1, run_eagerly=True)
    history = ebgan.fit(WAVES, batch_size=8, verbose=0).history
    assert "generator_pulling_away" in history
    assert (ebgan.energy(WAVES) >= 0).all()


def test_auto_encoder_is_part_of_an_adversarial_auto_encoder():
    parts = lstm_auto_encoder((6, 2), 3, 4)
    discriminator = kerasgan.networks.mlp(3, [4])
    aae = kerasgan.AdversarialAutoEncoder(parts.encoder, parts.decoder, discriminator)
    aae.compile(run_eagerly=True)
    before = parts.get_weights()
    aae.fit(WAVES, batch_size=8, verbose=0)
    pairs = zip(before, parts.get_weights(), strict=True)
    assert all(not np.array_equal(*pair) for pair in pairs)
    assert aae.encode(WAVES).shape == (16, 3)
    assert aae.reconstruct(WAVES).shape == WAVES.shape


@pytest.mark.parametrize(
    ("build", "argument", "value"),
    [
        (lstm_generator, "latent_shape", (5, 2)),
        (lstm_generator, "latent_shape", (6, 2, 1)),
        (lstm_generator, "latent_shape", ()),
        (lstm_generator, "sample_shape", (6,)),
        (lstm_generator, "units", []),
        (lstm_generator, "units", [3, 0]),
        (lstm_discriminator, "sample_shape", 6),
        (lstm_discriminator, "units", 2.5),
        (lstm_discriminator, "output_size", 0),
        (lstm_discriminator, "dropout", 1.0),
        (convolutional_sequence_discriminator, "sample_shape", (6, 2, 1)),
        (convolutional_sequence_discriminator, "filters", 0),
        (convolutional_sequence_discriminator, "normalization", "batch"),
        (convolutional_sequence_discriminator, "dropout", -0.1),
        (lstm_auto_encoder, "code_size", 0),
        (lstm_auto_encoder, "units", "many"),
        (lstm_auto_encoder, "sample_shape", (6, 0)),
    ],
)
def test_argument_out_of_range(build, argument, value):
    arguments = {"sample_shape": (6, 2)}
    if build is lstm_generator:
        arguments["latent_shape"] = 2
    if build is lstm_auto_encoder:
        arguments["code_size"] = 2
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        build(**{**arguments, argument: value})


@pytest.fixture
def gpu(monkeypatch):
    """A machine that seems to have a GPU, to those who ask because of cuDNN."""
    monkeypatch.setattr(recurrence, "has_gpu", lambda: True)


def judge(*layers):
    return keras.Sequential([keras.Input((6, 2)), *layers, keras.layers.Dense(1)], name="judge")


@pytest.mark.usefixtures("gpu")
def test_recurrent_discriminators_do_without_cudnn_which_has_no_second_derivatives():
    for bidirectional in (False, True):
        discriminator = lstm_discriminator((6, 2), 4, bidirectional=bidirectional)
        assert recurrence.cudnn_layers(discriminator) == []
        assert all(layer.supports_jit for layer in discriminator._flatten_layers())
    assert recurrence.cudnn_layers(lstm_auto_encoder((6, 2), 3, 4)) == []
    assert len(recurrence.cudnn_layers(lstm_generator((6, 2), (6, 2), [4, 4]))) == 2


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("penalty", ["r1", "r2", "dragan", "wasserstein_gradient_penalty"])
def test_a_layer_of_ones_own_is_told_to_do_without_cudnn(penalty):
    reader = keras.layers.Bidirectional(keras.layers.GRU(3, name="reader"))
    gan = kerasgan.GAN(kerasgan.networks.mlp(2, [], (6, 2)), judge(reader))
    with pytest.raises(
        ValueError,
        match=r"`penalties`.*\['backward_reader', 'forward_reader'\] of 'judge'.*use_cudnn=False",
    ):
        gan.compile(penalties=[penalty])


@pytest.mark.usefixtures("gpu")
def test_without_cudnn_or_without_a_penalty_it_may_play(tmp_path):
    generator = kerasgan.networks.mlp(2, [], (6, 2))
    kerasgan.GAN(generator, judge(keras.layers.LSTM(3))).compile()
    layer = keras.layers.LSTM(3, name="reader", use_cudnn=False)
    gan = kerasgan.GAN(generator, judge(layer))
    gan.compile(penalties="r1")
    # Keras's files and clones do not hold `use_cudnn`, but a game knows that it was played before.
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.discriminator.get_layer("reader").use_cudnn is False
    clone = keras.models.clone_model(gan.discriminator)
    with pytest.raises(ValueError, match="`layer.use_cudnn = False`"):
        kerasgan.GAN(generator, clone).compile(penalties="r1")
