"""What every model promises as a Keras model."""

import json

import keras
import numpy as np
import pytest
from registry import MODELS, call_inputs, quick_optimizers

import kerasgan


@pytest.fixture(params=list(MODELS), ids=lambda kind: kind.__name__)
def case(request):
    make, data = MODELS[request.param]
    model = make()
    model.compile(discriminator_steps=2, **quick_optimizers(model))
    return model, data


def state_of(model):
    return [keras.ops.convert_to_numpy(v) for v in model.variables + model.optimizer.variables]


def assert_equal(one, other):
    for first, second in zip(state_of(one), state_of(other), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.deterministic
@pytest.mark.promise("`save` and `load_model`, then training goes on bit for bit")
def test_saves_loads_and_goes_on_bit_for_bit(case, tmp_path):
    model, data = case
    model.fit(*data, batch_size=8, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_equal(model, loaded)
    model.fit(*data, batch_size=8, epochs=2, verbose=0)
    loaded.fit(*data, batch_size=8, epochs=2, verbose=0)
    assert_equal(model, loaded)


@pytest.mark.promise("`save_weights` and `load_weights` with optimizers and seeds")
def test_weights_alone_save_and_load(case, tmp_path):
    model, data = case
    model.compile(discriminator_steps=2, run_eagerly=True)
    model.fit(*data, batch_size=16, verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    other = type(model).from_config(model.get_config())
    other.compile(discriminator_steps=2)
    other.load_weights(tmp_path / "model.weights.h5")
    assert_equal(model, other)


@pytest.mark.parametrize("kind", list(MODELS), ids=lambda kind: kind.__name__)
@pytest.mark.promise("`load_model(compile=False)` finds every weight")
def test_loads_without_compiling(kind, tmp_path):
    model = MODELS[kind][0]()
    model.compile(penalties="r1")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    for saved, weight in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(saved, weight)


@pytest.mark.promise("`get_config` and `from_config`")
def test_a_config_makes_an_equal_model(case):
    model, _ = case
    restored = type(model).from_config(model.get_config())
    assert restored.get_config() == model.get_config()


@pytest.mark.promise("`train_on_batch` and `test_on_batch`")
def test_batches_on_their_own(case):
    model, data = case
    batch = [part[:16] for part in data]
    trained = model.train_on_batch(*batch, return_dict=True)
    tested = model.test_on_batch(*batch, return_dict=True)
    assert set(trained) == set(tested)
    assert all(np.isfinite(value) for value in [*trained.values(), *tested.values()])


def test_a_batch_of_one(case):
    model, data = case
    model.compile(run_eagerly=True)
    batch = [part[:1] for part in data]
    tested = model.test_on_batch(*batch, return_dict=True)
    trained = model.train_on_batch(*batch, return_dict=True)
    assert all(np.isfinite(value) for value in [*trained.values(), *tested.values()])
    assert all(np.all(np.isfinite(value)) for value in state_of(model))


@pytest.mark.promise("`generate(seed=…)` gives the same samples each time")
def test_generates_the_same_from_the_same_seed(case):
    model, data = case
    if isinstance(model, (kerasgan.GANomaly, kerasgan.CycleGAN)):
        pytest.skip("it has no prior to draw from")
    condition = data[1][0] if model.conditional else None
    samples = [model.generate(5, condition=condition, seed=seed) for seed in (0, 0, 1)]
    assert samples[0].shape == (5, *data[0].shape[1:])
    np.testing.assert_array_equal(samples[0], samples[1])
    assert not np.array_equal(samples[0], samples[2])


@pytest.mark.parametrize(
    "kind", [kind for kind in MODELS if hasattr(kind, "generate")], ids=lambda kind: kind.__name__
)
def test_generates_in_the_units_of_the_data_and_its_config_tells_them(kind):
    make, data = MODELS[kind]
    model = make()
    condition = data[1][:3] if model.conditional else None

    def generate(**arguments):
        return model.generate(3, condition=condition, seed=0, **arguments)

    with pytest.raises(ValueError, match="`normalized`.*Set `model.normalization`"):
        generate(normalized=False)
    assert "normalization" not in model.get_config()
    model.normalization = kerasgan.datasets.MinMax(-3.0, 5.0)
    np.testing.assert_allclose(generate(normalized=False), 8 * generate() - 3, rtol=1e-5)
    again = kind.from_config(json.loads(json.dumps(model.get_config())))
    assert repr(again.normalization) == "MinMax(low=-3.0, high=5.0)"


@pytest.mark.promise("`generator_ema` samples, is saved, and training does not notice it")
def test_an_average_generates_and_is_saved(case, tmp_path):
    model, data = case
    model.compile(generator_ema=0.5, run_eagerly=True)
    model.fit(*data, batch_size=16, verbose=0)
    average = [model.averaged(each) for each in model.generating_models()]
    for each, mean in zip(model.generating_models(), average, strict=True):
        assert model.averaged(each, training=True) is each
        assert not np.allclose(each.weights[0], mean.weights[0])
    inputs = call_inputs(model, [part[:2] for part in data])
    before = model.predict(inputs, verbose=0)
    for each in model.generating_models():
        each.set_weights([np.zeros(weight.shape) for weight in each.get_weights()])
    noisy = isinstance(model, kerasgan.AdversarialAutoEncoder)  # in the registry
    if not noisy:
        np.testing.assert_array_equal(model.predict(inputs, verbose=0), before)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for mean, again in zip(average, map(loaded.averaged, loaded.generating_models()), strict=True):
        for one, other in zip(mean.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.promise("`export` to a SavedModel with the same numbers")
def test_exports_a_saved_model(case, tmp_path):
    import tensorflow as tf

    model, data = case
    if isinstance(model, kerasgan.AdversarialAutoEncoder):
        # Its encoder, in the registry, draws noise: from one seed, XLA draws other than TensorFlow's kernels.
        model.jit_compile = False
    model.export(tmp_path / "exported", verbose=False)
    inputs = call_inputs(model, [part[:2] for part in data])
    artifact = tf.saved_model.load(str(tmp_path / "exported"))
    served = artifact.serve(inputs)
    np.testing.assert_allclose(served, model.predict(inputs, verbose=0), rtol=1e-5, atol=1e-6)


@pytest.mark.deterministic
@pytest.mark.parametrize("kind", list(MODELS), ids=lambda kind: kind.__name__)
def test_two_runs_from_one_seed_are_the_same(kind):
    make, data = MODELS[kind]
    results = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        model = make()
        model.compile(run_eagerly=True)
        model.fit(*data, batch_size=16, verbose=0)
        results.append(model)
    assert_equal(*results)
