"""The precision of losses, penalties and statistics, whatever the sub-models compute in."""

from __future__ import annotations

import keras


def full_precision() -> str:
    """Returns `"float32"`, or `"float64"` where that is Keras's float type.

    Sub-models may compute in fewer bits. What they give is cast to this type before it is squared, summed or
    averaged.

    Example:

    >>> full_precision()
    'float32'
    """
    return "float64" if keras.config.floatx() == "float64" else "float32"
