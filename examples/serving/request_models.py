"""The requests that the server takes, as pydantic models made from the signatures of a SavedModel."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic
import tensorflow as tf
from pydantic import Field

# The largest seed that `model.generate` takes, and Keras too.
MOST_SEED = 2**32 - 1


# An error names each unknown field. Without these limits, it could be far longer than the request.
MOST_UNKNOWN, LONGEST_NAME = 8, 100


class Request(pydantic.BaseModel):
    """A body without unknown fields. In it, "3" is not a number and 1.0 is not an integer."""

    model_config = pydantic.ConfigDict(extra="forbid", strict=True)

    @pydantic.model_validator(mode="before")
    @classmethod
    def has_few_fields(cls, data: Any) -> Any:
        """Refuses many unknown fields, or long names, with a short error."""
        if isinstance(data, dict):
            unknown = len(data.keys() - cls.model_fields.keys())
            if unknown > MOST_UNKNOWN:
                raise ValueError(f"unknown fields are not permitted, but there are {unknown}")
            if any(len(name) > LONGEST_NAME for name in data):
                raise ValueError(
                    "unknown fields are not permitted, but there is one with a long name"
                )
        return data


class Answer(pydantic.BaseModel):
    """Samples as nested lists."""

    samples: list[Any]


def generate_request(
    condition: tf.TensorSpec | None, count: int, classes: int | None
) -> type[Request]:
    """Returns the request of `/generate`: a number, a seed, and a condition if the model has conditions.

    Args:
        condition: The shape and dtype of conditions, with a first axis of any size. `None` for a model
            without conditions.
        count: The largest number of samples of one request.
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
    """Returns the request of `/decode`: latent samples, and a condition for each if the model has conditions.

    Args:
        latent: The shape and dtype of latent samples, with a first axis of any size.
        condition: The same for conditions. `None` for a model without conditions.
        count: The largest number of samples of one request.
        classes: The number of classes, if conditions are labels.
    """

    def check(request: Any) -> Any:
        if len(request.condition) != len(request.latent):
            raise ValueError(
                "latent and condition must have equally many rows, not "
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
    """Returns the type of nested lists with a tensor's shape, with 1 to `count` rows.

    The error names only the first fault of a list. With all faults, it could be far longer than the request.
    """
    # A number in JSON may be finite, but too large for the tensor.
    largest = float(tensor.dtype.max)
    item: Any = Annotated[pydantic.FiniteFloat, Field(ge=-largest, le=largest)]
    if tensor.dtype.is_integer:
        item = Annotated[int, Field(ge=0, lt=classes)]
    for size in reversed(tensor.shape[1:]):
        item = Annotated[list[item], Field(min_length=size, max_length=size), pydantic.FailFast()]
    return Annotated[list[item], Field(min_length=1, max_length=count), pydantic.FailFast()]
