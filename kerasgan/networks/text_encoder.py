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

    It consists of an embedding of the tokens, convolutions over each token and its two neighbors, and the
    mean over the tokens. Make it a part of your generator, and another one a part of your discriminator. They
    are then trained with these.

    You can use any other `keras.Model` from tokens to vectors instead, such as a pre-trained one with
    `trainable = False`. Give each network a copy of it (`keras.models.clone_model`, then copy the weights).
    Keras cannot load a model whose sub-models share layers.

    `keras.layers.TextVectorization` turns strings into tokens. Save it with the game. Without its vocabulary,
    tokens have no meaning.

    Args:
        length: The number of tokens of a text, the same for all texts.
        vocabulary_size: The number of different tokens. Token 0 is padding, which the encoder ignores.
        units: The size of the vector of a token and of the text, and the number of channels of the
            convolutions. Defaults to 64.
        depth: The number of convolutions, a positive integer. With the default of 2, the features of a token
            depend on two neighbors on each side. Defaults to 2.
        return_sequences: Whether to return the features of all tokens instead of their mean. The features of
            padding are zeros. Defaults to `False`.
        name: The name of the model. Defaults to `"text_encoder"`.

    Returns:
        A functional `keras.Model` from integers `(batch, length)` to `(batch, units)`, or with
        `return_sequences` to `(batch, length, units)`.

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
    # Padding stays zero at each depth. So the vector of a text does not depend on its padding.
    is_token = ops.cast(ops.not_equal(ops.expand_dims(inputs, -1), 0), x.dtype)
    x = layers.Multiply()([x, is_token])
    for _ in range(positive_integer("depth", depth)):
        x = layers.Conv1D(units, 3, padding="same", activation="leaky_relu")(x)
        x = layers.Multiply()([x, is_token])
    if not return_sequences:
        x = ops.sum(x, axis=1) / ops.maximum(ops.sum(is_token, axis=1), 1)
    return keras.Model(inputs, x, name=name)
