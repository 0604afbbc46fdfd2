"""`get`, `get_all`, and names in `compile`."""

import inspect
import json

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan import metrics

CLASSES = {
    name: each
    for name, each in vars(metrics).items()
    if isinstance(each, type) and issubclass(each, keras.metrics.Metric)
}


def needs_no_arguments(kind):
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    return all(each.default is not each.empty for each in parameters)


def test_every_metric_with_defaults_goes_by_both_names():
    given = {name for name, kind in CLASSES.items() if needs_no_arguments(kind)}
    assert given - {"TwoSampleMetric"} == {kind.__name__ for kind in metrics._KNOWN.values()}
    for name, kind in metrics._KNOWN.items():
        for each in (name, kind.__name__):
            found = metrics.get(each)
            assert type(found) is kind
            assert found.get_config() == kind().get_config()
            assert name == kind.default_name


def test_an_object_and_a_configuration():
    metric = metrics.PrecisionRecall(k=2)
    assert metrics.get(metric) is metric
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert type(again) is metrics.PrecisionRecall
    assert again.k == 2


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        (None, []),
        ((), []),
        ("frechet_distance", [metrics.FrechetDistance]),
        (metrics.KernelDistance(), [metrics.KernelDistance]),
        (
            ["FrechetDistance", metrics.MongeDistance()],
            [metrics.FrechetDistance, metrics.MongeDistance],
        ),
    ],
)
def test_one_or_several(given, kinds):
    assert [type(metric) for metric in metrics.get_all(given)] == kinds


@pytest.mark.parametrize("name", ["fid", "mode_coverage", "InceptionScore", "accuracy"])
def test_unknown_name_lists_the_known_ones(name):
    with pytest.raises(ValueError, match=f"`metrics`.*metrics='{name}'") as error:
        metrics.get(name)
    assert all(repr(known) in str(error.value) for known in metrics._KNOWN)


@pytest.mark.parametrize("given", [3, metrics.FrechetDistance, np.mean, keras.layers.Dense(1)])
def test_what_is_no_metric(given):
    with pytest.raises(TypeError, match="Invalid value for argument `metrics`"):
        metrics.get_all([given])


def test_a_name_in_compile_is_the_object(tmp_path):
    def evaluated(given):
        keras.utils.set_random_seed(0)
        gan = kerasgan.GAN(
            kerasgan.networks.mlp((2,), [4], (2,)), kerasgan.networks.mlp((2,), [4], (1,))
        )
        gan.compile(metrics=given)
        return gan, gan.evaluate(x, verbose=0, return_dict=True)["frechet_distance"]

    x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    gan, by_name = evaluated(["frechet_distance"])
    _, by_object = evaluated([metrics.FrechetDistance()])
    assert by_name == by_object > 0
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.evaluate(x, verbose=0, return_dict=True)["frechet_distance"] == by_name
    with pytest.raises(ValueError, match="argument `metrics`"):
        gan.compile(metrics=["fid"])
