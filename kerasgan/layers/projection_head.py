from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import one_of, positive_integer
from kerasgan.layers._dense import dense
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class ProjectionHead(keras.layers.Layer):
    """The end of a conditional discriminator: a score from features and a class label.

    The score is `psi(phi) + <embedding(y), phi>`. The first term is a linear unit. It judges the features of
    a sample, whatever its class. The second term is the inner product of the features and a learned vector of
    the class. It tells how well the features fit the class. If the features have positions, such as rows and
    columns, they are summed over all positions, as in the paper.

    The ready-made conditional discriminators end in the same way. Use this layer for a discriminator of your
    own.

    Reference: [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637), equation 4.

    Args:
        number_of_classes: The number of classes, a positive integer. Labels go from `0` to
            `number_of_classes - 1`.
        normalization: `"spectral"`, as in the paper: the unit and the embedding are wrapped in
            `keras.layers.SpectralNormalization`. Or `None`. Defaults to `None`.
        kernel_initializer: The initializer of the unit and of the embedding. Defaults to `"glorot_uniform"`.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: A pair `[features, labels]`.
        training: Whether spectral normalization does a step of its power iteration. Defaults to `False`.

    Input shape:
        `[(batch, ..., channels), (batch,)]`. The labels may also have the shape `(batch, 1)`.

    Output shape:
        `(batch, 1)`, logits in float32.

    Raises:
        ValueError: If an argument is out of range, or the inputs are not such a pair.

    Example:

    >>> features, label = keras.Input((8, 8, 32)), keras.Input((), dtype="int32")
    >>> score = kerasgan.layers.ProjectionHead(number_of_classes=10)([features, label])
    >>> score.shape
    (None, 1)
    """

    def __init__(
        self,
        number_of_classes: int,
        normalization: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.number_of_classes = positive_integer("number_of_classes", number_of_classes)
        one_of("normalization", normalization, [None, "spectral"])
        self.normalization = normalization
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: Any) -> None:
        """Makes the unit and the embedding."""
        if (
            len(input_shape) != 2
            or not all(isinstance(shape, (tuple, list)) for shape in input_shape)
            or len(input_shape[0]) < 2
            or input_shape[0][-1] is None
            or len(input_shape[1]) not in (1, 2)
            or (len(input_shape[1]) == 2 and input_shape[1][1] != 1)
        ):
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected a pair [features, labels] of shapes (batch, "
                f"..., channels) and (batch,). Received: {input_shape}"
            )
        channels = input_shape[0][-1]
        options = self.kernel_initializer, self.normalization, self.dtype_policy
        self.unit = dense(channels, 1, *options, name="unit", use_bias=True)
        # A dense layer of one-hot labels: Keras's wrapper would cast an `Embedding` to the labels' integers.
        self.embedding = dense(self.number_of_classes, channels, *options, name="embedding")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the scores."""
        features, labels = inputs
        if len(features.shape) > 2:
            features = ops.sum(features, axis=tuple(range(1, len(features.shape) - 1)))
        options = {"training": training} if self.normalization == "spectral" else {}
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        one_hot = ops.one_hot(labels, self.number_of_classes, dtype=features.dtype)
        vectors = self.embedding(one_hot, **options)
        fit = ops.sum(ops.cast(vectors * features, full_precision()), axis=-1, keepdims=True)
        return ops.cast(self.unit(features, **options), full_precision()) + fit

    def compute_output_spec(self, inputs: Any, training: bool = False) -> keras.KerasTensor:
        """Returns the shape and the type of the scores."""
        return keras.KerasTensor(
            self.compute_output_shape([x.shape for x in inputs]), full_precision()
        )

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the scores."""
        return (input_shape[0][0], 1)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "number_of_classes": self.number_of_classes,
            "normalization": self.normalization,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
