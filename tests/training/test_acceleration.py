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


def recurrent_judge():
    return networks.lstm_discriminator((6, 2), units=4)


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


@pytest.mark.cpu("with an accelerator Keras decides")
@pytest.mark.parametrize(
    ("discriminator", "penalties", "expected"),
    [
        (judge, ["r1"], True),
        (recurrent_judge, [], True),
        (recurrent_judge, ["r1"], False),
        (recurrent_judge, [kerasgan.penalties.FeatureMatching(lambda model: model)], True),
    ],
)
def test_second_derivatives_of_recurrent_layers_do_without_xla(discriminator, penalties, expected):
    gan = kerasgan.GAN(recurrent(), discriminator())
    gan.compile(penalties=penalties)
    assert gan.jit_compile is expected


class Counts(keras.layers.Layer):
    """A layer of a user who counts in 32 bits."""

    def build(self, input_shape):
        self.calls = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="calls"
        )

    def call(self, inputs, training=False):
        if training:
            self.calls.assign_add(1)
        return inputs


@pytest.fixture
def counting_gan():
    discriminator = keras.Sequential([keras.Input((6, 2)), Counts(), judge()])
    return kerasgan.GAN(perceptron(), discriminator)


def test_what_xla_cannot_reach_on_an_accelerator_is_named(counting_gan, monkeypatch, caplog):
    import kerasgan.training.acceleration as acceleration

    monkeypatch.setattr(acceleration, "has_accelerator", lambda: True)
    with caplog.at_level("WARNING"):
        counting_gan.compile()
    assert counting_gan.jit_compile is False
    (line,) = caplog.messages
    assert "trains without XLA" in line
    assert "calls' of type int32" in line
    assert "dtype='int64'" in line
    with pytest.raises(ValueError, match=r"argument `jit_compile`\. Expected False: .*calls'"):
        counting_gan.compile(jit_compile=True)


def test_on_a_cpu_xla_reaches_everything(counting_gan, caplog):
    with caplog.at_level("WARNING"):
        counting_gan.compile(jit_compile=True)
        counting_gan.fit(keras.random.normal((8, 6, 2)), batch_size=8, verbose=0)
    assert int(counting_gan.discriminator.layers[0].calls) == 2
    # TensorFlow warns where a process has made many graphs.
    assert not [each for each in caplog.records if each.name.startswith("kerasgan")]


def test_steps_per_execution_is_a_number_or_auto():
    gan = kerasgan.GAN(perceptron(), judge())
    with pytest.raises(ValueError, match="Expected 'auto' or a positive integer"):
        gan.compile(steps_per_execution=0)


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
