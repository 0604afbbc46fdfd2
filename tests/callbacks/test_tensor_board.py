"""What TensorBoard is given to show, read back from its files."""

import copy

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.callbacks import TensorBoard, image_grid

pytest.importorskip("tensorboard")


def dense(inputs, *shape):
    layers = [keras.layers.Dense(int(np.prod(shape))), keras.layers.Reshape(shape)]
    return keras.Sequential([keras.Input(inputs), keras.layers.Flatten(), *layers])


@pytest.fixture
def gan():
    gan = kerasgan.GAN(dense((2,), 4, 3), dense((4, 3), 1))
    gan.compile(
        generator_optimizer=keras.optimizers.SGD(
            keras.optimizers.schedules.PiecewiseConstantDecay([4], [0.5, 0.25])
        ),
        discriminator_optimizer=keras.optimizers.SGD(0.125),
        run_eagerly=True,
    )
    return gan


def fit(model, board, epochs=2, **arguments):
    x = np.zeros((40, 4, 3), "float32")
    return model.fit(
        x, batch_size=10, epochs=epochs, verbose=0, callbacks=[board], **arguments
    ).history


def written(directory, run):
    """Returns what a run's files hold: the value of each tag at each step."""
    import tensorflow as tf

    values = {}
    for path in sorted((directory / run).glob("*tfevents*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                values.setdefault(value.tag, {})[event.step] = tf.make_ndarray(value.tensor)
    return values


def test_logs_and_the_learning_rate_of_every_turn(gan, tmp_path):
    history = fit(gan, TensorBoard(tmp_path), validation_data=np.ones((4, 4, 3), "float32"))
    scalars = written(tmp_path, "train")
    validation = written(tmp_path, "validation")
    assert {"discriminator_loss", "generator_loss", "fake_probability"} < set(history)
    for name, values in history.items():
        run = validation if name.startswith("val_") else scalars
        logged = run[f"epoch_{name.removeprefix('val_')}"]
        np.testing.assert_allclose([logged[0], logged[1]], values, rtol=1e-6)
    # An epoch has 4 rounds, so that the schedule has moved on only after the second one's first.
    assert scalars["epoch_generator_learning_rate"] == {0: 0.5, 1: 0.25}
    assert scalars["epoch_discriminator_learning_rate"] == {0: 0.125, 1: 0.125}


def test_the_samples_as_a_picture_of_the_same_noise(gan, tmp_path):
    import tensorflow as tf

    board = TensorBoard(tmp_path, rows=2, columns=3, every_epochs=2, seed=5)
    fit(gan, board, epochs=5)
    (pictures,) = written(tmp_path, "samples").values()
    assert set(pictures) == {1, 3}
    fit(gan, board, epochs=6, initial_epoch=5)
    pictures = written(tmp_path, "samples")["samples"]
    assert set(pictures) == {1, 3, 5}
    # An image summary holds width, height and the encoded pictures.
    width, height, encoded = pictures[5]
    picture = tf.io.decode_image(encoded).numpy()
    assert picture.shape == (int(height), int(width), 1)
    expected = np.asarray(image_grid(gan.generate(6, seed=5), rows=2, columns=3))
    np.testing.assert_array_equal(picture[..., 0], expected)
    assert not np.array_equal(tf.io.decode_image(pictures[1][2]).numpy(), picture)


def test_values_of_single_batches_do_not_cost_those_of_epochs(gan, tmp_path):
    fit(gan, TensorBoard(tmp_path, update_freq=3))
    values = written(tmp_path, "train")
    assert set(values["batch_generator_loss"]) >= {3, 6}
    assert set(values["epoch_generator_loss"]) == {0, 1}
    assert set(written(tmp_path, "samples")["samples"]) == {0, 1}


def test_conditions_reach_the_model(tmp_path, counting_model):
    condition = np.arange(6)

    class Game(counting_model):
        def turns(self):
            return ()

    model = Game(conditional=True)
    board = TensorBoard(tmp_path, rows=2, columns=3, condition=condition, seed=3)
    model.fit(np.zeros((2, 1)), verbose=0, callbacks=[board])
    # One draw when training begins, and one after the epoch.
    assert len(model.generated) == 2
    for call in model.generated:
        assert call["seed"] == 3
        np.testing.assert_array_equal(call["condition"], condition)


def test_a_model_that_generates_nothing_goes_without_pictures(gan, tmp_path, monkeypatch):
    monkeypatch.setattr(kerasgan.GAN, "generate", None)
    with pytest.raises(TypeError, match="without `generate`"):
        fit(gan, TensorBoard(tmp_path))
    assert int(gan.optimizer.iterations) == 0
    fit(gan, TensorBoard(tmp_path, every_epochs=None))
    assert "epoch_generator_learning_rate" in written(tmp_path, "train")
    assert not (tmp_path / "samples").exists()


def test_a_search_gives_each_trial_a_folder(gan, tmp_path):
    board = copy.deepcopy(TensorBoard(tmp_path))
    board.log_dir = str(tmp_path / "trial")
    fit(gan, board, epochs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["trial"]
    assert "samples" in written(tmp_path / "trial", "samples")


def test_one_of_several_workers_writes(gan, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasgan.callbacks.tensor_board.is_chief", lambda model: False)
    fit(gan, TensorBoard(tmp_path))
    assert written(tmp_path, "train") == written(tmp_path, "samples") == {}


def test_other_models_are_named(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    x = np.zeros((2, 1))
    with pytest.raises(TypeError, match="Received: Sequential without `turns`"):
        model.fit(x, x, verbose=0, callbacks=[TensorBoard(tmp_path)])


def test_without_the_package_nothing_begins(gan, tmp_path, hide):
    hide("tensorboard")
    with pytest.raises(ImportError, match=r'pip install "kerasgan\[tracking\]"'):
        fit(gan, TensorBoard(tmp_path))
    assert int(gan.optimizer.iterations) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 0}, "`rows`"),
        ({"every_epochs": 0}, "`every_epochs`"),
        ({"seed": -1}, "`seed`"),
        ({"condition": np.zeros(5)}, "rows \\* columns = 16 conditions"),
        ({"value_range": (1, 0)}, "`value_range`"),
    ],
)
def test_invalid_arguments(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        TensorBoard(tmp_path, **options)
