import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import kerasgan
from kerasgan.core.class_labels import label_ranges

mlp = kerasgan.networks.mlp
X = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
VALID = np.arange(16) % 10
OUTSIDE = [np.where(np.arange(16) == 3, value, 0) for value in (10, -1, 2**40, 3.5)]


@pytest.fixture(scope="module")
def conditional():
    gan = kerasgan.ConditionalGAN(
        mlp(3, [], 2, number_of_classes=10), mlp(2, [], number_of_classes=10)
    )
    gan.compile()
    return gan


@pytest.mark.parametrize("labels", OUTSIDE, ids=["high", "low", "large", "fraction"])
def test_labels_without_a_class_are_refused(conditional, labels):
    before = conditional.get_weights()
    for call in (
        lambda: conditional.fit(X, labels, verbose=0),
        lambda: conditional.fit(X, VALID, validation_data=(X, labels), verbose=0),
        lambda: conditional.evaluate(X, labels, verbose=0),
    ):
        with pytest.raises(ValueError, match="`y`. Expected integers from 0 to 9. Received"):
            call()
    with pytest.raises(ValueError, match="`condition`. Expected integers from 0 to 9"):
        conditional.generate(16, condition=labels)
    with pytest.raises(ValueError, match="`condition`. Expected integers from 0 to 9"):
        conditional.discriminate(X, labels[3])
    for one, other in zip(before, conditional.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("labels", "eagerly"), [(OUTSIDE[0], False), (OUTSIDE[3], True)])
def test_a_stream_with_a_label_without_a_class_ends_training(labels, eagerly):
    gan = kerasgan.ConditionalGAN(
        mlp(3, [], 2, number_of_classes=10), mlp(2, [], number_of_classes=10)
    )
    gan.compile(run_eagerly=eagerly)
    stream = tf.data.Dataset.from_tensor_slices((X, labels)).batch(8)
    with pytest.raises(FloatingPointError, match="at its update 1. .*labels without a class"):
        gan.fit(stream, verbose=0)


def test_a_stream_with_a_label_without_a_class_of_a_classifier():
    classifier = keras.Sequential(
        [keras.Input((2,)), layers.Dense(3, name="hidden"), layers.Dense(3)]
    )
    game = kerasgan.SemiSupervisedGAN(mlp(3, [], 2), classifier, "hidden")
    game.compile()
    streams = [
        tf.data.Dataset.from_tensor_slices((X, np.full(16, label))).batch(8) for label in (-1, 2, 3)
    ]
    game.fit(streams[0], verbose=0)
    game.fit(streams[1], verbose=0)
    with pytest.raises(FloatingPointError, match="labels without a class"):
        game.evaluate(streams[2], verbose=0)
    with pytest.raises(FloatingPointError, match="labels without a class"):
        game.fit(streams[2], verbose=0)


def test_labels_in_a_column_and_as_whole_numbers(conditional):
    histories = []
    start = conditional.get_weights()
    for labels in (VALID, VALID[:, None], VALID.astype("float64"), list(VALID)):
        conditional.set_weights(start)
        conditional.compile(*[keras.optimizers.SGD(0.1) for _ in range(2)])
        conditional.seed_generator.state.assign([0, 0])
        conditional.order_seed_generator.state.assign([0, 0])
        histories.append(conditional.fit(X, labels, batch_size=8, verbose=0).history)
    assert histories[1:] == histories[:1] * 3


def taken(layer, dtype="int32", shape=()):
    x, label = keras.Input((2,), name="x"), keras.Input(shape, dtype=dtype, name="label")
    outputs = layer(x, label)
    model = keras.Model([x, label], outputs)
    return label_ranges(model, ["x", "label"])


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda x, label: layers.Embedding(7, 2)(label), ()),
        (lambda x, label: layers.Embedding(7, 2)(layers.Flatten()(label)), (1,)),
        (lambda x, label: layers.Embedding(7, 2)(layers.Reshape((3,))(label)), (3, 1)),
        (lambda x, label: ops.one_hot(ops.cast(label, "int64"), 7), ()),
        (lambda x, label: layers.CategoryEncoding(7, output_mode="one_hot")(label), (1,)),
        (lambda x, label: kerasgan.layers.ConditionalBatchNormalization(7)([x, label]), ()),
        (lambda x, label: kerasgan.layers.ProjectionHead(7)([x, label]), ()),
        (
            lambda x, label: [layers.Embedding(9, 2)(label), layers.Embedding(7, 2)(label)],
            (),
        ),
        (lambda x, label: mlp(2, [], number_of_classes=7)([x, label]), ()),
    ],
)
def test_the_classes_of_a_network(layer, shape):
    ranges = taken(layer, shape=shape)
    assert set(ranges) == {"label"}
    assert (ranges["label"].lowest, ranges["label"].highest) == (0, 6)


def test_numbers_that_are_no_labels():
    assert taken(lambda x, label: layers.Concatenate()([x, label]), "float32", (2,)) == {}
    assert taken(lambda x, label: layers.Embedding(7, 2)(layers.Dense(1)(label)), shape=(1,)) == {}
