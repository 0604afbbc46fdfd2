"""The request bodies for TensorFlow Serving in docs/serving.md are what the exported signatures take.

The model server itself is no Python package and does not run here. What it makes of a body is in the
documentation of its REST API (https://www.tensorflow.org/tfx/serving/api_rest) and in `util/json_tensor.cc`:
`inputs` has each tensor by its name, in which a number is a scalar; `instances` has an object for each row.
Types are those of the signature: what is an integer there must be one in JSON. `servables/tensorflow` then
runs a session on the tensors by the names that the SavedModel's `SignatureDef` has for them, and so do these
tests. With the package `tensorflow-serving-api` they also go through the bytes of a gRPC request.
"""

import contextlib
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

DOCUMENT = Path(__file__).parents[2] / "docs" / "serving.md"
SECTION = (
    DOCUMENT.read_text(encoding="utf-8").split("\n## TensorFlow Serving\n")[1].split("\n## ")[0]
)
URL = "http://localhost:8501/v1/models/digits"


def commands():
    """Returns the words of each shell command of the section."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    found = []
    for word in shlex.split("\n".join(blocks)):
        if word in ("docker", "curl"):
            found.append([])
        found[-1].append(word)
    return found


BODIES = [json.loads(words[words.index("-d") + 1]) for words in commands() if "-d" in words]
NAMES = [body.get("signature_name", "serving_default") for body in BODIES]


@pytest.fixture(scope="module")
def signatures(digits):
    return tf.saved_model.load(str(digits[2])).signatures


def tensors_of(body):
    """Returns the nested lists of each input, of a body in columns or in rows."""
    if "inputs" in body:
        return body["inputs"]
    return {key: [row[key] for row in body["instances"]] for key in body["instances"][0]}


def typed(values, specification):
    """Returns the tensor that TensorFlow Serving makes of nested lists, for an input of a signature."""
    array = np.array(values)
    if specification.dtype.is_integer:
        assert array.dtype.kind == "i", f"{values} are no integers"
    assert specification.shape.is_compatible_with(array.shape), (array.shape, specification)
    return tf.constant(values, specification.dtype)


def body_for(signature, rows):
    """Builds a body in columns from a signature alone: zeros of the right shapes and types."""
    specifications = signature.structured_input_signature[1]
    inputs = {
        name: np.zeros(
            [rows if size is None else size for size in item.shape], item.dtype.as_numpy_dtype
        ).tolist()
        for name, item in specifications.items()
    }
    return {"inputs": inputs}


def outline(value):
    """Returns what is left of nested lists without their lengths and values: their depth, and the type."""
    return [outline(value[0])] if isinstance(value, list) else type(value)


def test_the_commands_serve_and_ask_the_folder_that_the_page_exports_to():
    start, status, *asked = commands()
    assert start[:2] == ["docker", "run"]
    assert "saved_models/digits:/models/digits" in start[start.index("-v") + 1]
    assert start[start.index("-e") + 1] == "MODEL_NAME=digits"
    assert status == ["curl", URL]
    assert len(asked) == len(BODIES) == 4
    assert all(words[-1] == f"{URL}:predict" for words in asked)
    assert 'gan.export("saved_models/digits/1"' in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("body", BODIES, ids=NAMES)
def test_bodies_are_what_the_signatures_take(body, signatures):
    name = body.get("signature_name", "serving_default")
    signature = signatures[name]
    specifications = signature.structured_input_signature[1]
    values = tensors_of(body)
    built = body_for(signature, rows=2)["inputs"]
    assert {key: outline(value) for key, value in values.items()} == {
        key: outline(value) for key, value in built.items()
    }
    tensors = {key: typed(value, specifications[key]) for key, value in values.items()}
    outputs = signature(**tensors)
    assert len(outputs) == 1  # so that the answer has no name: {"outputs": [...]}
    (output,) = outputs.values()
    assert np.isfinite(output).all()
    if name in ("generate", "sample_latent"):
        assert len(output) == values["count"]


@pytest.fixture(scope="module")
def served(digits):
    """What a session answers to a signature's tensors, as the model server's does."""
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        loader = tf.compat.v1.saved_model.loader
        definitions = loader.load(session, ["serve"], str(digits[2])).signature_def

    def answer(name, tensors):
        definition = definitions[name]
        assert set(tensors) == set(definition.inputs)
        for key, tensor in tensors.items():
            assert tensor.dtype == tf.as_dtype(definition.inputs[key].dtype).as_numpy_dtype
        fetches = {key: output.name for key, output in definition.outputs.items()}
        return session.run(fetches, {definition.inputs[key].name: tensors[key] for key in tensors})

    with contextlib.closing(session):
        yield answer


@pytest.mark.parametrize("encoded", [False, True], ids=["tensors", "request"])
@pytest.mark.parametrize("body", BODIES, ids=NAMES)
def test_a_session_answers_the_bodies_as_the_signatures_do(body, encoded, signatures, served):
    name = body.get("signature_name", "serving_default")
    specifications = signatures[name].structured_input_signature[1]
    tensors = {
        key: typed(value, specifications[key]).numpy() for key, value in tensors_of(body).items()
    }
    expected = {key: value.numpy() for key, value in signatures[name](**tensors).items()}
    if encoded:
        messages = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
        request = messages.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = "digits", name
        for key, tensor in tensors.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(tensor))
        request = messages.PredictRequest.FromString(request.SerializeToString())
        name = request.model_spec.signature_name
        tensors = {key: tf.make_ndarray(tensor) for key, tensor in request.inputs.items()}
    answers = served(name, tensors)
    assert set(answers) == set(expected)
    for key, answer in answers.items():
        assert answer.dtype == expected[key].dtype
        # A gray level near a half may be rounded to either side.
        tolerance = 1 if answer.dtype == np.uint8 else 1e-5
        np.testing.assert_allclose(
            answer.astype(float), expected[key].astype(float), atol=tolerance
        )


def test_each_signature_has_a_body(signatures):
    assert {body.get("signature_name", "serving_default") for body in BODIES} == set(signatures)


@pytest.mark.parametrize(
    "inputs",
    [
        {"count": 1.0, "seed": 0, "condition": [7]},
        {"count": [1], "seed": 0, "condition": [7]},
        {"count": 1, "seed": 0, "condition": 7},
    ],
    ids=["number", "list", "scalar"],
)
def test_other_bodies_do_not_fit(inputs, signatures):
    specifications = signatures["generate"].structured_input_signature[1]
    with pytest.raises(AssertionError):
        _ = [typed(value, specifications[key]) for key, value in inputs.items()]
