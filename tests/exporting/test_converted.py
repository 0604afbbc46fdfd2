"""A single function of a model runs in ONNX Runtime and in a LiteRT interpreter, with the model's numbers."""

import keras
import numpy as np
import pytest
from exported_models import dense, made, network, uses

import kerasgan
from kerasgan.datasets import MinMax, Tanh

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")
interpreter = pytest.importorskip("ai_edge_litert.interpreter")

LITERT = tuple(map(int, keras.version().split(".")[:2])) >= (3, 13)
ENDINGS = {"onnx": ".onnx", "litert": ".tflite"}
FORMATS = [
    "onnx",
    pytest.param("litert", marks=pytest.mark.skipif(not LITERT, reason="Keras 3.13 brought it")),
]


def run(path, inputs):
    """Returns the outputs by name, and the names and free axes of the inputs."""
    if path.suffix == ".onnx":
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        free = {item.name: isinstance(item.shape[0], str) for item in session.get_inputs()}
        return dict(zip(names, session.run(names, inputs), strict=True)), free
    runner = interpreter.Interpreter(str(path)).get_signature_runner()
    details = runner.get_input_details()
    free = {name: item["shape_signature"][0] == -1 for name, item in details.items()}
    return runner(**inputs), free


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("gan", "serving_default"),
        ("gan", "discriminate"),
        ("conditional_gan", "serving_default"),
        ("labeled_auto_encoder", "serving_default"),
        ("labeled_auto_encoder", "encode"),
        ("labeled_auto_encoder", "discriminate"),
        ("ebgan", "energy"),
        ("ganomaly", "anomaly_score"),
        ("ganomaly", "reconstruct"),
        ("cycle_gan", "translate_to_b"),
    ],
)
def test_the_numbers_are_the_models(name, signature, kind, tmp_path):
    model = made(name)
    inputs, outputs = uses(model, [signature])[signature]
    if kind == "onnx":  # where an output may not have the name of an input
        outputs = {f"output_{key}" if key in inputs else key: outputs[key] for key in outputs}
    path = tmp_path / f"model{ENDINGS[kind]}"
    asked = {} if signature == "serving_default" else {"signature": signature}
    model.export(path, format=kind, verbose=False, **asked)
    for rows in (5, 2):  # the batch is free
        answers, free = run(path, {key: value[:rows] for key, value in inputs.items()})
        assert free == dict.fromkeys(inputs, True)
        assert set(answers) == set(outputs)
        for output, expected in outputs.items():
            np.testing.assert_allclose(answers[output], expected[:rows], rtol=1e-4, atol=1e-4)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("kind", FORMATS)
def test_images_come_out_as_such(kind, tmp_path):
    model, normalization = made("gan"), Tanh(0, 255)
    path = tmp_path / f"model{ENDINGS[kind]}"
    model.export(path, format=kind, verbose=False, normalization=normalization)
    inputs, outputs = uses(model, ["serving_default"])["serving_default"]
    pictures = run(path, inputs)[0]["samples"]
    assert pictures.dtype == np.uint8
    # A value near a half may be rounded to either side.
    expected = normalization.invert(outputs["samples"])
    np.testing.assert_allclose(pictures.astype("float32"), expected, atol=0.51)


def test_data_far_from_0_keep_their_digits_where_the_format_can(tmp_path):
    model, normalization = made("gan"), MinMax(1_700_000_000, 1_700_000_099)
    inputs, outputs = uses(model, ["serving_default"])["serving_default"]
    path = tmp_path / "model.onnx"
    model.export(path, format="onnx", verbose=False, normalization=normalization)
    times = run(path, inputs)[0]["samples"]
    np.testing.assert_allclose(times - 1.7e9, 99.0 * outputs["samples"], atol=1e-2)


class TestWhatCannotBeConverted:
    @pytest.mark.skipif(not LITERT, reason="Keras 3.13 brought it")
    def test_float64_of_data_far_from_0_in_litert(self, tmp_path):
        normalization = MinMax(1_700_000_000, 1_700_000_099)
        with pytest.raises(RuntimeError, match="cannot be exported with format='litert'"):
            made("gan").export(
                tmp_path / "a.tflite", format="litert", verbose=False, normalization=normalization
            )

    @pytest.mark.parametrize("kind", FORMATS)
    def test_an_operation_that_the_format_lacks_is_named(self, kind, tmp_path):
        path = tmp_path / f"model{ENDINGS[kind]}"
        path.write_bytes(b"an earlier one")
        with pytest.raises(RuntimeError, match=f"format='{kind}'.*StatelessRandom"):
            made("noisy_gan").export(path, format=kind, verbose=False)
        assert path.read_bytes() == b"an earlier one"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("kind", FORMATS)
    def test_half_precision_is_named(self, kind, tmp_path):
        layer = keras.layers.Dense(2, dtype=keras.DTypePolicy("mixed_bfloat16"))
        model = kerasgan.GAN(network(keras.Input((3,)), layer), dense(2, 1))
        with pytest.raises(RuntimeError, match=f"format='{kind}': it computes in bfloat16"):
            model.export(tmp_path / f"model{ENDINGS[kind]}", format=kind, verbose=False)

    @pytest.mark.parametrize(("kind", "ending"), ENDINGS.items())
    def test_the_ending_tells_the_format(self, kind, ending, tmp_path):
        with pytest.raises(ValueError, match=f"ends in '{ending}'"):
            made("ebgan").export(tmp_path / "model", format=kind)

    @pytest.mark.parametrize("package", ["onnx", "tf2onnx"])
    def test_a_missing_converter_is_named(self, package, tmp_path, hide):
        hide(package)
        with pytest.raises(ImportError, match=rf"'{package}'.*pip install \"kerasgan\[export\]\""):
            made("ebgan").export(tmp_path / "model.onnx", format="onnx")

    def test_an_earlier_keras_has_no_litert(self, tmp_path, monkeypatch):
        monkeypatch.setattr(keras, "version", lambda: "3.12.2")
        with pytest.raises(ValueError, match="Keras 3.13 or later.*3.12.2"):
            made("ebgan").export(tmp_path / "model.tflite", format="litert")

    def test_an_unknown_signature_lists_those_there_are(self, tmp_path):
        with pytest.raises(ValueError, match="'energy'.*signature='encode'"):
            made("ebgan").export(tmp_path / "model.onnx", format="onnx", signature="encode")
        with pytest.raises(ValueError, match="`signature`"):
            made("ebgan").export(tmp_path / "model", signature="energy")
        with pytest.raises(ValueError, match="Unrecognized format=flow"):
            made("ebgan").export(tmp_path / "model", format="flow")
