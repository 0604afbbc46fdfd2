import keras
import pytest
import tensorflow as tf

import kerasgan

networks = kerasgan.networks


def perceptron():
    return networks.mlp((4,), [8], (6, 2))


def recurrent():
    return networks.lstm_generator((6, 2), (6, 2), units=4)


def judge():
    return networks.mlp((6, 2), [8], (1,))


def convolutional_judge():
    return networks.convolutional_sequence_discriminator((6, 2))


@pytest.mark.cpu("with an accelerator Keras decides")
@pytest.mark.parametrize(
    ("generator", "discriminator", "arguments", "expected"),
    [
        (recurrent, judge, {}, True),
        (recurrent, judge, {"jit_compile": False}, False),
        (recurrent, judge, {"run_eagerly": True}, False),
        (recurrent, convolutional_judge, {}, False),
        (perceptron, judge, {}, False),
        (perceptron, judge, {"jit_compile": True}, True),
    ],
)
def test_xla_is_taken_where_it_pays(generator, discriminator, arguments, expected):
    gan = kerasgan.GAN(generator(), discriminator())
    gan.compile(**arguments)
    assert gan.jit_compile is expected
    # What is saved is the user's choice, which may mean something else on another machine.
    assert gan.get_compile_config().get("jit_compile") == arguments.get("jit_compile")
    gan.fit(keras.random.normal((8, 6, 2)), batch_size=8, verbose=0)


def test_tensor_float_32_stays_as_the_user_has_it():
    experimental = tf.config.experimental
    before = experimental.tensor_float_32_execution_enabled()
    try:
        for enabled in (True, False):
            experimental.enable_tensor_float_32_execution(enabled)
            gan = kerasgan.GAN(perceptron(), judge())
            gan.compile(penalties=["r1"])
            gan.fit(keras.random.normal((8, 6, 2)), batch_size=8, verbose=0)
            gan.discriminate(gan.generate(2))
            assert experimental.tensor_float_32_execution_enabled() is enabled
    finally:
        experimental.enable_tensor_float_32_execution(before)
