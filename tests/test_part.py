"""What a part of a game's data takes, fills in and refuses."""

import keras
import numpy as np
import pytest

from kerasgan.part import IntegerRange, Part, rows_of, same_shapes, shapes_of


def one(*shape, dtype="float32", **options):
    return Part(keras.KerasTensor((None, *shape), dtype), **options)


def two(**options):
    specification = {
        "label": keras.KerasTensor((None,), "int32"),
        "image": keras.KerasTensor((None, 2, 2), "float32"),
    }
    return Part(specification, **options)


def test_a_single_tensor_is_its_own_value():
    part = one(3)
    assert part.names is None
    assert part.flat("x") == ["x"]
    assert part.packed(["x"]) == "x"
    assert part.map(lambda a, b: a + b, 1, 2) == 3
    assert shapes_of(part) == (3,)


def test_several_tensors_keep_their_names_and_order():
    part = two()
    assert part.names == ["label", "image"]
    assert part.flat({"image": 2, "label": 1}) == [1, 2]
    assert part.packed([1, 2]) == {"label": 1, "image": 2}
    assert shapes_of(part) == {"label": (), "image": (2, 2)}
    np.testing.assert_array_equal(rows_of({"label": np.arange(3)}), np.arange(3))


def test_same_shapes_looks_at_names_and_shapes():
    assert same_shapes(one(3), one(3, dtype="float16"))
    assert not same_shapes(one(3), one(4))
    assert not same_shapes(one(3), two())


def test_a_batch_is_free_in_its_size_and_has_floats_of_keras():
    part = one(3, dtype="float16").batch()
    assert part.specification.shape == (None, 3)
    assert part.specification.dtype == "float32"
    assert two().batch().specification["label"].dtype == "int32"


def test_arrays_of_other_shapes_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`x`. Expected examples of shape \(3,\)"):
        one(3).arrays("x", np.zeros((5, 4)))
    with pytest.raises(ValueError, match=r"a dictionary of \['label', 'image'\]"):
        two().arrays("condition", np.zeros(5))
    with pytest.raises(ValueError, match="one array, not a dictionary"):
        one(3).arrays("x", {"a": np.zeros((5, 3))})


def test_a_missing_condition_is_the_default():
    part = one(2, default=0.5)
    np.testing.assert_array_equal(part.conditions("condition", None, 3), np.full((3, 2), 0.5))


def test_one_condition_serves_all_samples():
    given = one(2).conditions("condition", [1.0, 2.0], 3)
    np.testing.assert_array_equal(given, [[1.0, 2.0]] * 3)
    with pytest.raises(ValueError, match="condition"):
        one(2).conditions("condition", [1.0, 2.0], 3, single=False)


def test_labels_beyond_their_classes_are_refused_and_cut_in_a_graph():
    part = one(dtype="int32", ranges={"": IntegerRange(-1, 4, "no label")})
    np.testing.assert_array_equal(part.conditions("y", [-1.0, 4.0], 2), [-1, 4])
    with pytest.raises(ValueError, match=r"from -1 \(no label\) to 4. Received: int64 from 0 to 5"):
        part.conditions("y", np.array([0, 5]), 2)
    cut, held = part.played(keras.ops.array([0, 9]))
    np.testing.assert_array_equal(cut, [0, 4])
    assert not held


def test_labels_between_integers_are_refused():
    part = one(dtype="int32", ranges={"": IntegerRange(0, 4)})
    with pytest.raises(ValueError, match="Expected integers from 0 to 4"):
        part.conditions("y", [0.5, 1.0], 2)


def test_a_label_that_its_type_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="condition"):
        one(dtype="int8").conditions("condition", np.array([0, 128]), 2)


@pytest.mark.parametrize(
    ("value_range", "advice"), [((-1.0, 1.0), "x / 127.5"), ((0.0, 1.0), "x / 255")]
)
def test_samples_that_no_model_can_make_are_refused(value_range, advice):
    part = one(2, value_range=value_range)
    part.check_range("x", np.full((4, 2), 0.5))
    with pytest.raises(ValueError, match=advice):
        part.check_range("x", np.full((4, 2), 128.0))
