"""The probability that follows the discriminator's signs."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan import augmentation
from kerasgan.augmentation import AdaptiveAugmentation


def built(**options):
    made = AdaptiveAugmentation(**options)
    made.build((4, 4, 3))
    return made


def probability(made):
    return float(made.logs()["augmentation_probability"])


def test_defaults_are_the_papers():
    made = augmentation.get("adaptive")
    assert (made.target, made.images, made.interval) == (0.6, 500_000, 4)
    assert (made.current_probability(), made.variables, made.follows_signs) == (0.0, [], True)
    assert list(made.transformations)[:2] == ["flip", "quarter_turn"]
    assert "cutout" not in made.transformations


def test_it_moves_by_the_share_of_images_seen_every_few_updates():
    made = built(images=1000, interval=3, probability=0.5)
    # (mean of signs, rows) of each update, and the probability after it.
    for signs, rows, expected in (
        (1.0, 10, 0.5),
        (1.0, 20, 0.5),
        (1.0, 30, 0.56),  # 60 of 1000 images, surer than the target
        (0.5, 50, 0.56),
        (0.5, 50, 0.56),
        (0.7, 50, 0.41),  # a mean of 0.567 is below 0.6
        (1.0, 10, 0.41),
        (0.0, 90, 0.41),  # rows count, not updates: 0.1 * 1 + 0.9 * 0
        (0.6, 0, 0.31),
        (0.6, 0, 0.31),
        (0.6, 0, 0.31),
        (0.6, 0, 0.31),  # of no rows there is nothing to learn
    ):
        made.update(signs, rows)
        assert probability(made) == pytest.approx(expected, abs=1e-6)


def test_it_stays_between_0_and_the_maximum():
    made = built(images=100, interval=1, maximum=0.7)
    for signs, expected in (
        (-1.0, 0.0),
        (1.0, 0.4),
        (1.0, 0.7),
        (1.0, 0.7),
        (0.0, 0.3),
        (0.0, 0.0),
    ):
        made.update(signs, 40)
        assert probability(made) == pytest.approx(expected, abs=1e-6)


def test_it_settles_where_the_discriminator_is_as_sure_as_it_should_be():
    """A discriminator whose signs are 0.95 without augmentation, and lower by 0.7 with all of it."""
    random = np.random.default_rng(0)
    made = built(images=4000, interval=4)
    update = tf.function(lambda signs: made.update(signs, 32))
    seen = []
    for _ in range(600):
        positive = random.random(32) < (1 + 0.95 - 0.7 * probability(made)) / 2
        update(tf.constant(np.mean(np.where(positive, 1.0, -1.0))))
        seen.append(probability(made))
    assert np.mean(seen[300:]) == pytest.approx(0.5, abs=0.1)


def test_the_draws_follow_the_variable():
    made = built(transformations=["luma_flip"])
    state = {variable.name: variable for variable in made.variables}
    for value in (0.0, 0.4, 0.8):
        state["augmentation_probability"].assign(value)
        shares = np.mean(np.asarray(made.draw(4000, 0)["luma"]) < 0)
        assert shares == pytest.approx(value / 2, abs=0.03)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_graph_does_what_calls_do(jit_compile):
    one, other = (built(images=1000, interval=2) for _ in range(2))
    update = tf.function(other.update, jit_compile=jit_compile)
    for signs in (1.0, 0.9, 0.8, 0.2, 0.1, 1.0):
        one.update(signs, 64)
        update(tf.constant(signs), tf.constant(64))
        for first, second in zip(one.variables, other.variables, strict=True):
            assert float(first.value) == pytest.approx(float(second.value), abs=1e-6)


def test_taking_over_the_variables_goes_on_as_if_never_stopped():
    first, second = (built(images=500, interval=3) for _ in range(2))
    random = np.random.default_rng(0)
    for _ in range(7):
        first.update(random.uniform(0.4, 1.0), 10)
    for old, new in zip(first.variables, second.variables, strict=True):
        assert (new.dtype, new.trainable) == ("float32", False)
        new.assign(old)
    for _ in range(8):
        signs = random.uniform(0.4, 1.0)
        first.update(signs, 10)
        second.update(signs, 10)
        assert probability(first) == probability(second)


SCRIPT = """
import json, os
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # replicas are CPUs here, whatever else there is
import keras
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import kerasgan
from kerasgan.backend import all_replicas_mean, draw_rows

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
images = tf.random.stateless_uniform((6, 8, 8, 3), (1, 2))


def game():
    made = kerasgan.augmentation.AdaptiveAugmentation(images=1000, probability=0.5, interval=1)
    made.build((8, 8, 3))
    seed = keras.random.SeedGenerator(3)

    @tf.function
    def step(images, signs):
        rows = tf.shape(images)[0]
        parameters = draw_rows(lambda count: made.draw(count, seed), rows)
        made.update(all_replicas_mean(signs), 6)
        return made.apply(images, parameters), made.current_probability()

    return step, made, seed  # Keras's variables live as long as these


def shared(values):
    return strategy.experimental_distribute_values_from_function(
        lambda context: values[context.replica_id_in_sync_group]
    )


with strategy.scope():
    step, *kept = game()
alone, *kept_too = game()
found = []
for signs in ((1.0, 0.8), (0.2, 0.9), (1.0, 1.0)):
    halves = shared([images[:3], images[3:]]), shared([tf.constant(each) for each in signs])
    results, probabilities = strategy.run(step, halves)
    expected, probability = alone(images, tf.constant(sum(signs) / 2))
    together = tf.concat(strategy.experimental_local_results(results), axis=0)
    each = [float(p) for p in strategy.experimental_local_results(probabilities)]
    found.append([float(tf.reduce_max(abs(together - expected))), *each, float(probability)])
print(json.dumps(found))
"""


def test_two_replicas_are_one_device(tmp_path, answer_of):
    path = tmp_path / "replicas.py"
    path.write_text(SCRIPT)
    for difference, *probabilities in answer_of(path):
        assert difference < 1e-6
        assert probabilities[0] == probabilities[1] == probabilities[2] != 0.5


def test_configuration():
    made = AdaptiveAugmentation(0.5, 1000, 0.1, 0.9, 2, ["flip"], (0, 1))
    again = augmentation.deserialize(json.loads(json.dumps(augmentation.serialize(made))))
    assert type(again) is AdaptiveAugmentation
    assert again.get_config() == made.get_config()
    assert again.get_config()["probability"] == 0.1
    built_again = AdaptiveAugmentation.from_config(built(probability=0.2).get_config())
    assert built_again.probability == 0.2


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("target", {"target": 1.0}),
        ("target", {"target": -0.1}),
        ("images", {"images": 0}),
        ("probability", {"probability": 1.0}),
        ("probability", {"probability": keras.optimizers.schedules.CosineDecay(0.5, 5)}),
        ("maximum", {"maximum": 0.0}),
        ("maximum", {"maximum": 1.1}),
        ("interval", {"interval": 0}),
        ("transformations", {"transformations": "spin"}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        AdaptiveAugmentation(**options)


def test_an_update_before_it_is_built():
    with pytest.raises(ValueError, match="`AdaptiveAugmentation` does not know the shape"):
        AdaptiveAugmentation().update(0.5, 10)
