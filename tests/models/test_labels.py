"""Labels of some rows, and of none."""

from __future__ import annotations

import numpy as np
import pytest

from kerasgan.models._labels import labels_of, row_weights


@pytest.mark.parametrize("chosen", [[], [False], [True], [True, False, False, True]])
def test_weights_make_a_mean_over_the_chosen_rows(chosen):
    chosen = np.array(chosen, bool)
    values = np.arange(len(chosen)) + 2.0
    wanted = values[chosen].mean() if chosen.any() else 0.0
    weights = np.asarray(row_weights(chosen))
    assert np.sum(weights * values) / max(len(chosen), 1) == pytest.approx(wanted)


def test_no_labels_are_among_the_classes():
    labels = labels_of(3)
    assert labels.conditions("y", np.zeros(0, "int64"), 0).shape == (0,)
    assert labels.conditions("y", np.array([-1.0, 2.0]), 2).dtype == np.int32
    with pytest.raises(ValueError, match="`y`.*from -1.*to 2.*Received: int64 from 0 to 3"):
        labels.conditions("y", np.array([0, 3]), 2)
    with pytest.raises(ValueError, match="`y`.*Received: float64"):
        labels.conditions("y", np.array([0.5]), 1)
