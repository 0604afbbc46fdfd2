"""Which layers ONNX and LiteRT compute as Keras does, and what an export says of the others."""

import inspect
from pathlib import Path

import keras
import numpy as np
import pytest
from exported_models import dense
from test_converted import FORMATS, run

import kerasgan
from kerasgan.exporting import checking, export
from kerasgan.exporting.signature import Signature

L = keras.layers
DOCUMENT = Path(__file__).parents[2] / "docs" / "serving.md"
IMAGE, SEQUENCE, VECTOR, VOLUME = (6, 5, 3), (6, 3), (7,), (4, 3, 5, 2)
POOLINGS = ("AveragePooling2D", "MaxPooling2D")
ACTIVATIONS = {
    name: getattr(keras.activations, name)
    for name in vars(keras.activations)
    if not name.startswith("_")
    and inspect.isfunction(getattr(keras.activations, name))
    and name not in ("get", "serialize", "deserialize", "threshold", "glu")  # which ask for more
}


def convolutions(name, sizes=(1, 3, 4, 5), strides=(1, 2, 3)):
    return {
        f"{name}({size}, {stride}, {padding})": getattr(L, name)(
            2, size, strides=stride, padding=padding, use_bias=True
        )
        for size in sizes
        for stride in strides
        for padding in ("same", "valid")
    }


def images():
    resized = {
        f"Resizing({size}, {way})": L.Resizing(*size, interpolation=way)
        for way in ("nearest", "bilinear")
        for size in ((12, 10), (3, 4), (13, 2))
    }
    enlarged = {
        f"UpSampling2D({factor}, {way})": L.UpSampling2D(factor, interpolation=way)
        for way in ("nearest", "bilinear")
        for factor in (2, 3, (2, 3))
    }
    pooled = {
        f"{name}({size}, {padding})": getattr(L, name)(size, 2, padding)
        for name in POOLINGS
        for size in (2, 3)
        for padding in ("same", "valid")
    }
    transposed = {
        name: layer
        for name, layer in convolutions("Conv2DTranspose").items()
        if layer.kernel_size >= layer.strides
    }
    return {
        **{f"Activation({name})": L.Activation(each) for name, each in ACTIVATIONS.items()},
        **resized,
        **enlarged,
        **pooled,
        **transposed,
        **convolutions("Conv2D"),
        "UpSampling2D(2, bicubic)": L.UpSampling2D(2, interpolation="bicubic"),
        "UpSampling2D(4, bicubic)": L.UpSampling2D(4, interpolation="bicubic"),
        "Resizing(padded)": L.Resizing(3, 4, pad_to_aspect_ratio=True),
        "Resizing(cropped)": L.Resizing(12, 10, crop_to_aspect_ratio=True),
        "ReLU": L.ReLU(6.0, 0.1, 0.5),
        "LeakyReLU": L.LeakyReLU(0.2),
        "PReLU": L.PReLU("uniform"),
        "ELU": L.ELU(0.5),
        "Softmax": L.Softmax(),
        "BatchNormalization": L.BatchNormalization(),
        "LayerNormalization": L.LayerNormalization(),
        "LayerNormalization(all)": L.LayerNormalization((1, 2, 3)),
        "RMSNormalization": L.RMSNormalization(),
        "UnitNormalization": L.UnitNormalization(),
        **{f"GroupNormalization({n})": L.GroupNormalization(n) for n in (1, 3, -1)},
        "SpectralNormalization": L.SpectralNormalization(L.Conv2D(2, 3)),
        "WeightNormalization": kerasgan.layers.WeightNormalization(L.Conv2D(2, 3, use_bias=False)),
        "MinibatchStandardDeviation": kerasgan.layers.MinibatchStandardDeviation(),
        "Normalization": L.Normalization(mean=[1.0, 2.0, 3.0], variance=[0.5, 1.0, 2.0]),
        "SeparableConv2D": L.SeparableConv2D(2, 3, padding="same"),
        "DepthwiseConv2D": L.DepthwiseConv2D(3, 2, "same", depth_multiplier=2),
        "Conv2D(dilated)": L.Conv2D(2, 3, dilation_rate=2, padding="same"),
        "Conv2D(grouped)": L.Conv2D(6, 3, groups=3),
        "GlobalAveragePooling2D": L.GlobalAveragePooling2D(),
        "GlobalMaxPooling2D": L.GlobalMaxPooling2D(),
        "ZeroPadding2D": L.ZeroPadding2D(((1, 2), (0, 1))),
        "Cropping2D": L.Cropping2D(((1, 2), (0, 1))),
        "Dropout": L.Dropout(0.5),
        "GaussianNoise": L.GaussianNoise(0.5),
        "Rescaling": L.Rescaling(1 / 127.5, -1),
    }


def others():
    """Layers of other inputs than images, by their shape."""
    return {
        SEQUENCE: {
            **convolutions("Conv1D", (3,), (1, 2)),
            **convolutions("Conv1DTranspose", (3, 4), (1, 2, 3)),
            "Conv1D(causal)": L.Conv1D(2, 3, padding="causal", dilation_rate=2),
            "UpSampling1D": L.UpSampling1D(3),
            "EinsumDense": L.EinsumDense("abc,cd->abd", output_shape=(None, 4)),
            "Bidirectional": L.Bidirectional(L.LSTM(2, return_sequences=True)),
            **{name: getattr(L, name)(4) for name in ("LSTM", "GRU", "SimpleRNN")},
        },
        VECTOR: {
            "Dense": L.Dense(4),
            "BatchNormalization": L.BatchNormalization(),
            "LayerNormalization": L.LayerNormalization(),
            "RepeatVector": L.RepeatVector(3),
        },
        VOLUME: {
            "Conv3D": L.Conv3D(2, 3, padding="same"),
            "Conv3DTranspose": L.Conv3DTranspose(2, 3, strides=2, padding="same"),
            "UpSampling3D": L.UpSampling3D(2),
        },
    }


# Those above that a format cannot hold, with what the export says.
LACKING = {
    "onnx": {
        "Activation(celu)": "No Op registered for Expm1",
        "Activation(gelu)": "No Op registered for Erfc",
        "Conv2D(grouped)": "No Op registered for StatefulPartitionedCall",
        "Normalization": "constants that are no weights became inputs",
    },
    "litert": {
        **dict.fromkeys(("UpSampling2D(2, bicubic)", "UpSampling2D(4, bicubic)"), "ResizeBicubic"),
        **dict.fromkeys(("Bidirectional", "LSTM", "GRU", "SimpleRNN"), "TensorListReserve"),
    },
}


def inputs_of(shape):
    return (2 * np.random.default_rng(0).normal(size=(4, *shape))).astype("float32")


def built(layers, shape):
    """Builds layers, and gives offsets and statistics values that show."""
    rng = np.random.default_rng(0)
    for layer in layers.values():
        layer(inputs_of(shape))
        for weight in layer.weights:
            if any(word in weight.name for word in ("gamma", "beta", "moving", "bias")):
                weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return layers


def inferred(layer, x):
    """Calls a layer as a model of ours does; by itself `Resizing` lets those after it train."""
    trains = "training" in inspect.signature(layer.call).parameters
    return layer(x, training=False) if trains else layer(x)


def converted(layers, shape, kind, path, tolerance=checking.TOLERANCE):
    """Converts layers of one input together, and returns what Keras and the file make of the same batch."""
    names = dict(enumerate(layers))

    def function(x):
        return {f"y{index}": inferred(layers[name], x) for index, name in names.items()}

    use = Signature(function, {"x": keras.KerasTensor((None, *shape), "float32")})
    export._convert(use, path, kind, {}, tolerance)
    outputs, _ = run(path, {"x": inputs_of(shape)})
    expected = function(inputs_of(shape))
    return {
        name: (keras.ops.convert_to_numpy(expected[f"y{index}"]), outputs[f"y{index}"])
        for index, name in names.items()
    }


def path_of(kind, folder):
    return folder / {"onnx": "layer.onnx", "litert": "layer.tflite"}[kind]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("shape", [IMAGE, SEQUENCE, VECTOR, VOLUME], ids=str)
def test_layers_compute_what_they_compute_in_keras(shape, kind, tmp_path):
    layers = images() if shape == IMAGE else others()[shape]
    kept = {name: layer for name, layer in layers.items() if name not in LACKING[kind]}
    assert len(kept) > 2
    pairs = converted(built(kept, shape), shape, kind, path_of(kind, tmp_path))
    for name, (expected, output) in pairs.items():
        assert np.std(expected) > 0, name
        np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-5, err_msg=name)


EXCEPTIONS = {
    ("onnx", "Resizing((7, 9), bilinear)"): (L.Resizing(7, 9), "Inferred shape and existing shape"),
    ("onnx", "Resizing((3, 4), bicubic)"): (
        L.Resizing(3, 4, "bicubic"),
        "ONNX Runtime cannot run what the converter wrote.*ubic",
    ),
    ("onnx", "UpSampling2D(3, bicubic)"): (
        L.UpSampling2D(3, interpolation="bicubic"),
        "`y0` of the file differs from the model's by up to 0.00",
    ),
    ("onnx", "Conv2DTranspose(1, 2)"): (L.Conv2DTranspose(2, 1, 2), "pads must not contain"),
    **{
        (kind, f"{name}(lanczos3)"): (layer, "ScaleAndTranslate")
        for kind in ("onnx", "litert")
        for name, layer in (
            ("UpSampling2D", L.UpSampling2D(2, interpolation="lanczos3")),
            ("Resizing", L.Resizing(12, 10, "bilinear", antialias=True)),
        )
    },
}


@pytest.mark.parametrize(
    ("kind", "name"),
    [*EXCEPTIONS, *((kind, name) for kind, names in LACKING.items() for name in names)],
)
def test_what_differs_or_lacks_an_operation_is_refused(kind, name, tmp_path):
    if (kind, name) in EXCEPTIONS:
        (layer, reason), shape = EXCEPTIONS[kind, name], IMAGE
    else:
        reason = LACKING[kind][name]
        every = {IMAGE: images(), **others()}
        shape, layer = next((s, each[name]) for s, each in every.items() if name in each)
    path = path_of(kind, tmp_path)
    with pytest.raises(RuntimeError, match=f"format='{kind}'.*{reason}"):
        converted(built({name: layer}, shape), shape, kind, path)
    assert list(tmp_path.iterdir()) == []
    assert name.split("(")[0] in DOCUMENT.read_text()


def bicubic():
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            L.Dense(3 * 3),
            L.Reshape((3, 3, 1)),
            L.UpSampling2D(3, interpolation="bicubic"),
        ]
    )
    discriminator = keras.Sequential([keras.Input((9, 9, 1)), L.Flatten(), L.Dense(1)])
    return kerasgan.GAN(generator, discriminator)


def test_a_generator_whose_file_differs_is_refused_unless_the_difference_is_accepted(tmp_path):
    path = tmp_path / "gan.onnx"
    path.write_bytes(b"an earlier one")
    gan = bicubic()
    with pytest.raises(RuntimeError, match=r"`samples` .* differs .* `tolerance` is 0.0001"):
        gan.export(path, format="onnx", verbose=False)
    assert path.read_bytes() == b"an earlier one"
    gan.export(path, format="onnx", verbose=False, tolerance=0.02)
    latent = inputs_of((4,))
    outputs, _ = run(path, {"latent": latent})
    gap = np.abs(outputs["samples"] - gan.predict(latent, verbose=0)).max()
    assert 1e-4 < gap < 0.02


@pytest.mark.parametrize("kind", FORMATS)
def test_without_a_runtime_the_user_is_warned(kind, tmp_path, hide):
    gan = kerasgan.GAN(dense(3, 4), dense(4, 1))
    package, name = {
        "onnx": ("onnxruntime", "ONNX Runtime"),
        "litert": ("ai_edge_litert", "LiteRT"),
    }[kind]
    hide(package)
    message = rf"not compared with the model, because {name}.*pip install \"kerasgan\[export\]\""
    with pytest.warns(UserWarning, match=message):
        gan.export(path_of(kind, tmp_path), format=kind, verbose=False)
    assert path_of(kind, tmp_path).exists()


@pytest.mark.parametrize("tolerance", [0, -1.0, float("nan"), "1"])
def test_a_bad_tolerance(tolerance, tmp_path):
    gan = kerasgan.GAN(dense(3, 4), dense(4, 1))
    with pytest.raises(ValueError, match="`tolerance`"):
        gan.export(tmp_path / "gan.onnx", format="onnx", tolerance=tolerance)
    with pytest.raises(ValueError, match="`tolerance`"):
        gan.export(tmp_path / "gan", tolerance=0.1)


@pytest.mark.parametrize(
    ("output", "expected", "is_right"),
    [
        ([1.0, 2.0], [1.0, 2.00029], True),
        ([1.0, 2.0], [1.0, 2.0004], False),
        ([np.nan, np.inf], [np.nan, np.inf], True),
        ([np.nan], [1.0], False),
        ([-np.inf], [np.inf], False),
        (np.uint8([3, 255]), np.uint8([4, 254]), True),
        (np.uint8([0]), np.uint8([255]), False),
        ([[1.0]], [1.0], False),
    ],
)
def test_how_outputs_are_compared(output, expected, is_right):
    compare = checking._compare
    given = "y", np.asarray(output), np.asarray(expected), "onnx", 1e-4
    if is_right:
        compare(*given)
    else:
        with pytest.raises(RuntimeError, match="`y` of the file"):
            compare(*given)
