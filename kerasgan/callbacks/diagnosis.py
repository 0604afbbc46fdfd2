"""What goes wrong in a game while it is trained, and what to try."""

from __future__ import annotations

import logging
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import invalid, non_negative_integer, positive_integer
from kerasgan.backend import is_chief
from kerasgan.callbacks import _diagnosis_updates as logged
from kerasgan.callbacks._diagnosis_samples import SampleWatch, moved
from kerasgan.callbacks._diagnosis_signs import SIGNS, Sign
from kerasgan.callbacks._lock import Lock
from kerasgan.callbacks._requirements import require_methods

logger = logging.getLogger("kerasgan")


class Diagnosis(keras.callbacks.Callback):
    """Watches a game for six ways of going wrong, and tells you what it saw and what to try.

    | kind | what it looks at | reported when |
    |---|---|---|
    | `discriminator_saturation` | D(x), D(G(z)) | the discriminator gives less than 0.01 to wrong answers |
    | `vanishing_generator_signal` | the generator's loss, D(G(z)) | a fiftieth of the slope is left |
    | `oscillation` | D(G(z)); generated samples | D(G(z)) swings; half of the samples move |
    | `mode_collapse` | generated and real samples | generated samples miss 0.4 of the real ones |
    | `memorization` | distances to training samples | a quarter of the samples are copies |
    | `non_finite` | the losses | a loss is 10,000 times the first one, or not finite |

    It looks after epochs. A problem is reported when it was there in `patience` looks in a row. It is
    reported once, and again only if it has gone and come back. `docs/diagnosis.md` has the reasons for the
    thresholds. It also says how often each problem is found in games that were made to fail, and in healthy
    ones.

    The first two need a discriminator that gives probabilities: a critic's scores and energies have no ends
    to be stuck at. Mode collapse, moving samples and memorization need `x`. Looking does not change training.
    The reports are warnings of the logger `kerasgan`. With several workers, all look and the chief reports.

    Args:
        x: Training samples, all or some of them. Only copies of these can be found. Defaults to `None`:
            only the values that the players log are watched.
        condition: For a conditional model: the condition of each sample of `x`. Samples are generated under
            the same conditions. Defaults to `None`.
        held_out: Samples of the same data that are not trained on. They show how near to a training sample
            another real sample usually lies. Defaults to `None`: training samples show it.
        features: What samples are compared by: a `keras.Model`, a function of a batch, or `None` for
            the samples themselves. Defaults to `None`.
        samples: Positive integer, how many samples to generate for a look. Defaults to `512`.
        every_epochs: Positive integer: look after every so many epochs. Defaults to `1`.
        rounds: Positive integer, the fewest rounds between two looks. With the default, three looks take more
            than 1,000 rounds. That is longer than the memory of Adam's second moments, so what is still wrong
            then is not just the start of training. Defaults to `350`.
        patience: Positive integer, in how many looks in a row a problem must be there. Defaults to `3`.
        seed: Integer, the seed of the noise, which is the same in each look, and of the choice of samples to
            compare. Defaults to `0`.

    Attributes:
        findings: List of what was reported, each a dictionary with `epoch` (1 for the first), `kind`,
            `evidence` and `advice`.
        measurements: List with a dictionary for each look: the numbers that are compared with thresholds.

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

    # It is called before training ends at a value that is not finite, to tell what to try.
    sees_non_finite = True
    # Every update is read by `updates_since`.
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
        # Keras calls a callback that is not inside a list from several threads.
        self._lock = Lock()
        self._cursor: Any = None
        self._epoch = 0
        # Of each sign, for how many looks in a row it has been there.
        self._seen = [0] * len(SIGNS)
        self._window: dict[str, dict[str, list[float]]] = {}
        self._first_losses: dict[str, float] = {}
        # D(G(z)) of the last looks.
        self._course: list[list[float]] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        require_methods(self.model, "Diagnosis", ("updates_since",))
        if self._watch is not None:
            require_methods(self.model, "Diagnosis", ("generate",))
            self._watch.check(self.model)
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
            # Where it leads is near, and training ends there.
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
            measured.update(self._watch.look(self.model))
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
        evidence = sign.evidence.format(**measured)
        self.findings.append(
            {"epoch": self._epoch, "kind": sign.kind, "evidence": evidence, "advice": sign.advice}
        )
        # Workers look together; one of them reports.
        if is_chief(self.model):
            logger.warning(sign.line(self._epoch, measured))
