"""Every game in `mixed_bfloat16` and `mixed_float16`: what is computed in which precision, and overflows."""

import inspect

import keras
import numpy as np
import pytest
from registry import MODELS

import kerasgan


@pytest.fixture(params=["mixed_bfloat16", "mixed_float16"])
def policy(request):
    yield from in_policy(request.param)


@pytest.fixture
def float16():
    yield from in_policy("mixed_float16")


def in_policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    yield name
    keras.config.set_dtype_policy(before)


def game(**arguments):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    generator = [keras.Input((3,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(2)]
    discriminator = [keras.Input((2,)), layers.Dense(4, "relu"), layers.Dense(1)]
    gan = kerasgan.GAN(keras.Sequential(generator), keras.Sequential(discriminator))
    gan.compile(jit_compile=False, **arguments)
    return gan


def optimizers_of(model):
    return [model.optimizer[turn.name] for turn in model.turns()]


def scales_of(model):
    return [float(optimizer.dynamic_scale) for optimizer in optimizers_of(model)]


@pytest.mark.promise("`mixed_bfloat16` and `mixed_float16`")
@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_trains_with_penalties_and_weights_in_float32(kind, policy, monkeypatch):
    weighted = kerasgan.penalties.Penalty.__call__
    dtypes = []

    def recording(penalty, encounter):
        value = weighted(penalty, encounter)
        parts = {"real": encounter.real, "fake": encounter.fake, "value": value}
        dtypes.append({name: keras.backend.standardize_dtype(t.dtype) for name, t in parts.items()})
        return value

    monkeypatch.setattr(kerasgan.penalties.Penalty, "__call__", recording)
    make, data = MODELS[kind]
    model = make()
    model.compile(penalties=["r1", "wasserstein_gradient_penalty"], jit_compile=False)
    before = [weight.numpy() for weight in model.trainable_weights]
    history = model.fit(*data, batch_size=8, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    after = [weight.numpy() for weight in model.trainable_weights]
    assert all(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))

    # The policy is in force, and what must be exact is float32 all the same.
    low_precision = policy.removeprefix("mixed_")
    translates = isinstance(model, kerasgan.CycleGAN)
    discriminators = next(t.players for t in model.turns() if t.name.startswith("discriminator"))
    for layer in discriminators[0].layers:
        assert layer.compute_dtype == low_precision
    counts = {pool.count.path for pool in ([model.pool_a, model.pool_b] if translates else [])}
    assert {w.dtype for w in model.weights if w.path not in counts} == {"float32"}
    assert dtypes
    assert all(set(each.values()) == {"float32"} for each in dtypes[len(dtypes) // 2 :]), dtypes
    scaled = [isinstance(o, keras.optimizers.LossScaleOptimizer) for o in optimizers_of(model)]
    assert scaled == [policy == "mixed_float16"] * len(scaled)

    condition = data[1] if model.conditional else None
    takes_conditions = "condition" in inspect.signature(model.discriminate).parameters
    judged = data if model.conditional and takes_conditions else data[:1]
    arrays = []
    if hasattr(model, "discriminate"):
        arrays.append(model.discriminate(*judged))
    if not isinstance(model, kerasgan.GANomaly):
        arrays.append(model.generate(5, condition=None if condition is None else condition[0]))
    for name in ("encode", "reconstruct", "energy", "anomaly_score", "classify"):
        if hasattr(model, name):
            arrays += keras.tree.flatten(getattr(model, name)(data[0]))
    assert all(type(array) is np.ndarray and array.dtype == "float32" for array in arrays)


@pytest.mark.parametrize("size", [1e-4, 300.0])
def test_a_gradient_penalty_neither_underflows_nor_overflows(size, policy):
    """The gradient of `w x` is `w`, and its square is beyond float16 on either side."""
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    gan = kerasgan.GAN(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), discriminator)
    gan.compile(loss="wasserstein", penalties=[kerasgan.penalties.R1(2.0)], jit_compile=False)
    discriminator.set_weights([np.full((2, 1), size)])
    logs = gan.test_on_batch(np.zeros((4, 2), "float32"), return_dict=True)
    # bfloat16 rounds `w` to 8 bits.
    np.testing.assert_allclose(logs["discriminator_r1"], 2 * size**2, rtol=2 * 2.0**-8)


@pytest.mark.parametrize("penalties", [(), ["r1"]], ids=["plain", "penalty"])
def test_an_overflow_of_scaled_gradients_skips_the_update(samples, penalties, float16):
    gan = game(penalties=penalties)
    for optimizer in optimizers_of(gan):
        optimizer.dynamic_scale.assign(2.0**40)
    before = [weight.numpy() for weight in gan.trainable_weights]
    history = gan.fit(samples[:24], batch_size=8, verbose=0).history
    # The losses themselves are finite: nobody has a reason to stop.
    assert all(np.isfinite(values).all() for values in history.values())
    assert [int(optimizer.iterations) for optimizer in optimizers_of(gan)] == [0, 0]
    assert scales_of(gan) == [2.0**37, 2.0**37]
    for old, new in zip(before, gan.trainable_weights, strict=True):
        np.testing.assert_array_equal(old, new.numpy())

    gan.fit(samples, batch_size=8, epochs=4, verbose=0)
    assert all(1.0 < scale <= 2.0**30 for scale in scales_of(gan))
    # 48 rounds, of which some went by while the scale came down from 2**37.
    assert all(48 - 37 <= int(optimizer.iterations) < 48 for optimizer in optimizers_of(gan))
    assert all(np.isfinite(weight.numpy()).all() for weight in gan.weights)


def test_a_scale_of_ones_own_grows_and_is_not_applied_twice(samples, float16):
    own = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(1e-3), initial_scale=8.0, dynamic_growth_steps=3
    )
    gan = game(generator_optimizer=own)
    assert gan.optimizer["generator"] is own
    gan.fit(samples, batch_size=16, verbose=0)  # 6 rounds
    assert scales_of(gan) == [2.0**15, 8.0 * 2**2]


def test_a_loss_that_overflows_stops_training(samples, float16):
    gan = game(loss="wasserstein")
    gan.discriminator.layers[0].kernel.assign([[6e4] * 4] * 2)
    gan.discriminator.layers[1].kernel.assign([[6e4]] * 4)
    with pytest.raises(
        FloatingPointError, match=r"`discriminator_loss` in the discriminator's turn"
    ):
        gan.fit(samples, batch_size=16, verbose=0)


@pytest.mark.deterministic
def test_a_file_keeps_the_policy_and_the_scales(samples, tmp_path, float16):
    gan = game(penalties=["r1"])
    gan.optimizer["generator"].dynamic_scale.assign(2.0**18)
    gan.fit(samples, batch_size=8, verbose=0)
    scales = scales_of(gan)
    gan.save(tmp_path / "gan.keras")
    gan.save_weights(tmp_path / "gan.weights.h5")
    keras.config.set_dtype_policy("float32")  # as in a program of its own
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.dtype_policy.name == "mixed_float16"
    assert scales_of(loaded) == scales
    assert [int(o.step_counter) for o in optimizers_of(loaded)] == [
        int(o.step_counter) for o in optimizers_of(gan)
    ]
    for optimizer in optimizers_of(loaded):
        optimizer.dynamic_scale.assign(1.0)
    loaded.load_weights(tmp_path / "gan.weights.h5")
    assert scales_of(loaded) == scales
    for model in (gan, loaded):
        model.fit(samples, batch_size=8, verbose=0)
    for stayed, came_back in zip(gan.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(stayed.numpy(), came_back.numpy())


def test_one_layer_in_float16_is_enough_for_loss_scaling():
    """Sub-models that come from a file keep their precision whatever the policy is now."""
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, dtype="mixed_float16")]
    )
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile()
    assert scales_of(gan) == [2.0**15, 2.0**15]
