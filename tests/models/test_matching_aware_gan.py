"""Real samples with the conditions of others: what they cost, and which of them count."""

import keras
import numpy as np
import pytest
from keras import ops

import kerasgan

LAYERS = keras.layers
WEIGHTS = np.array([[0.7], [-0.4], [1.1]])  # of two features of a sample and its condition


def joint(first, units):
    inputs = [keras.Input((first,)), keras.Input((1,))]
    return keras.Model(inputs, LAYERS.Dense(units)(LAYERS.Concatenate()(inputs)))


def make(loss="minimax", discriminator=None, **arguments):
    """A game whose generated samples are all 0.5, and whose discriminator is linear."""
    model = kerasgan.MatchingAwareGAN(joint(3, 2), discriminator or joint(2, 1), seed=0)
    model.generator.set_weights([np.zeros((4, 2)), np.full(2, 0.5)])
    if discriminator is None:
        model.discriminator.set_weights([WEIGHTS, np.array([0.3])])
    model.compile(loss=loss, **arguments)
    return model


def score(x, condition):
    return np.concatenate([x, condition], axis=1) @ WEIGHTS[:, 0] + 0.3


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(6, 2)).astype("float32")


def conditions(*values):
    return np.array(values, "float32")[:, None]


def test_the_loss_is_that_of_the_paper(x):
    condition = conditions(0, 1, 2, 3, 4, 5)
    logs = make().test_on_batch(x, condition, return_dict=True)
    real = sigmoid(score(x, condition))
    fake = sigmoid(score(np.full((6, 2), 0.5), condition))
    wrong = sigmoid(score(x, condition[[5, 0, 1, 2, 3, 4]]))
    # Algorithm 1: log s_r + (log(1 - s_w) + log(1 - s_f)) / 2, to be maximized.
    expected = -np.mean(np.log(real) + 0.5 * (np.log(1 - wrong) + np.log(1 - fake)))
    np.testing.assert_allclose(logs["discriminator_loss"], expected, rtol=1e-5)
    for name, values in (("real", real), ("fake", fake), ("mismatch", wrong)):
        np.testing.assert_allclose(logs[f"{name}_probability"], values.mean(), rtol=1e-5)


def test_equal_conditions_do_not_count(x):
    condition = conditions(0, 0, 2, 2, 2, 5)
    logs = make().test_on_batch(x, condition, return_dict=True)
    rows, before = [0, 2, 5], [5, 1, 4]  # the others have the condition of the row before them
    real, fake = score(x, condition), score(np.full((6, 2), 0.5), condition)
    wrong = score(x[rows], condition[before])

    def pair(real_scores, fake_scores):
        return -np.mean(np.log(sigmoid(real_scores)) + np.log(sigmoid(-fake_scores)))

    expected = 0.5 * (pair(real, fake) + pair(real[rows], wrong))
    np.testing.assert_allclose(logs["discriminator_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(logs["mismatch_probability"], sigmoid(wrong).mean(), rtol=1e-5)


def test_without_any_wrong_condition_half_the_conditional_game_is_left(x):
    condition = conditions(*[3] * 6)
    model = make()
    logs = model.test_on_batch(x, condition, return_dict=True)
    plain = kerasgan.ConditionalGAN(model.generator, model.discriminator, seed=0)
    plain.compile(loss="minimax")
    expected = plain.test_on_batch(x, condition, return_dict=True)
    np.testing.assert_allclose(
        logs["discriminator_loss"], expected["discriminator_loss"] / 2, rtol=1e-5
    )
    assert logs["mismatch_probability"] == 0
    trained = model.train_on_batch(x, condition, return_dict=True)
    assert all(np.isfinite(value) for value in trained.values())
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_one_entry_makes_a_sequence_of_tokens_another(x):
    inputs = [keras.Input((2,)), keras.Input((3,), dtype="int32")]
    token = LAYERS.Lambda(lambda tokens: ops.cast(tokens, "float32"))(inputs[1])
    judge = keras.Model(inputs, LAYERS.Dense(1)(LAYERS.Concatenate()([inputs[0], token])))
    latent = [keras.Input((3,)), keras.Input((3,), dtype="int32")]
    model = kerasgan.MatchingAwareGAN(keras.Model(latent, LAYERS.Dense(2)(latent[0])), judge)
    judge.set_weights([np.array([0, 0, 0, 0, 1.0])[:, None], np.zeros(1)])
    model.compile(loss="hinge")
    tokens = np.tile(np.array([5, 7, 0], "int32"), (6, 1))
    tokens[2] = [5, 7, 9]
    logs = model.test_on_batch(x, tokens, return_dict=True)
    # Row 2 has the last token 0 of row 1, and row 3 the last token 9 of row 2.
    np.testing.assert_allclose(logs["mismatch_probability"], (0 + 9) / 2)


def test_each_patch_has_its_own_loss(x):
    model = make("hinge", joint(2, 4))
    model.discriminator.set_weights([np.tile(WEIGHTS, (1, 4)), np.full(4, 0.3)])
    patches = model.test_on_batch(x, conditions(*range(6)), return_dict=True)
    one = make("hinge").test_on_batch(x, conditions(*range(6)), return_dict=True)
    np.testing.assert_allclose(patches["discriminator_loss"], one["discriminator_loss"], rtol=1e-5)


@pytest.mark.parametrize("mover", ["discriminator", "generator"])
def test_a_turn_changes_its_own_player_only(x, mover):
    rates = {
        f"{name}_optimizer": keras.optimizers.SGD(0.1 if name == mover else 0.0)
        for name in ("discriminator", "generator")
    }
    model = make(run_eagerly=True, **rates)
    before = {
        name: getattr(model, name).get_weights()[0] for name in ("discriminator", "generator")
    }
    model.train_on_batch(x, conditions(*range(6)))
    moved = {
        name for name in before if np.any(getattr(model, name).get_weights()[0] != before[name])
    }
    assert moved == {mover}


def test_penalties_see_the_right_conditions(x):
    """R1's gradient is taken at real samples with their own conditions, where this score is x times y."""
    inputs = [keras.Input((2,)), keras.Input((1,))]
    product = LAYERS.Multiply()([LAYERS.Dense(1, use_bias=False)(inputs[0]), inputs[1]])
    judge = keras.Model(inputs, product)
    judge.set_weights([np.array([[1.0], [0.0]])])
    model = make(discriminator=judge, penalties=[kerasgan.penalties.R1(2.0)])
    logs = model.test_on_batch(x, conditions(*range(6)), return_dict=True)
    # 2 / 2 * y², by the definition of R1, in the mean of y = 0, ..., 5.
    np.testing.assert_allclose(logs["discriminator_r1"], np.mean(np.arange(6.0) ** 2), rtol=1e-5)


def test_it_learns_to_refuse_wrong_conditions():
    """Here the generator is perfect, so that only wrong conditions can be told from right ones."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (512, 1)).astype("float32")
    x = y + 0.1 * rng.normal(size=(512, 1)).astype("float32")
    inputs = [keras.Input((1,)), keras.Input((1,))]
    hidden = LAYERS.Dense(32, activation="tanh")(LAYERS.Concatenate()(inputs))
    latent = [keras.Input((1,)), keras.Input((1,))]
    generator = keras.Model(latent, LAYERS.Dense(1)(LAYERS.Concatenate()(latent)))
    generator.set_weights([np.array([[0.1], [1.0]]), np.zeros(1)])
    model = kerasgan.MatchingAwareGAN(
        generator, keras.Model(inputs, LAYERS.Dense(1)(hidden)), seed=0
    )
    model.compile(
        discriminator_optimizer=keras.optimizers.Adam(0.03),
        generator_optimizer=keras.optimizers.SGD(0.0),
    )
    model.fit(x, y, batch_size=128, epochs=30, verbose=0)
    # At the optimum (proposition 1 of the GAN paper, with densities 1 : 1/2 on a right pair): 2/3.
    np.testing.assert_allclose(model.discriminate(x, y).mean(), 2 / 3, atol=0.05)
    assert model.discriminate(x, 1 - y).mean() < 0.05
