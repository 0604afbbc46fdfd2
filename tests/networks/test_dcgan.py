import keras
import numpy as np
import pytest

from kerasgan.constraints import WeightClipping
from kerasgan.networks import dcgan_discriminator, dcgan_generator

SHAPES = [
    (8, 8, 1),
    (28, 28, 1),
    (32, 48, 3),
    (17, 23, 2),
    (5, 5, 1),
    (1, 1, 1),
    (2, 64, 1),
    (9, 1, 3),
]


def _inputs(x, number_of_classes):
    labels = np.arange(len(x), dtype="int32") % (number_of_classes or 1)
    return [keras.ops.array(x), keras.ops.array(labels)] if number_of_classes else x


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("number_of_classes", [None, 3])
def test_samples_and_scores_of_any_size(shape, number_of_classes):
    generator = dcgan_generator(6, shape, filters=4, number_of_classes=number_of_classes)
    discriminator = dcgan_discriminator(shape, filters=4, number_of_classes=number_of_classes)
    z = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    samples = generator(_inputs(z, number_of_classes), training=True)
    assert tuple(samples.shape) == (3, *shape)
    assert np.abs(samples).max() <= 1
    scores = discriminator(_inputs(samples, number_of_classes), training=True)
    assert tuple(scores.shape) == (3, 1)


def test_stages_for_mnist_and_for_odd_sizes():
    def sizes(shape):
        model = dcgan_discriminator(shape, filters=4)
        return [
            tuple(layer.output.shape[1:])
            for layer in model.layers
            if isinstance(layer, keras.layers.Conv2D)
        ]

    assert sizes((28, 28, 1)) == [(14, 14, 4), (7, 7, 8)]
    assert sizes((8, 8, 1)) == [(4, 4, 4), (2, 2, 8)]
    assert sizes((17, 23, 2)) == [(9, 12, 4), (5, 6, 8)]
    assert sizes((2, 64, 1)) == [(1, 32, 4), (1, 16, 8), (1, 8, 16), (1, 4, 32)]
    assert sizes((256, 256, 3))[-1] == (4, 4, 32)


def test_default_filters_depend_on_the_size():
    def first(shape):
        model = dcgan_discriminator(shape)
        return next(layer.filters for layer in model.layers if hasattr(layer, "filters"))

    assert [first((8, 8, 1)), first((16, 16, 3)), first((28, 28, 1)), first((8, 20, 1))] == [
        32,
        32,
        64,
        64,
    ]


@pytest.mark.parametrize("latent_shape", [5, (5,), (2, 3), (2, 2, 2)])
def test_latents_of_any_rank(latent_shape):
    generator = dcgan_generator(latent_shape, (8, 8, 1), filters=2)
    shape = (latent_shape,) if isinstance(latent_shape, int) else latent_shape
    assert generator.input_shape == (None, *shape)
    assert tuple(generator(np.zeros((2, *shape), "float32")).shape) == (2, 8, 8, 1)


def test_every_weight_gets_a_gradient():
    import tensorflow as tf

    generator = dcgan_generator(6, (9, 10, 2), filters=4, number_of_classes=3)
    discriminator = dcgan_discriminator((9, 10, 2), filters=4, number_of_classes=3)
    labels = keras.ops.array([0, 1, 2, 0])
    with tf.GradientTape() as tape:
        samples = generator([keras.random.normal((4, 6)), labels], training=True)
        score = keras.ops.mean(keras.ops.square(discriminator([samples, labels], training=True)))
    variables = generator.trainable_variables + discriminator.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(score, variables), strict=True):
        assert np.any(tf.convert_to_tensor(gradient)), variable.path


def test_score_is_linear_and_conditional_by_projection():
    discriminator = dcgan_discriminator((8, 8, 1), filters=4, number_of_classes=3)
    x = keras.random.normal((2, 8, 8, 1), seed=0)
    features = keras.Model(
        discriminator.inputs[0],
        next(layer for layer in discriminator.layers if "flatten" in layer.name).output,
    )(x)
    dense = next(layer for layer in discriminator.layers if isinstance(layer, keras.layers.Dense))
    embedding = next(
        layer for layer in discriminator.layers if isinstance(layer, keras.layers.Embedding)
    )
    phi = keras.ops.convert_to_numpy(features)
    vectors = embedding.embeddings.numpy()[[2, 1]]
    expected = phi @ dense.kernel.numpy() + dense.bias.numpy()
    expected += (phi * vectors).sum(axis=1, keepdims=True)
    scores = discriminator([x, keras.ops.array([2, 1])])
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-7)


def test_label_changes_the_sample():
    generator = dcgan_generator(6, (8, 8, 1), filters=4, number_of_classes=3)
    z = np.ones((3, 6), "float32")
    samples = generator.predict([z, np.array([0, 1, 2], "int32")], verbose=0)
    assert np.abs(samples[0] - samples[1]).max() > 0
    assert np.abs(samples[1] - samples[2]).max() > 0


@pytest.mark.parametrize("number_of_classes", [None, 3])
def test_spectral_normalization_wraps_every_weight(number_of_classes):
    discriminator = dcgan_discriminator(
        (8, 8, 1), filters=4, number_of_classes=number_of_classes, normalization="spectral"
    )
    weighted = [layer for layer in discriminator.layers if layer.weights]
    assert len(weighted) == (4 if number_of_classes else 3)
    assert all(isinstance(layer, keras.layers.SpectralNormalization) for layer in weighted)
    x = keras.random.normal((3, 8, 8, 1))
    for _ in range(30):
        discriminator(_inputs(x, number_of_classes), training=True)
    for layer in weighted:
        kernel = layer.kernel.numpy()
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        assert largest == pytest.approx(1.0, abs=0.02)
    if number_of_classes:
        scores = [discriminator([x, keras.ops.full((3,), label)]) for label in range(3)]
        assert np.abs(np.asarray(scores[0]) - np.asarray(scores[1])).max() > 1e-4


def test_batch_normalization_of_the_discriminator_spares_the_first_layer():
    def count(normalization):
        model = dcgan_discriminator((28, 28, 1), filters=4, normalization=normalization)
        return sum(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers)

    assert (count(None), count("batch")) == (0, 1)


def test_generator_without_batch_normalization():
    generator = dcgan_generator(6, (8, 8, 1), filters=4, normalization=None)
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in generator.layers)


def test_constraint_and_initializer_reach_every_kernel():
    discriminator = dcgan_discriminator(
        (8, 8, 1),
        filters=4,
        number_of_classes=3,
        kernel_constraint=WeightClipping(0.05),
        kernel_initializer=keras.initializers.RandomNormal(stddev=3.0, seed=0),
    )
    kernels = [v for v in discriminator.trainable_variables if "bias" not in v.path]
    assert len(kernels) == 4
    assert all(kernel.constraint.limit == 0.05 for kernel in kernels)
    assert all(2 < kernel.numpy().std() < 4 for kernel in kernels)


def test_default_initializer_keeps_the_size_of_signals():
    discriminator = dcgan_discriminator((64, 64, 3))
    scores = discriminator(keras.random.normal((8, 64, 64, 3)))
    assert 0.05 < np.asarray(scores).std() < 5


def test_one_initializer_object_gives_different_layers():
    initializer = keras.initializers.RandomNormal(stddev=0.02)
    generator = dcgan_generator(4, (128, 8, 1), filters=2, kernel_initializer=initializer)
    kernels = [v.numpy() for v in generator.trainable_variables if "kernel" in v.path]
    assert len(kernels) == 7
    assert len({float(kernel.flat[0]) for kernel in kernels}) == 7


@pytest.mark.deterministic
@pytest.mark.parametrize("number_of_classes", [None, 3])
def test_saved_and_loaded(number_of_classes, tmp_path):
    generator = dcgan_generator(6, (9, 8, 1), filters=2, number_of_classes=number_of_classes)
    discriminator = dcgan_discriminator(
        (9, 8, 1),
        filters=2,
        number_of_classes=number_of_classes,
        normalization="spectral",
        dropout=0.1,
    )
    labels = np.array([0, 1, 2], "int32")
    generator_input = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    discriminator_input = np.random.default_rng(1).normal(size=(3, 9, 8, 1)).astype("float32")
    for model, x in [(generator, generator_input), (discriminator, discriminator_input)]:
        inputs = [x, labels] if number_of_classes else x
        expected = model.predict(inputs, verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(loaded.predict(inputs, verbose=0), expected)


def test_outputs_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = dcgan_generator(6, (8, 8, 1), filters=2, number_of_classes=3)
        discriminator = dcgan_discriminator(
            (8, 8, 1), filters=2, number_of_classes=3, normalization="spectral"
        )
    finally:
        keras.config.set_dtype_policy("float32")
    labels = keras.ops.array([0, 1])
    samples = generator([keras.ops.ones((2, 6)), labels], training=True)
    assert samples.dtype == "float32"
    assert discriminator([samples, labels], training=True).dtype == "float32"


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("latent_shape", {"latent_shape": 0}),
        ("sample_shape", {"sample_shape": (8, 8)}),
        ("sample_shape", {"sample_shape": (8, 8, 0)}),
        ("sample_shape", {"sample_shape": 8}),
        ("filters", {"filters": 0}),
        ("filters", {"filters": 1.5}),
        ("number_of_classes", {"number_of_classes": 0}),
        ("normalization", {"normalization": "spectral"}),
    ],
)
def test_generator_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        dcgan_generator(**{"latent_shape": 4, "sample_shape": (8, 8, 1), **options})


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("sample_shape", {"sample_shape": (8, 8)}),
        ("filters", {"filters": -2}),
        ("number_of_classes", {"number_of_classes": 1.0}),
        ("normalization", {"normalization": "layer"}),
        ("dropout", {"dropout": 1.0}),
    ],
)
def test_discriminator_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        dcgan_discriminator(**{"sample_shape": (8, 8, 1), **options})
