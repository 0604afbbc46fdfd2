"""The page at `/` tells how to use the server. It loads nothing and runs no scripts."""

from __future__ import annotations

import html
import json
import string
from pathlib import Path
from typing import Any

import tensorflow as tf
from request_models import MOST_SEED
from sampler import Sampler
from starlette.responses import HTMLResponse

TEMPLATE = string.Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
HEADERS = {"Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'"}


def page(sampler: Sampler, name: str, url: str, count: int, classes: int | None) -> HTMLResponse:
    """Returns the page of a model.

    Args:
        sampler: The model.
        name: The name of the model.
        url: The address of the server, as the client sees it.
        count: The largest number of samples of one request.
        classes: The number of classes, if conditions are labels.
    """
    asked: dict[str, Any] = {"count": 1, "seed": 0}
    given: dict[str, Any] = {"latent": _zeros(sampler.latent)}
    condition = ""
    if sampler.condition is not None:
        asked["condition"] = _zeros(sampler.condition)
        kind = f"labels from 0 to {classes - 1}" if classes else "numbers"
        shape = tuple(sampler.condition.shape[1:])
        condition = (
            f"<li><code>condition</code>: {kind} of shape {shape}, one for each sample, or one in a list "
            "for all.</li>"
        )
    if sampler.decoded_condition is not None:
        given["condition"] = _zeros(sampler.decoded_condition)
    filled = TEMPLATE.substitute(
        title=html.escape(name),
        generate=_command(f"{url}generate", asked),
        picture=_command(
            f"{url}generate", asked, " \\\n  -H 'Accept: image/png' --output samples.png"
        ),
        decode=_command(f"{url}decode", given),
        most=count,
        seeds=MOST_SEED,
        shape=tuple(sampler.latent.shape[1:]),
        condition=condition,
    )
    return HTMLResponse(filled, headers=HEADERS)


def _command(url: str, body: dict[str, Any], more: str = "") -> str:
    command = (
        f"curl '{url}' -H 'Content-Type: application/json' \\\n  -d '{json.dumps(body)}'{more}"
    )
    return html.escape(command, quote=False)


def _zeros(tensor: tf.TensorSpec) -> list[Any]:
    row: Any = 0 if tensor.dtype.is_integer else 0.0
    for size in reversed(tensor.shape[1:]):
        row = [row] * size
    return [row]
