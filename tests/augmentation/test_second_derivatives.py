"""R1 through an augmentation: its gradient for weights and samples, beside finite differences in float64."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.augmentation import AdaptiveAugmentation, AugmentationPipeline, DiffAugment
from kerasgan.penalties import R1, Encounter

AUGMENTATIONS = {
    "color": lambda: DiffAugment("color"),
    "translation": lambda: DiffAugment("translation"),
    "cutout": lambda: DiffAugment("cutout"),
    "geometry": lambda: AugmentationPipeline(1.0, "geometry"),
    "pipeline": lambda: AugmentationPipeline(0.9, "geometry,color,cutout", value_range=(0, 1)),
    "adaptive": lambda: AdaptiveAugmentation(probability=0.8, transformations="color"),
}


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_r1_through_an_augmentation(name):
    random = np.random.default_rng(0)
    samples = random.uniform(-1, 1, (4, 5, 6, 3))
    weights = [random.normal(size=shape) / 4 for shape in ((3, 3, 3, 4), (4, 1))]
    made = AUGMENTATIONS[name]()
    made.build(samples.shape[1:])
    parameters = made.draw(4, 1)

    @tf.function
    def penalty(samples, *weights):
        def score(x):
            hidden = tf.tanh(tf.nn.conv2d(made.apply(x, parameters), weights[0], 1, "SAME"))
            return tf.tanh(tf.reduce_sum(hidden, axis=(1, 2))) @ weights[1]

        real = keras.ops.convert_to_tensor(samples)
        with tf.GradientTape() as tape:
            tape.watch([real, *weights])
            encounter = Encounter(real, real, score, None, None, None)
            value = tf.reduce_mean(R1(1.0)(encounter))
        return value, tape.gradient(value, [real, *weights])

    point = [tf.constant(each, tf.float64) for each in (samples, *weights)]
    value, gradients = penalty(*point)
    assert value.dtype == tf.float64
    directions = [random.normal(size=each.shape) for each in point]
    step = 1e-5
    ahead, behind = (
        penalty(*(each + sign * step * way for each, way in zip(point, directions, strict=True)))[0]
        for sign in (1, -1)
    )
    difference = float(ahead - behind) / (2 * step)
    slope = sum(
        float(tf.reduce_sum(gradient * way))
        for gradient, way in zip(gradients, directions, strict=True)
    )
    assert float(value) > 0
    assert slope == pytest.approx(difference, rel=1e-6)
