"""Places of clusters: the sum with the style, and what nearness costs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.layers import ClusterHeads


def test_a_code_is_its_clusters_place_and_the_style():
    layer = ClusterHeads()
    rng = np.random.default_rng(0)
    category, style = rng.dirichlet(np.ones(3), size=4), rng.normal(size=(4, 2))
    outputs = layer([category.astype("float32"), style.astype("float32")])
    np.testing.assert_allclose(outputs, category @ np.asarray(layer.heads) + style, rtol=1e-5)


def test_nearness_costs_linearly_and_distance_nothing():
    layer = ClusterHeads(distance=2.0, weight=3.0)
    layer.build([(None, 3), (None, 2)])
    # Pairs at distances 0.5, 5 and 4.5: the first alone is too near, by 1.5.
    layer.set_weights([np.array([[0.0, 0.0], [0.5, 0.0], [5.0, 0.0]])])
    with tf.GradientTape() as tape:
        layer([np.eye(3, dtype="float32"), np.zeros((3, 2), "float32")])
        (loss,) = layer.losses
    assert float(loss) == pytest.approx(3.0 * 1.5)
    # They are pushed apart, each by the weight, along the line between them.
    expected = [[3.0, 0.0], [-3.0, 0.0], [0.0, 0.0]]
    np.testing.assert_allclose(tape.gradient(loss, layer.heads.value), expected, atol=1e-6)


def test_heads_at_one_place_have_a_finite_gradient():
    layer = ClusterHeads()
    layer.build([(None, 2), (None, 2)])
    layer.set_weights([np.zeros((2, 2))])
    with tf.GradientTape() as tape:
        layer([np.eye(2, dtype="float32"), np.zeros((2, 2), "float32")])
        (loss,) = layer.losses
    assert np.isfinite(np.asarray(tape.gradient(loss, layer.heads.value))).all()


def test_bad_arguments():
    with pytest.raises(ValueError, match="`distance`.*positive"):
        ClusterHeads(distance=0)
    with pytest.raises(ValueError, match="`weight`.*not negative"):
        ClusterHeads(weight=-1)
    assert keras.layers.deserialize(keras.layers.serialize(ClusterHeads(2.0, 0.5))).weight == 0.5
