from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import invalid, one_of, positive_integer
from kerasgan.layers._dense import dense
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class SelfAttention(keras.layers.Layer):
    """Lets every position of an image look at every other position (SAGAN).

    A convolution sees only what is near. But the two sides of a face, or the legs of an animal, are far
    apart. This layer returns `y = x + gamma * v(softmax(f(x) g(x)^T) h(x))`. `f`, `g`, `h` and `v` are
    convolutions of size 1, and the first three have fewer channels. `gamma` is learned and starts at 0. So at
    the start of training the layer changes nothing.

    Put it between two stages of a generator or a discriminator, at 16×16 to 64×64. Its cost grows with the
    square of the number of positions.

    Reference: [Zhang et al., 2019](https://arxiv.org/abs/1805.08318), equations 1 to 3.

    Args:
        reduction: `f`, `g` and `h` have the channels of the inputs, divided by this number. A positive
            integer that divides the number of channels. Defaults to 8.
        normalization: `"spectral"`, as in the paper: all four maps are wrapped in
            `keras.layers.SpectralNormalization`. Or `None`. Defaults to `None`.
        kernel_initializer: The initializer of the four maps. Defaults to `"glorot_uniform"`.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: The images.
        training: Whether spectral normalization does a step of its power iteration. Defaults to `False`.

    Input shape:
        `(batch, ..., channels)`, of rank 3 or more, all but the batch size known.

    Output shape:
        The same as the input shape.

    Raises:
        ValueError: If an argument is out of range, or `reduction` does not divide the number of channels.

    Example:

    >>> layer = kerasgan.layers.SelfAttention()
    >>> x = np.ones((2, 4, 4, 16), "float32")
    >>> bool((layer(x) == x).numpy().all()), layer.count_params()
    (True, 129)
    """

    def __init__(
        self,
        reduction: int = 8,
        normalization: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.reduction = positive_integer("reduction", reduction)
        one_of("normalization", normalization, [None, "spectral"])
        self.normalization = normalization
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the four maps and gamma."""
        channels = input_shape[-1]
        if len(input_shape) < 3 or channels is None or None in input_shape[1:]:
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected (batch, ..., channels) of rank 3 or more, and "
                f"known sizes. Received: inputs.shape={tuple(input_shape)}"
            )
        if channels % self.reduction:
            expected = f"a divisor of the {channels} channels of the inputs"
            raise invalid("reduction", self.reduction, expected)
        few = channels // self.reduction
        self.f = self._map("f", channels, few)
        self.g = self._map("g", channels, few)
        self.h = self._map("h", channels, few)
        self.v = self._map("v", few, channels)
        self.gamma = self.add_weight(shape=(), initializer="zeros", name="gamma")

    def _map(self, name: str, inputs: int, outputs: int) -> keras.layers.Layer:
        # A dense layer: a convolution of size 1 treats each position by itself.
        return dense(
            inputs, outputs, self.kernel_initializer, self.normalization, self.dtype_policy, name
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the images plus what each position has seen of the others."""
        options = {"training": training} if self.normalization == "spectral" else {}
        shape = inputs.shape[1:]
        x = ops.reshape(inputs, (-1, math.prod(shape[:-1]), shape[-1]))
        queries, keys, values = (layer(x, **options) for layer in (self.f, self.g, self.h))
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))
        # With many positions, each share is small. It would lose digits in half precision.
        shares = ops.softmax(ops.cast(scores, full_precision()), axis=-1)
        seen = ops.matmul(ops.cast(shares, values.dtype), values)
        change = ops.reshape(self.v(seen, **options), (-1, *shape))
        return inputs + self.gamma * change

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the inputs."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "reduction": self.reduction,
            "normalization": self.normalization,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
