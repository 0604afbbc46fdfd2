"""The transformations of adaptive augmentation: each by itself, all together, and how often."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import linalg

from kerasgan import augmentation
from kerasgan.augmentation import AugmentationPipeline
from kerasgan.schedules import Cosine

GEOMETRY = (
    "flip",
    "quarter_turn",
    "integer_translation",
    "scaling",
    "rotation",
    "anisotropic_scaling",
    "fractional_translation",
)
COLOR = ("brightness", "contrast", "luma_flip", "hue", "saturation")


def pictures(rows, *shape, seed=0):
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (rows, *shape)).astype("float32")


def drawn(transformations, shape=(16, 16, 3), rows=2000, probability=1.0, seed=0):
    """The parameters as arrays. One seed gives the same numbers to every selection."""
    made = AugmentationPipeline(probability, transformations)
    made.build(shape)
    return {name: np.asarray(value) for name, value in made.draw(rows, seed).items()}


def applied(transformations, images, probability=1.0, seed=0):
    return np.asarray(AugmentationPipeline(probability, transformations)(images, seed=seed))


def near_moments(values, mean, deviation):
    """Within five standard deviations of what so many normal numbers have."""
    assert abs(values.mean() - mean) < 5 * deviation / np.sqrt(len(values))
    assert abs(values.std() / deviation - 1) < 5 / np.sqrt(2 * len(values))


def share_is(hits, expected):
    assert abs(hits.mean() - expected) < 5 * np.sqrt(expected * (1 - expected) / len(hits)) + 1e-9


@pytest.mark.parametrize("shape", [(6, 6, 3), (7, 4, 1), (5, 8, 4), (6, 6, 2)])
def test_probability_0_keeps_the_bits(shape):
    images = pictures(5, *shape)
    found = applied("geometry,color,cutout", images, probability=0.0)
    np.testing.assert_array_equal(found, images)


def test_flips():
    images = pictures(400, 5, 4, 3)
    found = applied("flip", images)
    flipped = (found == images[:, :, ::-1]).all(axis=(1, 2, 3))
    kept = (found == images).all(axis=(1, 2, 3))
    assert (flipped ^ kept).all()
    share_is(flipped, 0.5)


@pytest.mark.parametrize(("shape", "turns"), [((6, 6, 3), (0, 1, 2, 3)), ((6, 4, 3), (0, 2))])
def test_quarter_turns(shape, turns):
    images = pictures(400, *shape)
    found = applied("quarter_turn", images)
    hits = [(found == np.rot90(images, k, axes=(1, 2))).all(axis=(1, 2, 3)) for k in turns]
    assert np.sum(hits, axis=0).tolist() == [1] * 400
    for hit in hits:
        share_is(hit, 1 / len(turns))


def test_integer_translations_keep_the_bits_and_mirror_the_edges():
    images = pictures(300, 16, 10, 1)
    found = applied("integer_translation", images)
    padded = np.pad(images, ((0, 0), (2, 2), (1, 1), (0, 0)), mode="reflect")
    places = [(down, right) for down in range(5) for right in range(3)]
    hits = np.array(
        [
            (found == padded[:, down : down + 16, right : right + 10]).all(axis=(1, 2, 3))
            for down, right in places
        ]
    )
    assert hits.sum(axis=0).tolist() == [1] * 300
    assert hits.any(axis=1).all()
    # Rounded from ±2 and ±1.25 pixels: the furthest place of the first axis has half a share of its four.
    share_is(hits[[place[0] == 4 for place in places]].any(axis=0), 1 / 8)


def test_scalings():
    linear = drawn(["scaling"])["linear"]
    np.testing.assert_array_equal(linear[:, 0, 0], linear[:, 1, 1])
    near_moments(-np.log2(linear[:, 0, 0]), 0.0, 0.2)
    linear = drawn(["anisotropic_scaling"])["linear"]
    np.testing.assert_allclose(linear[:, 0, 0] * linear[:, 1, 1], 1.0, rtol=1e-6)
    near_moments(np.log2(linear[:, 0, 0]), 0.0, 0.2)
    assert not linear[:, 0, 1].any()
    assert not linear[:, 1, 0].any()


def test_rotations():
    linear = drawn(["rotation"])["linear"]
    products = linear @ linear.transpose(0, 2, 1)
    np.testing.assert_allclose(products, np.tile(np.eye(2), (2000, 1, 1)), atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(linear), 1.0, rtol=1e-5)
    angles = np.arctan2(linear[:, 1, 0], linear[:, 0, 0])
    counts = np.histogram(angles, bins=8, range=(-np.pi, np.pi))[0]
    assert np.abs(counts - 250).max() < 5 * np.sqrt(250)


@pytest.mark.parametrize("probability", [0.3, 0.8])
def test_pictures_are_turned_with_the_probability_though_there_are_two_rotations(probability):
    linear = drawn(["rotation"], probability=probability)["linear"]
    share_is(np.abs(linear - np.eye(2)).max(axis=(1, 2)) > 0, probability)


def test_fractional_translations():
    shift = drawn(["fractional_translation"], shape=(16, 8, 1))["shift"]
    near_moments(shift[:, 0], 0.0, 2.0)
    near_moments(shift[:, 1], 0.0, 1.0)
    assert abs(np.corrcoef(shift.T)[0, 1]) < 5 / np.sqrt(2000)


@pytest.mark.parametrize("probability", [1.0, 0.5])
def test_all_together_are_the_product_of_each(probability):
    """The composed matrix beside those of each transformation alone, from the same numbers."""
    options = {"rows": 20, "probability": probability, "shape": (16, 12, 3)}
    names = [name for name in GEOMETRY if name != "rotation"]

    def homogeneous(selection):
        found = drawn(selection, **options)
        matrix = np.tile(np.eye(3), (20, 1, 1))
        matrix[:, :2, :2], matrix[:, :2, 2] = found["linear"], found["shift"]
        return matrix

    product = np.tile(np.eye(3), (20, 1, 1))
    for name in names:
        product = product @ homogeneous([name])
    np.testing.assert_allclose(homogeneous(names), product, atol=1e-4)
    # Rotations stand on both sides of the second scaling, whose axes they turn and whose factors they keep.
    both = drawn(["rotation", "anisotropic_scaling"], **options)["linear"]
    alone = drawn(["anisotropic_scaling"], **options)["linear"]
    expected = np.sort(np.abs(alone[:, [0, 1], [0, 1]]))[:, ::-1]
    np.testing.assert_allclose(np.linalg.svd(both, compute_uv=False), expected, rtol=1e-4)


def test_colors_are_the_papers_matrices():
    """In homogeneous coordinates, composed in the paper's order, with SciPy's rotation of the hue."""
    images = pictures(50, 3, 3, 3)
    options = {"rows": 50, "shape": (3, 3, 3)}
    axis = np.ones(3) / np.sqrt(3)
    gray = np.outer(axis, axis)
    cross = np.cross(np.eye(3), axis)
    brightness = drawn(["brightness"], **options)["offset"]
    contrast = drawn(["contrast"], **options)["luma"]
    flips = drawn(["luma_flip"], **options)["luma"]
    hues = drawn(["hue"], **options)["hue"]
    saturation = drawn(["saturation"], **options)["chroma"]
    expected = []
    for row, image in enumerate(images):
        matrix = np.eye(4)
        matrix[:3, 3] = brightness[row]
        matrix = np.diag([contrast[row]] * 3 + [1]) @ matrix
        steps = (
            np.eye(3) - (1 - flips[row]) * gray,
            linalg.expm(hues[row] * cross),
            gray + (np.eye(3) - gray) * saturation[row],
        )
        for step in steps:
            matrix = linalg.block_diag(step, 1) @ matrix
        expected.append(image @ matrix[:3, :3].T + matrix[:3, 3])
    np.testing.assert_allclose(applied("color", images), expected, atol=1e-5)


def test_colors_have_the_papers_distributions():
    found = drawn(["brightness"])
    near_moments(found["offset"], 0.0, 0.2)
    near_moments(np.log2(drawn(["contrast"])["luma"]), 0.0, 0.5)
    np.testing.assert_array_equal(np.unique(drawn(["luma_flip"])["luma"]), [-1.0, 1.0])
    share_is(drawn(["luma_flip"])["luma"] < 0, 0.5)
    near_moments(np.log2(drawn(["saturation"])["chroma"]), 0.0, 1.0)
    hue = drawn(["hue"])["hue"]
    assert np.abs(np.histogram(hue, bins=8, range=(-np.pi, np.pi))[0] - 250).max() < 5 * np.sqrt(
        250
    )


def test_hue_and_saturation_keep_the_mean_of_the_channels():
    images = pictures(10, 4, 4, 3)
    found = applied(["hue", "saturation"], images)
    np.testing.assert_allclose(found.mean(axis=-1), images.mean(axis=-1), atol=1e-6)
    hue = applied(["hue"], images)
    lengths = [np.linalg.norm(x - x.mean(axis=-1, keepdims=True), axis=-1) for x in (hue, images)]
    np.testing.assert_allclose(*lengths, atol=1e-5)
    assert np.abs(hue - images).max() > 0.5


def test_gray_pictures_change_as_gray_ones_in_color():
    gray = pictures(20, 4, 4, 1)
    found = applied("color", gray)
    np.testing.assert_allclose(found, applied("color", gray.repeat(3, -1))[..., :1], atol=1e-6)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_keeps_its_bits(channels):
    images = pictures(10, 4, 4, channels)
    found = applied("color", images)
    np.testing.assert_array_equal(found[..., -1], images[..., -1])
    np.testing.assert_allclose(found[..., :-1], applied("color", images[..., :-1]), atol=1e-6)


def test_cutout_blanks_half_of_each_side():
    images = np.ones((400, 8, 8, 1), "float32")
    found = applied("cutout", images, probability=0.5)[..., 0] == 0
    hit = found.any(axis=(1, 2))
    share_is(hit, 0.5)
    for blanked in found[hit]:
        rows, columns = blanked.any(axis=1), blanked.any(axis=0)
        np.testing.assert_array_equal(blanked, np.outer(rows, columns))
        assert 1 <= rows.sum() <= 4
        assert 1 <= columns.sum() <= 4
    assert found[hit].any(axis=1).sum(axis=1).max() == 4


@pytest.mark.parametrize("name", [*GEOMETRY, *COLOR, "cutout"])
def test_each_is_applied_with_its_factor_of_the_probability(name):
    once = {
        "flip": lambda f: f["linear"][:, 1, 1] < 0,
        "quarter_turn": lambda f: np.abs(f["linear"] - np.eye(2)).max(axis=(1, 2)) > 0,
        "integer_translation": lambda f: np.abs(f["shift"]).max(axis=1) > 0,
        "fractional_translation": lambda f: np.abs(f["shift"]).max(axis=1) > 0,
        "brightness": lambda f: f["offset"] != 0,
        "contrast": lambda f: f["luma"] != 1,
        "luma_flip": lambda f: f["luma"] < 0,
        "hue": lambda f: f["hue"] != 0,
        "saturation": lambda f: f["chroma"] != 1,
        "cutout": lambda f: f["size"][:, 0] > 0,
    }
    # Shares of those it is applied to that it changes: a translation of 8 by at most 1 pixel leaves many.
    changes = {"flip": 1 / 2, "quarter_turn": 3 / 4, "luma_flip": 1 / 2}
    of = once.get(name, lambda f: np.abs(f["linear"] - np.eye(2)).max(axis=(1, 2)) > 0)
    found = drawn({name: 0.5}, shape=(800, 800, 3), probability=0.8)
    slack = 1 - (1 / 200) ** 2 if name == "integer_translation" else 1
    share_is(of(found), 0.4 * changes.get(name, 1) * slack)


def test_a_schedule_is_followed():
    made = AugmentationPipeline(Cosine(0.0, 1.0, 10), ["luma_flip"])
    made.build((4, 4, 3))
    for step, expected in ((0, 0.0), (5, 0.25), (10, 0.5)):
        share_is(np.asarray(made.draw(1000, 0, step)["luma"]) < 0, expected)
    assert float(made.logs(5)["augmentation_probability"]) == pytest.approx(0.5)
    assert AugmentationPipeline(0.3).logs() == {"augmentation_probability": 0.3}


def test_it_is_the_same_in_every_range():
    images = pictures(8, 6, 6, 3)
    transformations = ["geometry", "color", "cutout"]
    expected = applied(transformations, images, seed=3)
    other = AugmentationPipeline(1.0, transformations, value_range=(0, 1))
    found = other((images + 1) / 2, seed=3)
    np.testing.assert_allclose(np.asarray(found) * 2 - 1, expected, atol=1e-5)


def test_conditions_of_another_size_are_transformed_alike():
    """A plane over a picture is a plane after it, at any size, but where a mirrored edge comes in."""
    transformations = {"scaling": 1, "rotation": 1, "anisotropic_scaling": 1, "flip": 1}
    made = AugmentationPipeline(1.0, transformations)
    made.build((8, 16, 3))
    parameters = made.draw(50, 1)
    found = []
    for height, width in ((8, 16), (32, 32)):
        y = (np.arange(height) + 0.5) / height - 0.5
        x = (np.arange(width) + 0.5) / width - 0.5
        plane = (y[:, None] - 2 * x[None]).astype("float32")[None, ..., None].repeat(50, 0)
        (moved,) = made.apply_together([keras.ops.convert_to_tensor(plane)], parameters)
        # The middle, where the larger picture's pixels lie around each of the smaller one's.
        middle = np.asarray(moved)[
            :, 3 * height // 8 : 5 * height // 8, 7 * width // 16 : 9 * width // 16
        ]
        found.append(middle.reshape(50, 2, height // 8, 2, width // 16).mean(axis=(2, 4)))
    np.testing.assert_allclose(*found, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_graphs_and_xla_do_the_same(jit_compile):
    images = tf.constant(pictures(4, 6, 5, 3))
    made = AugmentationPipeline(0.7, "geometry,color,cutout")
    made.build((6, 5, 3))

    @tf.function(jit_compile=jit_compile)
    def inside(images):
        parameters = made.draw(4, 5)
        return made.apply(images, parameters), parameters

    found, parameters = inside(images)  # XLA draws other numbers
    np.testing.assert_allclose(found, made.apply(images, parameters), atol=1e-5)


def test_configuration():
    made = AugmentationPipeline(
        Cosine(0.0, 0.3, 9), {"color": 0.5, "hue": 0.25, "flip": 1}, value_range=(0, 1)
    )
    again = augmentation.deserialize(json.loads(json.dumps(augmentation.serialize(made))))
    assert again.get_config() == made.get_config()
    assert again.transformations == {
        "flip": 1,
        **dict.fromkeys(COLOR, 0.5),
        "hue": 0.25,
    }
    assert list(AugmentationPipeline(0.1, "geometry, color").transformations) == [*GEOMETRY, *COLOR]


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("probability", {"probability": 1.5}),
        ("probability", {"probability": -0.1}),
        ("probability", {"probability": "0.5"}),
        ("transformations", {"transformations": "turn"}),
        ("transformations", {"transformations": []}),
        ("transformations", {"transformations": 3}),
        ("transformations", {"transformations": {"flip": 2.0}}),
        ("value_range", {"value_range": (1, 0)}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        AugmentationPipeline(**{"probability": 0.5, **options})


def test_colors_of_samples_without():
    with pytest.raises(ValueError, match=r"`transformations`.*5 channels"):
        AugmentationPipeline(0.5).build((4, 4, 5))
    AugmentationPipeline(0.5, "geometry").build((4, 4, 5))
