"""Writes docs/results.md: the main figures of the records in `benchmarks/results`.

    python benchmarks/results_page.py

A benchmark's figures are in `ROWS`, at the end of this file. A record without rows is an error, so that no
record is forgotten. Do not change the page by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

RECORDS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "results.md"

HEAD = """# Results

These are the main figures of the [benchmarks](../benchmarks/README.md). That page says how each is measured,
and how to repeat it. Where nothing is wanted, the column is empty. Each record has all figures, the seeds,
the versions and the machine.

This page is written by `python benchmarks/results_page.py` from the records, not by hand.
"""

Row = tuple[str, str, str]
Record = dict[str, Any]


def number(value: float, digits: int = 3) -> str:
    """Returns a number with so many significant digits, without an exponent."""
    short = f"{value:.{digits}g}"
    return f"{float(short):,.0f}" if "e" in short else short


def percent(value: float) -> str:
    """Returns a share in percent."""
    return f"{100 * value:.1f}%"


def sine_waves(record: Record) -> Iterable[Row]:
    """The rows of `sine_waves.py`."""
    for name, label in (("pygan_sizes_xla", "pygan's sizes"), ("example_xla", "the example's")):
        times = record["results"][name]["times_less_than_pygan"]
        yield f"CPU time of an iteration, {label}", f"{times[0]:.0f} times less than pygan", ""


def aae_images(record: Record) -> Iterable[Row]:
    """The rows of `aae_images.py`."""
    times = record["results"]["pygan_sizes"]["times_less_than_pygan"]
    yield "CPU time of a round, pygan's sizes", f"{times:.0f} times less than pygan", ""


def overhead(record: Record) -> Iterable[Row]:
    """The rows of `overhead.py`."""
    for name, label in (("dcgan", "a DCGAN"), ("tiny_mlp", "a tiny perceptron")):
        ratio, wanted = record["results"][name]["wall"]["ratio"], record["wanted"][name]
        yield f"Time of `fit`, {label}", f"{ratio:.2f} × a hand-written loop's", f"≤ {wanted} ×"


def speed(record: Record) -> Iterable[Row]:
    """The rows of `speed.py`."""
    for game, group in record["groups"].items():
        measured = [row for row in group["rows"] if "ratio_to_fit" in row]
        if not group["complete"] or not measured:
            continue
        fit, *others = measured
        yield f"{game}: a step of `fit`", f"{number(fit['milliseconds_a_step'])} ms", ""
        for row in others:
            words = row["what"] if row["precision"] == "float32" else f"{row['what']}, bfloat16"
            yield f"{game}: {words}", f"{row['ratio_to_fit']:.2f} × `fit`'s time", ""
    for part, seconds in record["start"].get("seconds", {}).items():
        yield f"Start of a process: {part}", f"{seconds:.2f} s", ""


def pictures(record: Record) -> Iterable[Row]:
    """The rows of `pictures.py`."""
    results = record["results"]
    stream = results["stream"]["crop, float32"]["pictures_per_second"]
    yield "Pictures a second from the cache", f"{stream:,}", ""
    yield (
        "The same, `image_dataset_from_directory`",
        f"{results['keras']['pictures_per_second']:,}",
        "",
    )
    yield (
        "Pictures a second that are trained on",
        number(results["train"]["pictures_per_second"]),
        "",
    )


def serving(record: Record) -> Iterable[Row]:
    """The rows of `serving.py`."""
    for clients in ("1 clients", "8 clients", "64 clients"):
        found = record["results"]["8x8, generate together"][clients]
        label = clients if clients != "1 clients" else "1 client"
        yield f"Requests a second, {label}", f"{found['requests_per_second']:.0f}", ""
    runs = [run for each in record["results"].values() for run in each.values()]
    for kind in ("wrong", "lost"):
        yield f"Answers that were {kind}", str(sum(run[kind] for run in runs)), "0"


def memory(record: Record) -> Iterable[Row]:
    """The rows of `memory.py`."""
    for name, label in (("alone", ""), ("files", ", with files"), ("curves", ", with curves")):
        growth = record["results"][name]["growth_in_megabytes"]
        wanted = "0 MB" if name == "alone" else ""
        yield f"Growth from step 100 to 10,000{label}", f"{growth:.1f} MB", wanted


def kills(record: Record) -> Iterable[Row]:
    """The rows of `kills.py`."""
    total = record["total"]
    yield "Kills of `fit`, over eleven games", str(total["kills"]), ""
    yield "Bits lost", str(total["bits_lost"]), "0"


def command_kills(record: Record) -> Iterable[Row]:
    """The rows of `command_kills.py`."""
    yield "Kills of `kerasgan train`", str(record["kills"]), ""
    yield f"Bits lost, of {record['bits_compared']:,}", str(record["bits_lost"]), "0"
    different = len(record["files_that_differ"])
    yield f"Files that differ, of {record['files_compared']}", str(different), "0"


def metrics_parity(record: Record) -> Iterable[Row]:
    """The rows of `metrics.py`, of its values."""
    worst = max(each["relative_difference"] for each in record["parity"].values())
    yield "Largest relative difference from torch-fidelity and prdc", f"{worst:.0e}", ""


def metrics_cost(record: Record) -> Iterable[Row]:
    """The rows of `metrics.py`, of its costs."""
    results = record["results"]
    for name, label in (("frechet_distance", "Fréchet"), ("kernel_distance", "kernel")):
        ours, theirs = (
            results[f"{name}, {library}"]["cpu_seconds"]
            for library in ("kerasgan", "torch-fidelity")
        )
        yield (
            f"CPU seconds of the {label} distance, 10,000 × 2,048",
            f"{ours:.0f}",
            f"{theirs:.0f} (torch-fidelity)",
        )


def diagnosis(record: Record) -> Iterable[Row]:
    """The rows of `diagnosis.py`."""
    kinds = record["kinds"]
    for name, found in kinds.items():
        label = name.replace("_", " ").replace("memorisation", "memorization")
        yield f"Alarms: {label}", f"{found['alarms']} of {found['made_to_fail']}", ""
    false = sum(found["false_alarms"] for found in kinds.values())
    healthy = next(iter(kinds.values()))["healthy"]
    yield f"False alarms in {healthy} healthy games", str(false), "0"


def patch_penalties(record: Record) -> Iterable[Row]:
    """The rows of `patch_penalties.py`."""
    for patches in sorted({game["patches"] for game in record["games"]}):
        by_weight: dict[float, list[float]] = {}
        for game in record["games"]:
            if game["patches"] == patches:
                by_weight.setdefault(game["weight"], []).append(game["frechet_distance_per_pixel"])
        best = min(by_weight, key=lambda weight: sum(by_weight[weight]))
        yield f"Best weight of R1, {patches} patches", f"{best:g}", ""


def emoji(record: Record) -> Iterable[Row]:
    """The rows of `emoji.py`."""
    spread, real = record["spread"], record["spread_of_real"]
    yield (
        f"Spread after {record['minutes_taken']:.0f} minutes on {record['machine']['cores']} cores",
        number(spread),
        f"{real:.3f} ± 5%",
    )
    yield "Kernel distance", number(record["kernel_distance"]), "≤ 1.2"
    yield (
        "The same, between halves of the real set",
        number(record["kernel_distance_of_halves"]),
        "",
    )


def few_pictures(record: Record) -> Iterable[Row]:
    """The rows of `few_pictures.py`."""
    names = {"none": "without augmentation", "diff_augment": "DiffAugment", "adaptive": "adaptive"}
    recipes = record["recipes"]
    wanted = f"≤ {number(0.7 * recipes['none']['kernel_distance'])}"
    for name, found in recipes.items():
        distance = number(found["kernel_distance"])
        yield f"Kernel distance, {names[name]}", distance, "" if name == "none" else wanted
    for name, found in recipes.items():
        yield f"Gap of the scores, {names[name]}", number(found["gap"]), ""


def modes(record: Record) -> Iterable[Row]:
    """The rows of `modes.py`."""
    for name, found in record["results"].items():
        wanted = found["wanted"]
        seeds = len(found["trials"])
        yield (
            f"{name.capitalize()}: modes, mean of {seeds} seeds",
            number(found["modes"], 4),
            number(wanted["modes"]) if wanted else "",
        )
        yield (
            f"{name.capitalize()}: samples of high quality",
            percent(found["high_quality"]),
            f"> {percent(wanted['high_quality'])}" if wanted else "",
        )
        yield (
            f"{name.capitalize()}: reverse KL",
            number(found["reverse_kl"], 2),
            f"< {wanted['reverse_kl']}" if wanted else "",
        )


def anomaly_pictures(record: Record) -> Iterable[Row]:
    """The rows of `anomaly_pictures.py`."""
    seeds = len(record["runs"])
    for name, found in record["means"].items():
        label = (
            "PCA"
            if name == "pca"
            else name.replace("auto_", "auto-").replace("_", " ").capitalize()
        )
        yield (
            f"{label}: area under the ROC curve, mean of {seeds} seeds",
            number(found["auroc"]),
            "",
        )


ROWS: dict[str, tuple[str, Callable[[Record], Iterable[Row]]]] = {
    "emoji": ("Emoji", emoji),
    "few_pictures": ("300 emoji", few_pictures),
    "modes": ("Modes", modes),
    "anomaly_pictures": ("Abnormal pictures", anomaly_pictures),
    "patch_penalties": ("Gradient penalties for patches", patch_penalties),
    "sine_waves": ("Sine waves", sine_waves),
    "aae_images": ("Auto-encoder of images", aae_images),
    "overhead": ("Overhead of fit", overhead),
    "speed": ("Training on a CPU", speed),
    "pictures": ("Pictures from the disk", pictures),
    "serving": ("Serving", serving),
    "memory": ("Memory", memory),
    "kills": ("Killed runs", kills),
    "command_kills": ("Kills of the command", command_kills),
    "metrics_parity": ("Metrics: values", metrics_parity),
    "metrics_cost": ("Metrics: cost", metrics_cost),
    "diagnosis": ("Diagnosis", diagnosis),
}


def page() -> str:
    """Returns the page.

    Raises:
        KeyError: If a record has no rows.
    """
    records = {path.stem: json.loads(path.read_text("utf-8")) for path in RECORDS.glob("*.json")}
    forgotten = sorted(records.keys() - ROWS.keys())
    if forgotten:
        raise KeyError(f"`ROWS` has nothing for the records {', '.join(forgotten)}.")
    parts = [HEAD]
    for name, (title, rows) in ROWS.items():
        if name not in records:
            continue
        record = records[name]
        machine, versions = record["machine"], record["versions"]
        device = machine.get("device", f"{machine['cores']} cores")
        parts.append(
            f"## {title}\n\n| | found | wanted |\n|---|---|---|\n"
            + "".join(f"| {' | '.join(row)} |\n" for row in rows(record))
            + f"\n{record['date']}, kerasgan {versions['kerasgan']}, TensorFlow "
            f"{versions['tensorflow']}, {device}: [record](../benchmarks/results/{name}.json)\n"
        )
    return "\n".join(parts)


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
