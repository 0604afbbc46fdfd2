"""What a GPU asks of every class, and a CPU can show."""

import numpy as np
import pytest
from registry import LAYERS, MODELS, quick_optimizers

import kerasgan
from kerasgan.backend import HOST_TYPES


def on_host(variables):
    return [variable.path for variable in variables if variable.dtype in HOST_TYPES]


@pytest.mark.promise("keeps no variable where XLA cannot reach it on a GPU, and trains under XLA")
@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_a_model_trains_under_xla_with_all_it_changes_on_the_device(kind):
    make, data = MODELS[kind]
    model = make()
    optimizers = {} if kind is kerasgan.GAN else quick_optimizers(model)
    model.compile(discriminator_steps=2, generator_ema=0.5, jit_compile=True, **optimizers)
    assert on_host(model.state()) == []
    history = model.fit(*data, batch_size=16, verbose=0)
    assert all(np.isfinite(values).all() for values in history.history.values())
    assert on_host(model.state()) == []


@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_a_layer_keeps_all_it_changes_on_the_device(kind):
    make, inputs = LAYERS[kind]
    layer = make()
    layer(inputs)
    assert on_host(layer.variables) == []


@pytest.mark.parametrize("kind", ["ProgressiveGenerator", "ProgressiveDiscriminator"])
def test_a_growing_network_keeps_its_growth_on_the_device(kind):
    sizes = {"levels": 2, "filters": 2}
    if kind == "ProgressiveGenerator":
        network = kerasgan.networks.ProgressiveGenerator(3, (4, 4, 1), **sizes)
    else:
        network = kerasgan.networks.ProgressiveDiscriminator((4, 4, 1), group_size=2, **sizes)
    assert on_host(network.variables) == []


@pytest.mark.parametrize(
    "name",
    ["FrechetDistance", "KernelDistance", "ModeCoverage", "InceptionScore", "ParzenLogLikelihood"],
)
def test_a_metric_keeps_all_it_changes_on_the_device(name):
    from registry import CONFIGURABLE

    metric = next(make for kind, make in CONFIGURABLE.items() if kind.__name__ == name)()
    if hasattr(metric, "build"):
        metric.build((1,) if name == "ModeCoverage" else (4,))
    assert on_host(metric.variables) == []
