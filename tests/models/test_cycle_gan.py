"""CycleGAN: two generators and two discriminators, unpaired data, and the way back."""

import keras
import numpy as np
import pytest

import kerasgan

LAYERS = keras.layers
PARTS = ("generator_a_to_b", "generator_b_to_a", "discriminator_a", "discriminator_b")


def dense(*sizes, activation=None):
    layers = [LAYERS.Dense(size) for size in sizes[1:-1]]
    last = LAYERS.Dense(sizes[-1], activation)
    return keras.Sequential([keras.Input((sizes[0],)), *layers, last])


def make(a=3, b=3, **arguments):
    return kerasgan.CycleGAN(
        dense(a, b), dense(b, a), dense(a, 1), dense(b, 2), seed=0, **arguments
    )


@pytest.fixture
def a():
    return np.random.default_rng(0).normal(size=(48, 3)).astype("float32")


@pytest.fixture
def b():
    return np.random.default_rng(1).normal(2.0, 0.5, size=(48, 3)).astype("float32")


def linear(model, x):
    """What a model of one linear layer does, in NumPy."""
    kernel, bias = model.get_weights()
    return x @ kernel + bias


def distance(x, y):
    return np.abs(x - y).mean()


def test_the_objectives_of_the_paper_in_closed_form(a, b):
    model = make(4, 3)
    a = np.concatenate([a, a[:, :1]], axis=1)
    model.compile(cycle_weight=7.0)
    logs = model.test_on_batch(a, b, return_dict=True)
    to_a, to_b = model.generator_b_to_a, model.generator_a_to_b
    fake_a, fake_b = linear(to_a, b), linear(to_b, a)
    cycle_a, cycle_b = distance(a, linear(to_a, fake_b)), distance(b, linear(to_b, fake_a))
    generators, discriminators = 0.0, 0.0
    for name, real, fake in (("a", a, fake_a), ("b", b, fake_b)):
        judge = getattr(model, f"discriminator_{name}")
        adversarial = 0.5 * np.square(linear(judge, fake) - 1).mean()
        lost = 0.5 * np.square(linear(judge, real) - 1).mean()
        lost += 0.5 * np.square(linear(judge, fake)).mean()
        np.testing.assert_allclose(logs[f"adversarial_loss_{name}"], adversarial, rtol=1e-4)
        np.testing.assert_allclose(logs[f"discriminator_loss_{name}"], lost, rtol=1e-4)
        generators, discriminators = generators + adversarial, discriminators + lost
    np.testing.assert_allclose(logs["cycle_error_a"], cycle_a, rtol=1e-4)
    np.testing.assert_allclose(logs["cycle_error_b"], cycle_b, rtol=1e-4)
    np.testing.assert_allclose(logs["generator_cycle"], 7.0 * (cycle_a + cycle_b), rtol=1e-4)
    total = generators + 7.0 * (cycle_a + cycle_b)
    np.testing.assert_allclose(logs["generator_loss"], total, rtol=1e-4)
    np.testing.assert_allclose(logs["discriminator_loss"], discriminators, rtol=1e-4)
    assert "generator_identity" not in logs


def test_the_identity_term(a, b):
    model = make()
    model.compile(cycle_weight=0.0, identity_weight=2.5)
    logs = model.test_on_batch(a, b, return_dict=True)
    kept = distance(a, linear(model.generator_b_to_a, a))
    kept += distance(b, linear(model.generator_a_to_b, b))
    np.testing.assert_allclose(logs["generator_identity"], 2.5 * kept, rtol=1e-4)
    adversarial = logs["adversarial_loss_a"] + logs["adversarial_loss_b"]
    np.testing.assert_allclose(logs["generator_loss"], adversarial + 2.5 * kept, rtol=1e-4)


def test_probabilities_are_those_of_both_domains(a, b):
    model = make()
    model.compile()
    logs = model.test_on_batch(a, b, return_dict=True)
    real = [model.discriminate(a), model.discriminate(b, domain="b")]
    fake = [model.discriminate(model.translate(b, to="a"))]
    fake += [model.discriminate(model.translate(a, to="b"), domain="b")]
    np.testing.assert_allclose(logs["real_probability"], np.mean(real), rtol=1e-4)
    np.testing.assert_allclose(logs["fake_probability"], np.mean(fake), rtol=1e-4)
    np.testing.assert_allclose(logs["generator_probability"], np.mean(fake), rtol=1e-4)


def test_penalties_are_those_of_each_domain_added_up(a, b):
    model = make()
    model.compile(penalties=[kerasgan.penalties.R1(3.0)])
    logs = model.test_on_batch(a, b, return_dict=True)
    # Of a linear discriminator the gradient is its kernel, and that of the sum of patches their sum.
    kernels = [getattr(model, name).get_weights()[0].sum(axis=1) for name in PARTS[2:]]
    norms = sum(np.square(kernel).sum() for kernel in kernels)
    np.testing.assert_allclose(logs["discriminator_r1"], 3.0 / 2.0 * norms, rtol=1e-4)


def test_k_discriminator_steps_then_the_generators(a, b):
    model = make()
    model.compile(discriminator_steps=3)
    assert [turn.name for turn in model.turns()] == ["discriminator", "generator"]
    model.fit(a, b, batch_size=4, epochs=2, verbose=0)
    counts = {turn.name: int(model.optimizer[turn.name].iterations) for turn in model.turns()}
    assert counts == {"discriminator": 24, "generator": 8}
    # The pools have seen what the discriminators have seen, and hold the last 50 of it at most.
    assert int(model.pool_a.count) == int(model.pool_b.count) == 50


@pytest.mark.parametrize("mover", ["discriminator", "generator"])
def test_a_turn_changes_its_own_players_only(a, b, mover):
    model = make()
    rates = {
        f"{turn}_optimizer": keras.optimizers.SGD(0.1 if turn == mover else 0.0)
        for turn in ("discriminator", "generator")
    }
    model.compile(**rates, run_eagerly=True)
    before = {part: getattr(model, part).get_weights()[0] for part in PARTS}
    model.train_on_batch(a, b)
    changed = {p for p in PARTS if np.any(getattr(model, p).get_weights()[0] != before[p])}
    assert changed == set(PARTS[2:] if mover == "discriminator" else PARTS[:2])


@pytest.mark.deterministic
def test_a_discriminator_moves_as_if_the_other_were_not_there(a, b):
    """One optimizer for both is as good as two: nothing of one's loss depends on the other."""
    kernels = []
    for other in ("discriminator_b", None):
        keras.utils.set_random_seed(2)
        model = make()
        if other:
            getattr(model, other).set_weights([np.full((3, 2), 9.0), np.full(2, 5.0)])
        model.compile(generator_optimizer=keras.optimizers.SGD(0.0))
        model.fit(a, b, batch_size=16, verbose=0)
        kernels.append(model.discriminator_a.get_weights()[0])
    np.testing.assert_array_equal(*kernels)


def test_discriminators_see_earlier_translations_and_generators_their_newest(a, b):
    model = make(pool_size=8)
    still = keras.optimizers.SGD
    model.compile(still(0.0), still(0.0), run_eagerly=True)
    first = model.translate(b[:8], to="a")
    model.train_on_batch(a[:8], b[:8])
    np.testing.assert_allclose(model.pool_a.images, first, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        model.pool_b.images, model.translate(a[:8], to="b"), rtol=1e-5, atol=1e-6
    )
    # Eight that are all alike, and unlike what is in the pool.
    new_a, new_b = np.full((8, 3), 5.0, "float32"), np.full((8, 3), -5.0, "float32")
    logs = model.train_on_batch(new_a, new_b, return_dict=True)
    newest = model.translate(new_b[:1], to="a")
    held = np.array(model.pool_a.images)
    went_in = np.all(np.isclose(held, newest, rtol=1e-5), axis=1)
    assert 0 < went_in.sum() < 8  # with this seed
    # So the discriminator saw the earlier ones that are gone, and the newest in place of the rest.
    judge = model.discriminator_a
    seen = np.concatenate([first[went_in], np.repeat(newest, 8 - went_in.sum(), axis=0)])
    lost = 0.5 * np.square(linear(judge, new_a) - 1).mean()
    lost += 0.5 * np.square(linear(judge, seen)).mean()
    np.testing.assert_allclose(logs["discriminator_loss_a"], lost, rtol=1e-4)
    adversarial = 0.5 * np.square(linear(judge, newest) - 1).mean()
    np.testing.assert_allclose(logs["adversarial_loss_a"], adversarial, rtol=1e-4)


def test_an_evaluation_leaves_the_pools_alone(a, b):
    model = make()
    model.compile()
    model.fit(a, b, batch_size=16, verbose=0)
    before = [np.array(variable) for variable in model.variables]
    model.evaluate(b, a, verbose=0)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_without_pools(a, b, tmp_path):
    model = make(pool_size=0)
    assert model.pool_a is model.pool_b is None
    model.compile()
    model.fit(a, b, batch_size=16, verbose=0)
    model.save(tmp_path / "model.keras")
    assert keras.models.load_model(tmp_path / "model.keras").pool_size == 0


@pytest.mark.deterministic
@pytest.mark.slow
def test_pools_are_saved_and_training_goes_on_bit_for_bit(a, b, tmp_path):
    model = make(pool_size=20)
    model.compile(cycle_weight=3.0, identity_weight=0.5)
    model.fit(a, b, batch_size=8, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert (loaded.cycle_weight, loaded.identity_weight) == (3.0, 0.5)
    for each in (model, loaded):
        each.fit(a, b, batch_size=8, verbose=0)
    for one, other in zip(model.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(one, other)


class Interrupt(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == 9:
            raise KeyboardInterrupt


@pytest.mark.deterministic
@pytest.mark.slow
def test_an_interrupted_run_on_unpaired_data_ends_with_the_same_bits(a, b, tmp_path):
    def train(folder, *callbacks):
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(0)
        model = make(pool_size=10)
        model.compile()
        keeper = kerasgan.callbacks.BackupAndRestore(tmp_path / folder, save_freq=1)
        batches = kerasgan.datasets.unpaired(a, b[:20], batch_size=8, seed=5)
        model.fit(batches, epochs=3, verbose=0, callbacks=[*callbacks, keeper])
        return [np.array(variable) for variable in model.state()]

    undisturbed = train("undisturbed")
    with pytest.raises(KeyboardInterrupt):
        train("disturbed", Interrupt())
    for one, other in zip(undisturbed, train("disturbed"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_finds_the_way_between_two_clouds():
    rng = np.random.default_rng(0)
    b = (rng.normal(size=(2048, 2)) * [1.0, 0.2]).astype("float32")
    a = (rng.normal(size=(2048, 2)) * [0.2, 1.0]).astype("float32")
    keras.utils.set_random_seed(0)
    judges = [kerasgan.networks.mlp(2, [32, 32], activation="leaky_relu") for _ in range(2)]
    model = kerasgan.CycleGAN(dense(2, 2), dense(2, 2), *judges, seed=0)
    adam = keras.optimizers.Adam
    model.compile(
        adam(5e-3, beta_1=0.5),
        adam(5e-3, beta_1=0.5),
        penalties=[kerasgan.penalties.R1(0.1)],
        steps_per_execution=32,
    )
    history = model.fit(a, b, batch_size=64, epochs=20, verbose=0).history
    moved = model.translate(a, to="b")
    # Untranslated, it is the other way round.
    np.testing.assert_allclose(moved.std(axis=0), [1.0, 0.2], atol=0.15)
    assert distance(model.translate(moved, to="a"), a) < 0.05
    assert history["cycle_error_a"][-1] < 0.1 * history["cycle_error_a"][0]


def test_domains_of_two_shapes_and_patches(a):
    generator = keras.Sequential(
        [keras.Input((4, 4, 1)), LAYERS.Conv2D(3, 3, padding="same"), LAYERS.UpSampling2D()]
    )
    back = keras.Sequential([keras.Input((8, 8, 3)), LAYERS.Conv2D(1, 2, strides=2)])
    judges = [
        keras.Sequential([keras.Input(shape), LAYERS.Conv2D(1, 3)])
        for shape in ((4, 4, 1), (8, 8, 3))
    ]
    model = kerasgan.CycleGAN(generator, back, *judges, pool_size=2)
    model.compile(loss="non_saturating")
    images, others = np.zeros((6, 4, 4, 1)), np.zeros((9, 8, 8, 3))
    model.fit(kerasgan.datasets.unpaired(images, others, 3, seed=0), verbose=0)
    assert model.translate(images, to="b").shape == (6, 8, 8, 3)
    assert model.translate(others, to="a", batch_size=4).shape == (9, 4, 4, 1)
    assert model.discriminate(others, domain="b").shape == (9,)
    with pytest.raises(ValueError, match=r"`identity_weight`.*\(4, 4, 1\) and \(8, 8, 3\)"):
        model.compile(identity_weight=1.0)
    with pytest.raises(ValueError, match=r"`samples`.*\(4, 4, 1\)"):
        model.translate(others, to="b")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            (dense(3, 4), dense(3, 3), dense(3, 1), dense(3, 1)),
            r"`generator_a_to_b`.*\(3,\).*\(4,\)",
        ),
        (
            (dense(3, 3), dense(3, 4), dense(3, 1), dense(3, 1)),
            r"`generator_b_to_a`.*\(3,\).*\(4,\)",
        ),
        ((dense(3, 3), dense(3, 3), dense(4, 1), dense(3, 1)), "`discriminator_a`.*3.*4"),
        ((dense(3, 3), dense(3, 3), dense(3, 1), dense(4, 1)), "`discriminator_b`.*3.*4"),
    ],
)
def test_sub_models_that_do_not_fit(parts, message):
    with pytest.raises(ValueError, match=message):
        kerasgan.CycleGAN(*parts)


def test_bad_arguments(a, b):
    with pytest.raises(ValueError, match="`pool_size`.*-1"):
        make(pool_size=-1)
    with pytest.raises(TypeError, match="`discriminator_b`"):
        kerasgan.CycleGAN(dense(3, 3), dense(3, 3), dense(3, 1), 4)
    anything = keras.Sequential([keras.Input((None, None, 3)), LAYERS.Conv2D(3, 1)])
    with pytest.raises(ValueError, match=r"`pool_size`.*0.*\(None, None, 3\).*pool_size=50"):
        kerasgan.CycleGAN(anything, anything, anything, anything)
    model = make()
    with pytest.raises(ValueError, match="`cycle_weight`.*-1"):
        model.compile(cycle_weight=-1.0)
    with pytest.raises(ValueError, match="`loss`"):
        model.compile(loss="most_squares")
    model.compile()
    with pytest.raises(ValueError, match=r"`y`. Expected 48.*20. .*`kerasgan\.datasets\.unpaired`"):
        model.fit(a, b[:20], verbose=0)
    with pytest.raises(ValueError, match="`y`.*CycleGAN"):
        model.fit(a, verbose=0)
    for bad in ({"to": "c"}, {"to": None}):
        with pytest.raises(ValueError, match="`to`"):
            model.translate(a, **bad)
    with pytest.raises(ValueError, match="`domain`"):
        model.discriminate(a, domain="c")
