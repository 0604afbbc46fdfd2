"""When grids are written, under which names, and what of."""

import keras
import numpy as np
import pytest
from PIL import Image

import kerasgan
from kerasgan.callbacks import SampleGrid, image_grid


def fit(model, grids, batches=5, epochs=1):
    model.fit(np.zeros((batches, 1)), batch_size=1, epochs=epochs, verbose=0, callbacks=[grids])


def names(grids):
    return [path.name for path in grids.paths]


def test_a_grid_after_each_epoch(tmp_path, counting_model):
    model = counting_model()
    grids = SampleGrid(tmp_path / "new" / "folder", rows=2, columns=3, seed=7)
    fit(model, grids, epochs=3)
    assert names(grids) == ["epoch_0001.png", "epoch_0002.png", "epoch_0003.png"]
    assert sorted(grids.paths) == sorted((tmp_path / "new" / "folder").iterdir())
    with Image.open(grids.paths[0]) as picture:
        expected = image_grid(model.generate(6), rows=2, columns=3)
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(expected))
    assert {call["seed"] for call in model.generated[:-1]} == {7}


def test_the_model_tells_what_is_black_and_white(tmp_path, counting_model):
    """Where nothing else is said, and where its normalization tells it."""
    model = counting_model()
    drawn = {}
    for name, normalization, value_range in [
        ("usual", None, None),
        ("its own", kerasgan.datasets.Tanh(0, 510), None),
        ("0 to 255", kerasgan.datasets.Tanh(0, 510, images=True), None),
        ("none", kerasgan.datasets.ZScore(0, 1), None),
        ("another", kerasgan.datasets.Tanh(0, 255), (0, 1)),
    ]:
        model.normalization = normalization
        grids = SampleGrid(tmp_path, value_range=value_range)
        grids.set_model(model)
        drawn[name] = np.asarray(grids.draw()).tolist()

    def expected(value_range):
        return np.asarray(image_grid(model.generate(16), value_range=value_range)).tolist()

    assert drawn["usual"] == drawn["its own"] == drawn["none"] == expected((-1, 1))
    assert drawn["0 to 255"] == expected((-1, 0))
    assert drawn["another"] == expected((0, 1))


def test_every_epochs_and_initial_epoch(tmp_path, counting_model):
    grids = SampleGrid(tmp_path, every_epochs=2, at_begin=True)
    model = counting_model()
    model.fit(np.zeros((2, 1)), epochs=5, verbose=0, callbacks=[grids])
    assert names(grids) == ["epoch_0000.png", "epoch_0002.png", "epoch_0004.png"]
    model.fit(np.zeros((2, 1)), initial_epoch=5, epochs=8, verbose=0, callbacks=[grids])
    assert names(grids)[3:] == ["epoch_0005.png", "epoch_0006.png", "epoch_0008.png"]


@pytest.mark.parametrize("k", [1, 3])
def test_every_batches_counts_through_epochs(tmp_path, counting_model, k):
    grids = SampleGrid(tmp_path, every_batches=4, file_name="{index}-{epoch}-{batch}.png")
    fit(counting_model(k=k), grids, batches=5, epochs=3)
    assert names(grids) == ["0-1-4.png", "1-2-3.png", "2-3-2.png"]


@pytest.mark.parametrize("steps_per_epoch", [None, 10])
@pytest.mark.parametrize("k", [1, 2])
def test_every_batches_counts_what_was_run(tmp_path, counting_model, k, steps_per_epoch):
    # Executions of 4 batches: data of 10 ends with one of 2, endless data with one of 4.
    grids = SampleGrid(tmp_path, every_batches=5, file_name="{epoch}-{batch}.png")
    model = counting_model(k=k)
    model.compile(steps_per_execution=4)
    x = np.zeros((10, 1)) if steps_per_epoch is None else forever()
    model.fit(
        x, batch_size=None if steps_per_epoch else 1, steps_per_epoch=steps_per_epoch, epochs=2,
        shuffle=False, verbose=0, callbacks=[grids],
    )  # fmt: skip
    done = int(model.batches)
    assert done == (20 if steps_per_epoch is None else 24)
    assert names(grids) == (
        ["1-8.png", "1-10.png", "2-8.png", "2-10.png"]
        if steps_per_epoch is None
        else ["1-8.png", "1-12.png", "2-4.png", "2-8.png"]
    )


def forever():
    while True:
        yield (np.zeros((1, 1), "float32"),)


def test_default_name_with_every_batches_is_new_each_time(tmp_path, counting_model):
    grids = SampleGrid(tmp_path, every_batches=2)
    fit(counting_model(), grids, batches=4, epochs=1)
    assert names(grids) == ["epoch_0001_batch_000002.png", "epoch_0001_batch_000004.png"]


def test_both_schedules_do_not_draw_the_same_state_twice(tmp_path, counting_model):
    grids = SampleGrid(tmp_path, every_batches=2, every_epochs=1, file_name="{index}.png")
    fit(counting_model(), grids, batches=4, epochs=1)
    assert names(grids) == ["0.png", "1.png"]
    fit(counting_model(), grids, batches=3, epochs=1)
    # The batches of both fits are counted: 6 after the second, 7 at the end.
    assert names(grids)[2:] == ["2.png", "3.png"]


def test_one_name_for_all_is_replaced_and_listed_once(tmp_path, counting_model):
    grids = SampleGrid(tmp_path, file_name="latest.png")
    fit(counting_model(), grids, epochs=3)
    assert names(grids) == ["latest.png"]
    assert len(list(tmp_path.iterdir())) == 1


def test_batch_field_at_the_end_of_an_epoch(tmp_path, counting_model):
    grids = SampleGrid(tmp_path, file_name="{epoch}/{batch}.jpg")
    fit(counting_model(), grids, batches=5, epochs=2)
    assert [str(path.relative_to(tmp_path)) for path in grids.paths] == ["1/5.jpg", "2/5.jpg"]


def test_conditions_reach_the_model(tmp_path, counting_model):
    model = counting_model(conditional=True)
    condition = np.arange(6)
    fit(model, SampleGrid(tmp_path, rows=2, columns=3, condition=condition))
    assert len(model.generated) == 2
    for call in model.generated:
        np.testing.assert_array_equal(call["condition"], condition)


@pytest.mark.parametrize(
    ("conditional", "condition", "message"),
    [
        (True, None, "16 conditions, as the model is conditional. Received: condition=None"),
        (False, np.zeros((16, 2)), r"not conditional. Received: condition of shape \(16, 2\)"),
    ],
)
def test_conditions_must_suit_the_model(tmp_path, counting_model, conditional, condition, message):
    model = counting_model(conditional=conditional)
    with pytest.raises(ValueError, match=message):
        fit(model, SampleGrid(tmp_path, condition=condition))
    assert int(model.batches) == 0


def test_samples_that_cannot_be_drawn_are_reported_before_training(tmp_path, counting_model):
    model = counting_model(sample_shape=(4, 4, 2))
    with pytest.raises(ValueError, match="1, 3 or 4 channels"):
        fit(model, SampleGrid(tmp_path))
    assert int(model.batches) == 0


def test_other_models_are_named(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(TypeError, match="Received: Sequential without `generate`"):
        model.fit(np.zeros((2, 1)), np.zeros((2, 1)), verbose=0, callbacks=[SampleGrid(tmp_path)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 0}, "`rows`"),
        ({"columns": True}, "`columns`"),
        ({"every_epochs": 0}, "`every_epochs`"),
        ({"every_batches": 0}, "`every_batches`"),
        ({"scale": 0}, "`scale`"),
        ({"padding": -1}, "`padding`"),
        ({"seed": -1}, "`seed`"),
        ({"value_range": (1, 0)}, "`value_range`"),
        ({"condition": np.zeros(5)}, r"rows \* columns = 16 conditions.*shape \(5,\)"),
        ({"condition": 3}, r"shape \(\)"),
        ({"file_name": "{step}.png"}, "`file_name`.*step"),
        ({"file_name": "{}.png"}, "`file_name`"),
        ({"file_name": "{epoch:zz}.png"}, "`file_name`"),
        ({"file_name": "{epoch.png"}, "`file_name`"),
        ({"file_name": "{epoch.real}.png"}, "`file_name`"),
        ({"file_name": "{epoch}.txt"}, "`file_name`"),
        ({"file_name": ""}, "`file_name`"),
    ],
)
def test_invalid_arguments(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        SampleGrid(tmp_path, **options)


def test_of_a_gan_the_grid_shows_its_generated_samples(tmp_path):
    mlp = keras.Sequential([keras.Input((2,)), keras.layers.Dense(6), keras.layers.Reshape((2, 3))])
    judge = keras.Sequential([keras.Input((2, 3)), keras.layers.Flatten(), keras.layers.Dense(1)])
    gan = kerasgan.GAN(mlp, judge)
    gan.compile(discriminator_steps=2, steps_per_execution=4)
    grids = SampleGrid(tmp_path, 1, 5, every_batches=3, every_epochs=1, seed=3)
    gan.fit(np.zeros((60, 2, 3), "float32"), batch_size=4, verbose=0, callbacks=[grids])
    # Rounds of two minibatches of 4: seven of them, in an execution of four and one of three.
    assert names(grids) == ["epoch_0001_batch_000004.png", "epoch_0001_batch_000007.png"]
    with Image.open(grids.paths[-1]) as picture:
        expected = image_grid(gan.generate(5, seed=3), rows=1)
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(expected))
