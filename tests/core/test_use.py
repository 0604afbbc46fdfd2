import inspect

import numpy as np
import pytest

import kerasgan
from kerasgan.core.use import uses_of

mlp = kerasgan.networks.mlp


def game():
    gan = kerasgan.GAN(mlp(3, [], 2), mlp(2, []))
    gan.compile()
    return gan


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("generate", ["count", "condition", "seed", "batch_size", "training", "normalized"]),
        ("discriminate", ["samples", "condition", "batch_size", "seed", "training"]),
        ("sample_latent", ["count", "condition", "batch_size", "seed", "training"]),
    ],
)
def test_what_a_use_takes_is_shown(name, expected):
    of_class, of_model = getattr(kerasgan.GAN, name), getattr(game(), name)
    assert list(inspect.signature(of_class).parameters) == ["self", *expected]
    assert [each for each in inspect.signature(of_model).parameters if each != "self"] == expected


@pytest.mark.parametrize("name", kerasgan.models.__all__)
def test_every_use_has_a_signature(name):
    for use in uses_of(getattr(kerasgan, name)).values():
        assert {"batch_size", "seed"} <= set(inspect.signature(use).parameters)


def test_a_use_is_called_through_the_class():
    gan = game()
    np.testing.assert_array_equal(kerasgan.GAN.generate(gan, 4, seed=1), gan.generate(4, seed=1))
    x = np.ones((3, 2), "float32")
    np.testing.assert_array_equal(kerasgan.GAN.discriminate(gan, x), gan.discriminate(x))
