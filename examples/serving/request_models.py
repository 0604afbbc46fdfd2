"""What requests may hold, as pydantic models that are made from a SavedModel's signatures."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic
import tensorflow as tf
from pydantic import Field

# What `model.generate` takes: the range of the seeds of Keras.
MOST_SEED = 2**32 - 1


# An answer names each unknown field, and so could be far longer than the request.
MOST_UNKNOWN, LONGEST_NAME = 8, 100


class Request(pydantic.BaseModel):
    """A body without unknown fields, in which "3" is no number and 1.0 no integer."""

    model_config = pydantic.ConfigDict(extra="forbid", strict=True)

    @pydantic.model_validator(mode="before")
    @classmethod
    def has_few_fields(cls, data: Any) -> Any:
        """Refuses many unknown fields, or long names, in one line."""
        if isinstance(data, dict):
            unknown = len(data.keys() - cls.model_fields.keys())
            if unknown > MOST_UNKNOWN:
                raise ValueError(f"unknown fields are not permitted, and here are {unknown}")
            if any(len(name) > LONGEST_NAME for name in data):
                raise ValueError("unknown fields are not permitted, and here is one of a long name")
        return data


class Answer(pydantic.BaseModel):
    """Samples as nested lists."""

    samples: list[Any]


def generate_request(
    condition: tf.TensorSpec | None, count: int, classes: int | None
) -> type[Request]:
    """Returns what `/generate` takes of a model: a number, a seed and a condition, if it has any.

    Args:
        condition: The shape and dtype of conditions, the first axis free; `None` for a model without.
        count: The most samples of one request.
        classes: The number of classes, if conditions are labels.
    """

    def check(request: Any) -> Any:
        rows = len(request.condition)
        if rows not in (1, request.count):
            raise ValueError(
                f"condition must have 1 row, for all samples, or {request.count}, not {rows}"
            )
        return request

    fields: dict[str, Any] = {
        "count": (Annotated[int, Field(ge=1, le=count)], 1),
        "seed": (Annotated[int, Field(ge=0, le=MOST_SEED)], ...),
    }
    return _model("GenerateRequest", fields, condition, count, classes, check)


def decode_request(
    latent: tf.TensorSpec, condition: tf.TensorSpec | None, count: int, classes: int | None
) -> type[Request]:
    """Returns what `/decode` takes of a model: latent samples, and a condition for each, if it has any."""

    def check(request: Any) -> Any:
        if len(request.condition) != len(request.latent):
            raise ValueError(
                "latent and condition must have as many rows, not "
                f"{len(request.latent)} and {len(request.condition)}"
            )
        return request

    fields: dict[str, Any] = {"latent": (_rows(latent, count, None), ...)}
    return _model("DecodeRequest", fields, condition, count, classes, check)


def _model(
    name: str,
    fields: dict[str, Any],
    condition: tf.TensorSpec | None,
    count: int,
    classes: int | None,
    check: Any,
) -> type[Request]:
    validators: dict[str, Any] = {}
    if condition is not None:
        fields["condition"] = (_rows(condition, count, classes), ...)
        validators["check"] = pydantic.model_validator(mode="after")(check)
    return pydantic.create_model(name, __base__=Request, __validators__=validators, **fields)


def _rows(tensor: tf.TensorSpec, count: int, classes: int | None) -> Any:
    """Returns the type of nested lists of a tensor's shape, with 1 to `count` rows.

    The first fault of a list is named and no other, or an answer could be far longer than its request.
    """
    # A number of JSON may be finite and yet too large for the tensor.
    largest = float(tensor.dtype.max)
    item: Any = Annotated[pydantic.FiniteFloat, Field(ge=-largest, le=largest)]
    if tensor.dtype.is_integer:
        item = Annotated[int, Field(ge=0, lt=classes)]
    for size in reversed(tensor.shape[1:]):
        item = Annotated[list[item], Field(min_length=size, max_length=size), pydantic.FailFast()]
    return Annotated[list[item], Field(min_length=1, max_length=count), pydantic.FailFast()]
