"""The precision of losses, penalties and statistics. It does not depend on that of the sub-models."""

from __future__ import annotations

import keras


def full_precision() -> str:
    """Returns `"float32"`, or `"float64"` if that is Keras's float type.

    Sub-models may compute in fewer bits. Their outputs are cast to this type before they are squared, summed
    or averaged.

    Example:

    >>> kerasgan.precision.full_precision()
    'float32'
    """
    return "float64" if keras.config.floatx() == "float64" else "float32"
