"""DiffAugment, beside loops over the pictures."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan import augmentation
from kerasgan.augmentation import DiffAugment


def pictures(rows, *shape, seed=0):
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (rows, *shape)).astype("float32")


def built(shape, *arguments, **options):
    made = DiffAugment(*arguments, **options)
    made.build(shape)
    return made


def reference(image, parameters, row, policy):
    """One picture in [-1, 1], as the paper's code goes about it."""
    image = image.astype("float64").copy()
    height, width, channels = image.shape
    count = {1: 1, 2: 1, 3: 3, 4: 3}.get(channels, 0)
    for name in policy.split(","):
        if name == "color" and count:
            color = image[..., :count] + float(parameters["brightness"][row])
            gray = color.mean(axis=-1, keepdims=True)
            color = (color - gray) * float(parameters["saturation"][row]) + gray
            mean = color.mean()
            image[..., :count] = (color - mean) * float(parameters["contrast"][row]) + mean
        if name == "translation":
            down, right = (int(each) for each in parameters["shift"][row])
            padded = np.pad(image, ((height, height), (width, width), (0, 0)))
            image = padded[height - down : 2 * height - down, width - right : 2 * width - right]
        if name == "cutout":
            top, left = (int(each) for each in parameters["first"][row])
            image = image.copy()
            bottom, right = top + int(height * 0.5 + 0.5), left + int(width * 0.5 + 0.5)
            image[max(top, 0) : bottom, max(left, 0) : right] = 0
    return image


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 6, 2), (7, 7, 3), (8, 12, 4)])
@pytest.mark.parametrize(
    "policy", ["color", "translation", "cutout", "color,translation,cutout", "cutout,color"]
)
def test_it_is_what_a_loop_does(shape, policy):
    images = pictures(16, *shape)
    made = built(shape, policy)
    parameters = made.draw(16, keras.random.SeedGenerator(1))
    found = np.asarray(made.apply(keras.ops.convert_to_tensor(images), parameters))
    for row, image in enumerate(images):
        expected = reference(image, parameters, row, policy)
        np.testing.assert_allclose(found[row], expected, atol=2e-6)


def test_draws_are_the_papers_distributions():
    rows = 4000
    parameters = built((16, 9, 3)).draw(rows, 0)
    found = {name: np.asarray(value) for name, value in parameters.items()}
    for name, low, high in (
        ("brightness", -0.5, 0.5),
        ("saturation", 0, 2),
        ("contrast", 0.5, 1.5),
    ):
        # Means and variances of uniform numbers, within five standard deviations.
        deviation = (high - low) / np.sqrt(12)
        assert low <= found[name].min() < found[name].max() < high
        assert abs(found[name].mean() - (low + high) / 2) < 5 * deviation / np.sqrt(rows)
        assert found[name].std() == pytest.approx(deviation, rel=0.05)
    # 16 * 0.125 = 2 and 9 * 0.125 = 1.1 pixels; 17 and 10 - 1 places for cutouts of 8 and 5 pixels.
    for values, lowest, count in (
        (found["shift"][:, 0], -2, 5),
        (found["shift"][:, 1], -1, 3),
        (found["first"][:, 0], -4, 17),
        (found["first"][:, 1], -2, 9),
    ):
        counts = np.bincount(values - lowest, minlength=count)
        assert len(counts) == count
        expected = rows / count
        assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
    together = np.stack([value.reshape(rows, -1).T for value in found.values()][:3])
    correlations = np.corrcoef(together.reshape(3, rows))
    assert np.abs(correlations - np.eye(3)).max() < 5 / np.sqrt(rows)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_keeps_its_bits_but_moves_along(channels):
    images = pictures(8, 6, 6, channels)
    colored = np.asarray(DiffAugment("color")(images, seed=0))
    np.testing.assert_array_equal(colored[..., -1], images[..., -1])
    assert np.abs(colored[..., :-1] - images[..., :-1]).min(axis=(1, 2, 3)).max() > 0.01
    moved = DiffAugment("translation")
    moved.build(images.shape[1:])
    parameters = moved.draw(8, 0)
    together = np.asarray(moved.apply(keras.ops.convert_to_tensor(images), parameters))
    alone = np.asarray(moved.apply(keras.ops.convert_to_tensor(images[..., -1:]), parameters))
    np.testing.assert_array_equal(together[..., -1:], alone)


def test_it_is_the_same_in_every_range():
    images = pictures(8, 6, 6, 3)
    expected = np.asarray(DiffAugment()(images, seed=3))
    in_bytes = DiffAugment(value_range=(0, 255))((images + 1) * 127.5, seed=3)
    np.testing.assert_allclose(np.asarray(in_bytes) / 127.5 - 1, expected, atol=2e-5)


def test_rows_of_one_draw_are_the_draws_of_replicas():
    images = keras.ops.convert_to_tensor(pictures(6, 8, 8, 3))
    made = built((8, 8, 3))
    parameters = made.draw(6, 0)
    whole = made.apply(images, parameters)
    for rows in (slice(0, 3), slice(3, 6)):
        share = {name: value[rows] for name, value in parameters.items()}
        np.testing.assert_array_equal(made.apply(images[rows], share), whole[rows])


def test_a_condition_of_another_size_moves_and_is_cut_alike():
    images = pictures(8, 8, 6, 3)
    made = built((8, 6, 3), "translation,cutout")
    parameters = made.draw(8, 0)
    large = images.repeat(4, axis=1).repeat(2, axis=2)
    samples, conditions = made.apply_together(
        [keras.ops.convert_to_tensor(images), keras.ops.convert_to_tensor(large)], parameters
    )
    expected = np.asarray(samples).repeat(4, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(conditions, expected, atol=1e-6)


def test_colors_of_a_condition_with_many_channels_stay():
    made = built((4, 4, 3), "color")
    masks = keras.ops.convert_to_tensor(pictures(2, 4, 4, 7))
    np.testing.assert_array_equal(made.apply(masks, made.draw(2, 0)), masks)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_graphs_and_xla_do_the_same(jit_compile):
    images = tf.constant(pictures(4, 9, 8, 3))
    made = built((9, 8, 3))

    @tf.function(jit_compile=jit_compile)
    def inside(images):
        parameters = made.draw(4, 5)
        return made.apply(images, parameters), parameters

    # XLA draws other numbers.
    found, parameters = inside(images)
    np.testing.assert_allclose(found, made.apply(images, parameters), atol=1e-6)


def test_an_unknown_number_of_rows():
    made = built((5, 5, 3))
    seed = keras.random.SeedGenerator(0)
    signature = [tf.TensorSpec((None, 5, 5, 3), tf.float32)]
    function = tf.function(
        lambda x: made.apply(x, made.draw(keras.ops.shape(x)[0], seed)), input_signature=signature
    )
    for rows in (1, 3):
        assert function(tf.ones((rows, 5, 5, 3))).shape == (rows, 5, 5, 3)


def test_types_are_kept():
    images = pictures(2, 4, 4, 3)
    for dtype in ("bfloat16", "float16", "float32", "float64"):
        assert DiffAugment()(keras.ops.cast(images, dtype), seed=0).dtype == dtype


def test_configuration():
    made = augmentation.get("diff_augment")
    assert made.get_config() == {
        "policy": "color,translation,cutout",
        "value_range": [-1.0, 1.0],
    }
    made = DiffAugment(["cutout", "color"], value_range=(0, 1))
    again = augmentation.deserialize(json.loads(json.dumps(augmentation.serialize(made))))
    assert (again.policy, again.value_range) == (("cutout", "color"), (0.0, 1.0))
    images = pictures(4, 6, 6, 3)
    np.testing.assert_array_equal(again(images, seed=1), made(images, seed=1))


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("policy", {"policy": "colors"}),
        ("policy", {"policy": "color,color"}),
        ("policy", {"policy": []}),
        ("policy", {"policy": ""}),
        ("value_range", {"value_range": (1, 1)}),
        ("value_range", {"value_range": 1.0}),
        ("value_range", {"value_range": (0, None)}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        DiffAugment(**options)


def test_samples_that_it_cannot_be_built_for():
    with pytest.raises(ValueError, match=r"`policy`.*7 channels.*1 to 4"):
        built((4, 4, 7))
    built((4, 4, 7), "translation,cutout")
    with pytest.raises(ValueError, match=r"`sample_shape`.*sample_shape=\(8,\)"):
        built((8,))
    made = built((4, 4, 3))
    made.build((4, 4, 3))
    with pytest.raises(ValueError, match=r"`sample_shape`.*\(4, 4, 3\), for which.*\(8, 8, 3\)"):
        made.build((8, 8, 3))
    with pytest.raises(ValueError, match="`DiffAugment` does not know the shape.*`build`"):
        DiffAugment().draw(2, 0)
