"""A callback that says what goes wrong in a game, and what to try."""

from __future__ import annotations

import logging
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import invalid, non_negative_integer, positive_integer
from kerasgan.backend import is_chief
from kerasgan.callbacks import _diagnosis_updates as logged
from kerasgan.callbacks._diagnosis_samples import SampleWatch, moved
from kerasgan.callbacks._diagnosis_signs import SIGNS, Sign, line
from kerasgan.callbacks._lock import Lock
from kerasgan.callbacks._requirements import require_methods

logger = logging.getLogger("kerasgan")


class Diagnosis(keras.callbacks.Callback):
    """Watches a game for seven ways of going wrong. Tells you what it saw, what it means, and what to try.

    | kind | what it looks at | reported when |
    |---|---|---|
    | `discriminator_saturation` | D(x), D(G(z)) | the discriminator gives less than 0.01 to wrong answers |
    | `vanishing_generator_signal` | the generator's loss, D(G(z)) | a fiftieth of the slope is left |
    | `oscillation` | D(G(z)); generated samples | D(G(z)) swings, or half of the samples move |
    | `mode_collapse` | generated and real samples | generated samples miss 0.4 of the real ones |
    | `memorization` | distances to training samples | a quarter of the samples are copies |
    | `ignored_condition` | samples under two conditions | another condition changes less than a tenth |
    | `non_finite` | the losses | a loss is 10,000 times the first one, or not finite |

    It checks after epochs. A problem is reported if `patience` checks in a row find it. Two are reported at
    once: swings of D(G(z)), which are counted over the last `patience` checks, and losses, which are checked
    after every update. Each problem is reported once, and again only if it went away and came back.

    `docs/diagnosis.md` has the reasons for the thresholds. It also says how often each problem is found in
    games that were made to fail, and in healthy ones.

    Saturation, vanishing signals and swings need a discriminator that gives probabilities, because scores
    of a critic and energies have no largest value. Mode collapse, moving samples and memorization need `x`.
    An ignored condition needs `x` and `condition`.
    A check does not change training. The reports are warnings of the logger `kerasgan`. Each log record has
    the finding as its attribute `finding`. With several workers, all check and the chief reports.

    Args:
        x: Training samples, all or some of them. Only copies of these can be found. Defaults to `None`:
            only the values that the turns log are watched.
        condition: For a conditional model: the condition of each sample of `x`. Samples are generated under
            the same conditions. Defaults to `None`.
        held_out: Samples of the same data that are not trained on. They show how near to a training sample
            another real sample usually lies. Defaults to `None`: training samples show it.
        features: The features by which samples are compared: a `keras.Model`, a function of a batch, or
            `None` for the samples themselves. Defaults to `None`.
        samples: Positive integer, how many samples to generate for a check. Defaults to `512`.
        every_epochs: Positive integer: check after every so many epochs. Defaults to `1`.
        rounds: Positive integer, the fewest rounds between two checks. With the default, three checks take
            more than 1,000 rounds. That is longer than the memory of Adam's second moments. What is still
            wrong then is more than the start of training. Defaults to `350`.
        patience: Positive integer, how many checks in a row must find a problem. Defaults to `3`.
        seed: Integer, the seed of the noise, which is the same in each check, and of the choice of samples
            to compare. Defaults to `0`.

    Attributes:
        findings: List of what was reported. Each finding is a dictionary with `epoch` (1 for the first),
            `kind`, `evidence` (what was seen), `meaning` and `advice` (what to try).
        measurements: List with a dictionary for each check: the numbers that are compared with thresholds.

    Raises:
        ValueError: If an argument is out of range, samples and the model do not fit, or more than half of
            the training samples are the same as another, so that copies cannot be recognized.
        TypeError: If the model has no `updates_since`, or with `x` no `generate`.

    Example:

    >>> gan = kerasgan.GAN(kerasgan.networks.mlp(2, [4], 2), kerasgan.networks.mlp(2, [4]))
    >>> gan.compile()
    >>> x = np.random.default_rng(0).normal(size=(64, 2))
    >>> diagnosis = kerasgan.callbacks.Diagnosis(x)
    >>> _ = gan.fit(x, epochs=2, verbose=0, callbacks=[diagnosis])
    >>> diagnosis.findings
    []
    """

    # Must be called before a value that is not finite ends training, to say what to try.
    sees_non_finite = True
    # `updates_since` reads every update.
    reads_logs = False
    listens_to_batches = False

    def __init__(
        self,
        x: Any = None,
        condition: Any = None,
        held_out: Any = None,
        features: Any = None,
        samples: int = 512,
        every_epochs: int = 1,
        rounds: int = 350,
        patience: int = 3,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.every_epochs = positive_integer("every_epochs", every_epochs)
        self.rounds = positive_integer("rounds", rounds)
        self.patience = positive_integer("patience", patience)
        samples = positive_integer("samples", samples)
        seed = non_negative_integer("seed", seed)
        self._watch: SampleWatch | None = None
        given = {"condition": condition, "held_out": held_out, "features": features}
        if x is not None:
            self._watch = SampleWatch(x, **given, count=samples, seed=seed)
        elif any(value is not None for value in given.values()):
            raise invalid(
                "x", x, f"samples to go with {[name for name in given if given[name] is not None]}"
            )
        self.findings: list[dict[str, Any]] = []
        self.measurements: list[dict[str, Any]] = []
        # Keras calls a callback from several threads if it is not in a list.
        self._lock = Lock()
        self._cursor: Any = None
        self._epoch = 0
        # For each sign: how many checks in a row have found it.
        self._seen = [0] * len(SIGNS)
        self._window: dict[str, dict[str, list[float]]] = {}
        self._first_losses: dict[str, float] = {}
        # D(G(z)) of the last checks.
        self._course: list[list[float]] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        require_methods(self.model, "Diagnosis", ("updates_since",))
        if self._watch is not None:
            require_methods(self.model, "Diagnosis", ("generate",))
            self._watch.check_model(self.model)
        _, self._cursor = self.model.updates_since(None)
        self._window, self._first_losses, self._course = {}, {}, []
        self._seen = [0] * len(SIGNS)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        with self._lock:
            updates, self._cursor = self.model.updates_since(self._cursor)
            self._first_losses = {**logged.first_losses(updates), **self._first_losses}
            logged.extend(self._window, updates)
            growth, growing = logged.growth(updates, self._first_losses)
            # Checked at once: training ends soon.
            self._judge({"growth": growth, "growing": growing})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        window = logged.arrays(self._window)
        if (epoch + 1) % self.every_epochs == 0 and logged.rounds(window) >= self.rounds:
            self._window = {}
            self._judge({"epoch": self._epoch, **self._measure(window)})

    def _measure(self, window: logged.Window) -> dict[str, Any]:
        measured: dict[str, Any] = {}
        if logged.has_probabilities(window):
            probability = window["generator"]["generator_probability"]
            self._course = [*self._course, probability.tolist()][-self.patience :]
            measured["discriminator_error"] = logged.discriminator_error(window)
            measured["generator_signal"] = logged.generator_signal(window)
            measured["generator_probability"] = float(np.median(probability))
            measured["swings"] = logged.swings(np.concatenate(self._course))
        if self._watch is not None:
            measured.update(self._watch.check(self.model))
            if self.measurements:
                before = np.asarray(self.measurements[-1]["cells"])
                measured["moved"] = moved(before, np.asarray(measured["cells"]))
        self.measurements.append({"epoch": self._epoch, **measured})
        return measured

    def _judge(self, measured: dict[str, Any]) -> None:
        for index, sign in enumerate(SIGNS):
            if sign.measurement in measured:
                seen = self._seen[index] + 1 if sign(measured) else 0
                self._seen[index] = seen
                if seen == (1 if sign.at_once else self.patience):
                    self._report(sign, measured)

    def _report(self, sign: Sign, measured: dict[str, Any]) -> None:
        finding = sign.finding(self._epoch, measured)
        self.findings.append(finding)
        # All workers check. One of them reports.
        if is_chief(self.model):
            logger.warning(line(finding), extra={"finding": finding})
