"""A small encoder of texts."""

from __future__ import annotations

import keras
from keras import layers, ops

from kerasgan.arguments import positive_integer


def text_encoder(
    length: int,
    vocabulary_size: int,
    units: int = 64,
    depth: int = 2,
    return_sequences: bool = False,
    name: str | None = "text_encoder",
) -> keras.Model:
    """Builds an encoder from the tokens of a text (words or characters) to a vector.

    An embedding of the tokens, convolutions over each token and its two neighbors, and the mean over the
    tokens. It is trained along as a part of the network that it stands in: the generator and the
    discriminator need one each. Any other `keras.Model` from tokens to vectors is as good, such as a
    pre-trained one with `trainable = False`, of which each needs a copy (`keras.models.clone_model`, and the
    weights): Keras cannot load a model whose sub-models share layers.

    `keras.layers.TextVectorization` makes tokens of strings. Save it beside the game, since a token means
    nothing without its vocabulary.

    Args:
        length: The number of tokens of a text, the same for all.
        vocabulary_size: The number of different tokens. Token 0 is padding, which is passed over.
        units: The size of a token's vector, of the convolutions and of the text's vector. Defaults
            to `64`.
        depth: The number of convolutions. Defaults to `2`, by which a token's features know of two
            neighbors on each side.
        return_sequences: Whether to return the features of all tokens, zeros for padding, instead of
            their mean. Defaults to `False`.
        name: Name of the model. Defaults to `"text_encoder"`.

    Returns:
        A functional `keras.Model` from integers `(batch, length)` to `(batch, units)`, or to
        `(batch, length, units)` with `return_sequences`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> words = keras.layers.TextVectorization(output_sequence_length=4, vocabulary=["a", "seven"])
    >>> encoder = kerasgan.networks.text_encoder(length=4, vocabulary_size=words.vocabulary_size())
    >>> tuple(encoder(words(["a seven", "seven"])).shape)
    (2, 64)
    """
    units = positive_integer("units", units)
    size = positive_integer("vocabulary_size", vocabulary_size)
    inputs = keras.Input((positive_integer("length", length),), dtype="int32", name="tokens")
    x = layers.Embedding(size, units, embeddings_initializer="he_normal")(inputs)
    # Padding stays zero at each depth, so that a text has one vector, however far it is padded.
    is_token = ops.cast(ops.not_equal(ops.expand_dims(inputs, -1), 0), x.dtype)
    x = layers.Multiply()([x, is_token])
    for _ in range(positive_integer("depth", depth)):
        x = layers.Conv1D(units, 3, padding="same", activation="leaky_relu")(x)
        x = layers.Multiply()([x, is_token])
    if not return_sequences:
        x = ops.sum(x, axis=1) / ops.maximum(ops.sum(is_token, axis=1), 1)
    return keras.Model(inputs, x, name=name)
