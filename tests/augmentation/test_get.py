"""`get`, and what every augmentation has."""

import keras
import numpy as np
import pytest

from kerasgan import augmentation
from kerasgan.augmentation import AdaptiveAugmentation, Augmentation, DiffAugment


@keras.saving.register_keras_serializable(package="tests_augmentation")
class Darken(Augmentation):
    """A user's: all that it needs is here."""

    def draw(self, rows, seed, step=0):
        return {"factor": keras.random.uniform((rows, 1, 1, 1), 0.5, 1.0, seed=seed)}

    def apply(self, images, parameters):
        return images * parameters["factor"]


def test_names():
    assert type(augmentation.get("diff_augment")) is DiffAugment
    assert type(augmentation.get("DiffAugment")) is DiffAugment
    assert type(augmentation.get("adaptive")) is AdaptiveAugmentation
    made = DiffAugment("cutout")
    assert augmentation.get(made) is made


def test_a_users_own():
    made = augmentation.get(Darken())
    images = np.ones((5, 4, 4, 3), "float32")
    found = np.asarray(made(images, seed=0))
    np.testing.assert_array_equal(found, made(images, seed=0))
    assert found.min() >= 0.5
    assert (made.variables, made.logs(), made.follows_signs) == ([], {}, False)
    made.update(0.5, 10)
    one, other = made.apply_together(
        [images, 2 * images[:, :2]], made.draw(5, keras.random.SeedGenerator(0))
    )
    np.testing.assert_allclose(other, 2 * one[:, :2])
    assert type(augmentation.deserialize(augmentation.serialize(made))) is Darken


def test_unknown_names_list_the_known():
    with pytest.raises(ValueError, match=r"`augmentation`.*\['adaptive', 'diff_augment'\].*'flip'"):
        augmentation.get("flip")


@pytest.mark.parametrize("identifier", [None, 3, DiffAugment, ["diff_augment"], len], ids=repr)
def test_what_is_no_augmentation(identifier):
    with pytest.raises(TypeError, match="Invalid value for argument `augmentation`"):
        augmentation.get(identifier)
