from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import has_accelerator


@keras.saving.register_keras_serializable(package="kerasgan")
class GroupedConv2D(keras.layers.Conv2D):
    """A `keras.layers.Conv2D` with groups that is fast on a CPU too, and in a gradient penalty.

    On a CPU, TensorFlow leaves groups to XLA, whose gradients of gradients take a hundred times as long as
    one convolution for each group. So here each group is a convolution of its own. On an accelerator it is
    Keras's layer as it is. The weights are the same, and so are the outputs.

    Args:
        *arguments: Those of `keras.layers.Conv2D`.
        **keywords: Likewise; `groups` above all.

    Input shape: `(batch, rows, columns, channels)`. Output shape: as of `keras.layers.Conv2D`.

    Raises:
        ValueError: If the groups do not divide the channels and the filters.

    Example:

    >>> layer = kerasgan.layers.GroupedConv2D(6, 3, groups=3, padding="same")
    >>> layer(np.ones((2, 4, 4, 3))).shape, layer.count_params()
    (TensorShape([2, 4, 4, 6]), 60)
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Returns the convolution, before the bias and the activation."""
        if self.groups == 1 or has_accelerator():
            return super().convolution_op(inputs, kernel)
        axis = -1 if self.data_format == "channels_last" else 1
        parts = zip(
            ops.split(inputs, self.groups, axis=axis),
            ops.split(kernel, self.groups, axis=-1),
            strict=True,
        )
        options = {
            "strides": list(self.strides),
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "data_format": self.data_format,
        }
        return ops.concatenate([ops.conv(x, part, **options) for x, part in parts], axis=axis)
