import keras
import numpy as np
import pytest

from kerasgan.networks import text_encoder

TOKENS = np.array([[3, 1, 2, 0, 0], [1, 3, 2, 0, 0], [4, 4, 4, 4, 4]], "int32")


def test_shapes():
    assert text_encoder(5, 9, units=7).output_shape == (None, 7)
    sequences = text_encoder(5, 9, units=7, return_sequences=True)
    assert sequences.output_shape == (None, 5, 7)
    assert sequences.input_shape == (None, 5)
    assert [layer.dtype for layer in sequences.inputs] == ["int32"]


def test_padding_is_passed_over():
    """Whatever the length, an equal text has an equal vector."""
    long, short = text_encoder(5, 9), text_encoder(3, 9)
    short.set_weights(long.get_weights())
    np.testing.assert_allclose(long(TOKENS[:2]), short(TOKENS[:2, :3]), atol=1e-6)
    # The embedding of the padding itself plays no part.
    weights = long.get_weights()
    weights[0][0] += 1.0
    before = np.array(long(TOKENS))
    long.set_weights(weights)
    np.testing.assert_array_equal(long(TOKENS), before)


def test_the_order_of_the_words_matters():
    vectors = np.array(text_encoder(5, 9)(TOKENS))
    assert not np.allclose(vectors[0], vectors[1], atol=1e-3)


def test_the_mean_is_over_the_tokens_alone():
    sequences, mean = text_encoder(5, 9, return_sequences=True), text_encoder(5, 9)
    mean.set_weights(sequences.get_weights())
    features = np.array(sequences(TOKENS))
    assert not features[:2, 3:].any()
    expected = np.stack([features[0, :3].mean(0), features[1, :3].mean(0), features[2].mean(0)])
    np.testing.assert_allclose(mean(TOKENS), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(mean(np.zeros((1, 5), "int32")), np.zeros((1, 64)))


@pytest.mark.deterministic
def test_the_vocabulary_is_saved_with_a_model_of_strings(tmp_path):
    words = keras.layers.TextVectorization(output_sequence_length=5)
    words.adapt(["a seven", "a thin three"])
    encoder = text_encoder(5, words.vocabulary_size())
    keras.Sequential([keras.Input((), dtype="string"), words]).save(tmp_path / "words.keras")
    encoder.save(tmp_path / "encoder.keras")
    texts = keras.ops.convert_to_tensor(["a thin seven"], dtype="string")
    loaded = [keras.models.load_model(tmp_path / f"{name}.keras") for name in ("words", "encoder")]
    np.testing.assert_array_equal(loaded[1](loaded[0](texts)), encoder(words(texts)))


@pytest.mark.parametrize("name", ["length", "vocabulary_size", "units", "depth"])
def test_bad_arguments(name):
    with pytest.raises(ValueError, match=f"`{name}`.*{name}=0"):
        text_encoder(**{"length": 5, "vocabulary_size": 9, name: 0})
