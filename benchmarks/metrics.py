"""Measures the metrics: against other libraries, against published values, in seconds and in memory.

- `parity`: the values of torch-fidelity and of prdc (Naeem et al.'s own code) on the same features, where
  they are installed. KID is compared over one subset of all samples, the one estimate without a draw.
- `sanity`: precision, recall, density and coverage of pairs of draws from N(0, I_1000), 10,000 samples
  each and k = 5, beside the values that the README of prdc has for one pair.
- `cost`: 10,000 samples of 2,048 features on each side, in batches of 100; each metric in a process of its
  own. Memory is the peak above what the process held before, the features among it.

    python benchmarks/metrics.py --record-parity benchmarks/results/metrics_parity.json \
        --record-cost benchmarks/results/metrics_cost.json

It reads `/proc/self`, so it runs on Linux.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measuring import report, surroundings

from kerasgan import metrics

COUNT, SIZE, BATCH_SIZE = 10_000, 2048, 100
PARITY_COUNT, PARITY_SIZE = 2_000, 128
PAIRS = 4
PUBLISHED = {"precision": 0.4772, "recall": 0.4705, "density": 1.0555, "coverage": 0.9735}
OURS: dict[str, Callable[[], metrics.TwoSampleMetric]] = {
    "frechet_distance": metrics.FrechetDistance,
    "kernel_distance": metrics.KernelDistance,
    "precision_recall": metrics.PrecisionRecall,
    "density_coverage": metrics.DensityCoverage,
    "sliced_wasserstein": metrics.SlicedWasserstein,
    "monge_distance": metrics.MongeDistance,
}


def features(count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns correlated features that are not negative, as a network's last pooled layer gives them."""
    generator = np.random.default_rng(0)
    mixing = generator.normal(size=(size, size)) / np.sqrt(np.arange(1, size + 1))[:, None]
    sides = [np.maximum(generator.normal(size=(count, size)) @ mixing + m, 0.0) for m in (0, 0.1)]
    return sides[0].astype("float32"), sides[1].astype("float32")


def value(metric: metrics.TwoSampleMetric, real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Returns a metric's values, each by name."""
    for start in range(0, len(real), BATCH_SIZE):
        metric.update_state(real[start : start + BATCH_SIZE], fake[start : start + BATCH_SIZE])
    result = metric.result()
    named = result if isinstance(result, dict) else {metric.name: result}
    return {name: float(number) for name, number in named.items()}


def torch_fidelity_value(kind: str, real: np.ndarray, fake: np.ndarray, **options: Any) -> Any:
    """Returns torch-fidelity's values, by our names."""
    import torch
    from torch_fidelity import metric_fid, metric_kid, metric_prc

    ours, theirs = torch.from_numpy(fake), torch.from_numpy(real)
    if kind == "frechet_distance":
        moments = [metric_fid.fid_features_to_statistics(side) for side in (ours, theirs)]
        result = metric_fid.fid_statistics_to_metric(*moments, verbose=False)
        return {kind: float(result["frechet_inception_distance"])}
    if kind == "kernel_distance":
        options = {"kid_subsets": 100, "kid_subset_size": 1000, **options}
        result = metric_kid.kid_features_to_metric(ours, theirs, verbose=False, **options)
        return {kind: float(result["kernel_inception_distance_mean"])}
    result = metric_prc.prc_features_to_metric(ours, theirs, verbose=False)
    return {name: float(result[name]) for name in ("precision", "recall")}


def prdc_value(real: np.ndarray, fake: np.ndarray, k: int) -> dict[str, float]:
    """Returns the values of prdc."""
    from prdc import compute_prdc

    return {key: float(v) for key, v in compute_prdc(real, fake, nearest_k=k).items()}


def parity() -> dict[str, Any]:
    """Compares values on the same features, in float64 for those who take their precision from them."""
    real, fake = features(PARITY_COUNT, PARITY_SIZE)
    exact = real.astype("float64"), fake.astype("float64")
    pairs = {}
    if importlib.util.find_spec("torch_fidelity"):
        for kind in ("frechet_distance", "kernel_distance", "precision_recall"):
            options = {"kid_subsets": 1, "kid_subset_size": PARITY_COUNT}
            theirs = torch_fidelity_value(kind, *exact, **options)
            pairs.update(_pairs("torch-fidelity", value(OURS[kind](), real, fake), theirs))
    if importlib.util.find_spec("prdc"):
        theirs = prdc_value(*exact, k=5)
        for kind in (metrics.PrecisionRecall, metrics.DensityCoverage):
            pairs.update(_pairs("prdc", value(kind(k=5), real, fake), theirs))
    return pairs


def _pairs(library: str, ours: dict[str, float], theirs: dict[str, float]) -> dict[str, Any]:
    return {
        f"{name}, {library}": {
            "ours": ours[name],
            "theirs": theirs[name],
            "relative_difference": abs(ours[name] - theirs[name]) / abs(theirs[name]),
        }
        for name in ours
    }


def sanity() -> dict[str, Any]:
    """Returns values for pairs of draws from one normal distribution, beside those published for one pair."""
    found: dict[str, list[float]] = {name: [] for name in PUBLISHED}
    for seed in range(PAIRS):
        real, fake = np.random.default_rng(seed).normal(size=(2, COUNT, 1000)).astype("float32")
        for kind in (metrics.PrecisionRecall, metrics.DensityCoverage):
            for name, number in value(kind(k=5), real, fake).items():
                found[name].append(round(number, 4))
    return {name: {"ours": found[name], "published": PUBLISHED[name]} for name in PUBLISHED}


def cost(task: tuple[str, str]) -> dict[str, Any]:
    """Returns seconds and megabytes of one metric, by us or by torch-fidelity."""
    library, kind = task
    real, fake = features(COUNT, SIZE)
    before = _megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    start = time.perf_counter(), time.process_time()
    if library == "kerasgan":
        found = value(OURS[kind](), real, fake)
    else:
        found = torch_fidelity_value(kind, real, fake)
    return {
        "wall_seconds": round(time.perf_counter() - start[0], 1),
        "cpu_seconds": round(time.process_time() - start[1], 1),
        "peak_megabytes": round(_megabytes("VmHWM") - before),
        **found,
    }


def _megabytes(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


def _libraries() -> dict[str, Any]:
    found = {}
    for name in ("torch-fidelity", "torch", "prdc", "scikit-learn"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record-parity", type=Path, help="file for parity and sanity")
    parser.add_argument("--record-cost", type=Path, help="file for seconds and memory")
    options = parser.parse_args()
    around = {**surroundings(), "libraries": _libraries(), "threads": os.cpu_count()}
    report(
        {
            "benchmark": "metrics, parity",
            **around,
            "recipe": {"samples": PARITY_COUNT, "features": PARITY_SIZE},
            "parity": parity(),
            "sanity": sanity(),
        },
        options.record_parity,
    )
    tasks = [("kerasgan", kind) for kind in OURS]
    if importlib.util.find_spec("torch_fidelity"):
        tasks += [("torch-fidelity", kind) for kind in list(OURS)[:3]]
    # A process for each, so that one does not use what another has given back.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        results = []
        for task, result in zip(tasks, pool.imap(cost, tasks), strict=True):
            print(*task, result, flush=True)
            results.append(result)
    report(
        {
            "benchmark": "metrics, cost",
            **around,
            "recipe": {"samples": COUNT, "features": SIZE, "batch_size": BATCH_SIZE},
            "results": {
                f"{kind}, {library}": r for (library, kind), r in zip(tasks, results, strict=True)
            },
        },
        options.record_cost,
    )


if __name__ == "__main__":
    main()
