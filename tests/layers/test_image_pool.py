"""The pool of earlier images: the papers' rule, image by image, on any minibatch and on replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.layers import ImagePool

# A process of its own: logical devices can only be made before TensorFlow starts.
SCRIPT = """
import json
import os

import keras
import numpy as np
import tensorflow as tf

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # replicas are CPUs here, whatever else there is
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

import kerasgan

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    pool = kerasgan.layers.ImagePool(5, seed=2)
    pool.build((None, 1))


@tf.function
def step(batch):
    return strategy.run(lambda rows: pool(rows, training=True), (batch,))


data = tf.data.Dataset.range(32).map(lambda x: tf.cast(x, tf.float32)[None]).batch(8)
returned = []
for batch in strategy.experimental_distribute_dataset(data):
    parts = strategy.experimental_local_results(step(batch))
    returned.append(np.concatenate([part.numpy() for part in parts]).ravel().tolist())
local = strategy.experimental_local_results(pool.images.value)
print(json.dumps({"returned": returned, "held": [each.numpy().ravel().tolist() for each in local]}))
"""


def numbered(start, stop):
    """Images that hold their own number, from 1 upwards: 0 is an empty place."""
    return np.arange(start + 1, stop + 1, dtype="float32").reshape(-1, 1)


def through(pool, images):
    return keras.ops.convert_to_numpy(pool(images, training=True)).ravel()


def held(pool):
    return keras.ops.convert_to_numpy(pool.images).ravel()


class OneByOne:
    """The rule of the papers' authors: a loop over images, with the draws of a layer."""

    def __init__(self, size, seed):
        self.size, self.images = size, []
        self.seeds = keras.random.SeedGenerator(seed)

    def __call__(self, batch):
        places = keras.random.randint((len(batch),), 0, self.size, seed=self.seeds).numpy()
        is_heads = keras.random.uniform((len(batch),), seed=self.seeds).numpy() < 0.5
        returned = []
        for image, place, heads in zip(batch, places, is_heads, strict=True):
            if len(self.images) < self.size:
                self.images.append(image)
                returned.append(image)
            elif heads:
                returned.append(self.images[place])
                self.images[place] = image
            else:
                returned.append(image)
        return np.array(returned)


# Minibatches smaller than the pool, and much larger: then images of one minibatch meet in one place.
@pytest.mark.parametrize(("size", "rows"), [(5, 1), (5, 3), (3, 16), (1, 8)])
def test_equals_the_loop_over_images(size, rows):
    pool, loop = ImagePool(size, seed=4), OneByOne(size, seed=4)
    for step in range(12):
        batch = numbered(step * rows, (step + 1) * rows)
        np.testing.assert_array_equal(through(pool, batch), loop(batch.ravel()))
        np.testing.assert_array_equal(held(pool)[: len(loop.images)], loop.images)


def test_until_it_is_full_images_go_in_and_are_used():
    pool = ImagePool(6, seed=0)
    for start in (0, 3):
        batch = numbered(start, start + 3)
        np.testing.assert_array_equal(through(pool, batch), batch.ravel())
    np.testing.assert_array_equal(held(pool), numbered(0, 6).ravel())
    assert int(pool.count) == 6


def test_then_half_of_the_images_are_exchanged_and_none_is_lost():
    pool, size, rows, steps = ImagePool(50, seed=1), 50, 8, 200
    out = [through(pool, numbered(i * rows, (i + 1) * rows)) for i in range(steps)]
    given = numbered(0, rows * steps).ravel()
    returned = np.concatenate(out)
    # Exchanged images either wait in the pool or have come out; those that filled it came out at once too.
    since = returned[given > size]
    everything = np.sort(np.concatenate([since, held(pool)]))
    np.testing.assert_array_equal(everything, given)
    share = np.mean(since == given[given > size])
    # 1,550 tosses of a coin: four standard deviations are 0.051.
    assert abs(share - 0.5) < 0.051


def test_an_evaluation_changes_nothing():
    pool = ImagePool(4, seed=0)
    through(pool, numbered(0, 4))
    before = [keras.ops.convert_to_numpy(v) for v in pool.variables]
    batch = numbered(4, 12)
    for training in (False, None):
        np.testing.assert_array_equal(pool(batch, training=training), batch)
    for variable, value in zip(pool.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_in_a_graph_with_a_batch_of_unknown_size():
    eager, graph = ImagePool(3, seed=5), ImagePool(3, seed=5)
    eager.build((None, 2, 1))
    graph.build((None, 2, 1))
    specification = [tf.TensorSpec((None, 2, 1), tf.float32)]
    function = tf.function(lambda x: graph(x, training=True), input_signature=specification)
    for rows in (2, 4, 5, 3):
        batch = np.random.default_rng(rows).normal(size=(rows, 2, 1)).astype("float32")
        np.testing.assert_array_equal(function(batch), eager(batch, training=True))


def test_a_file_holds_the_pool_and_its_draws(tmp_path):
    model = keras.Sequential([keras.Input((1,)), ImagePool(4, seed=3)])
    model(numbered(0, 8), training=True)
    model.save(tmp_path / "pool.keras")
    loaded = keras.models.load_model(tmp_path / "pool.keras")
    np.testing.assert_array_equal(held(loaded.layers[0]), held(model.layers[0]))
    assert int(loaded.layers[0].count) == 4


def test_images_keep_their_type_in_mixed_precision():
    pool = ImagePool(2, seed=0, dtype="mixed_bfloat16")
    images = keras.ops.ones((3, 2), "bfloat16")
    assert pool(images, training=True).dtype == "bfloat16"
    assert pool.images.dtype == "float32"


def test_two_replicas_share_one_pool(answer_of, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    found = answer_of(script)
    pool = ImagePool(5, seed=2)
    batches = [np.arange(i * 8, (i + 1) * 8, dtype="float32").reshape(-1, 1) for i in range(4)]
    np.testing.assert_array_equal(found["returned"], [through(pool, batch) for batch in batches])
    for replica in found["held"]:
        np.testing.assert_array_equal(replica, held(pool))


@pytest.mark.parametrize("size", [0, -1, 2.5, True])
def test_a_size_that_is_none(size):
    with pytest.raises(ValueError, match="`size`"):
        ImagePool(size)


def test_images_of_unknown_size():
    with pytest.raises(ValueError, match=r"known size.*\(None, None, 3\)"):
        ImagePool(3).build((None, None, None, 3))
