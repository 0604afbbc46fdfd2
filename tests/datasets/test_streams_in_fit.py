"""Games on pictures that are streamed from the disk."""

import keras
import numpy as np
import pytest
from PIL import Image

import kerasgan
from kerasgan.datasets import image_stream, paired_image_stream

SIZE = (4, 4, 1)


@pytest.fixture
def folder(tmp_path):
    """Twelve pictures of two classes, longer than they are high."""
    for index in range(12):
        values = np.random.default_rng(index).integers(0, 256, (4, 7), "uint8")
        path = tmp_path / "in" / "ab"[index % 4 == 0] / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(path)
    return tmp_path / "in"


@pytest.fixture
def stream(folder, tmp_path):
    options = {"resize": "random_crop", "flip": "horizontal", "cache": tmp_path / "cache"}
    return image_stream(folder, 4, 1, **options)


def game():
    keras.utils.set_random_seed(0)
    gan = kerasgan.GAN(
        kerasgan.networks.mlp((2,), [4], SIZE, output_activation="tanh"),
        kerasgan.networks.mlp(SIZE, [4], (1,)),
    )
    gan.compile(discriminator_steps=2, jit_compile=False, steps_per_execution=1)
    return gan


def state(gan):
    return [keras.ops.convert_to_numpy(variable) for variable in gan.state()]


class Kill(keras.callbacks.Callback):
    """Ends training in the middle of an epoch, once."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.at, self.epoch = (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise KeyboardInterrupt


@pytest.mark.deterministic
def test_a_run_that_was_killed_ends_with_the_same_bits(stream, tmp_path):
    """Orders, crops, flips and classes drawn evenly, in the middle of an epoch."""

    def fit(gan, seed, *callbacks):
        backup = kerasgan.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=1)
        # As in a process of its own, which begins with a data set of its own.
        keras.utils.set_random_seed(seed)
        data = stream.batches(2, seed=5, labels=False, even_classes=True)
        gan.fit(data, epochs=3, verbose=0, callbacks=[*callbacks, backup])

    undisturbed = game()
    fit(undisturbed, 1)
    with pytest.raises(KeyboardInterrupt):
        fit(game(), 2, Kill(1, 1))
    resumed = game()
    fit(resumed, 3)
    for one, other in zip(state(undisturbed), state(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_classes_are_conditions(stream):
    gan = kerasgan.ConditionalGAN(
        kerasgan.networks.mlp((2,), [4], SIZE, number_of_classes=stream.number_of_classes),
        kerasgan.networks.mlp(SIZE, [4], (1,), number_of_classes=stream.number_of_classes),
    )
    gan.compile(jit_compile=False)
    train, held_out = stream.split(0.25)
    validation = held_out.batches(2, shuffle=False)
    history = gan.fit(train.batches(4, seed=0), validation_data=validation, verbose=0).history
    assert np.isfinite(history["discriminator_loss"]).all()
    assert np.isfinite(history["val_discriminator_loss"]).all()
    assert stream.invert(gan.generate(2, condition=1)).shape == (2, *SIZE)


def test_translation_of_pairs(tmp_path):
    for index in range(4):
        values = np.random.default_rng(index).integers(0, 256, (4, 8, 3), "uint8")
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(values).save(tmp_path / "in" / f"{index}.png")
    pairs = paired_image_stream(tmp_path / "in", channels=(3, 1), cache=tmp_path / "cache")
    picture, condition = pairs.sample_shapes

    def network(*shapes, output):
        inputs = [keras.Input(shape) for shape in shapes]
        flat = keras.layers.Concatenate()([keras.layers.Flatten()(each) for each in inputs])
        units = keras.layers.Dense(int(np.prod(output)))(flat)
        return keras.Model(inputs, keras.layers.Reshape(output)(units))

    gan = kerasgan.ConditionalGAN(
        network((2,), condition, output=picture), network(picture, condition, output=(1,))
    )
    gan.compile(jit_compile=False)
    gan.fit(pairs.batches(2, seed=0), verbose=0)
    made = gan.generate(4, condition=next(iter(pairs.batches(4, shuffle=False)))[1])
    assert pairs.invert(made).dtype == np.uint8
