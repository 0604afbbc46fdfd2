from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras

from kerasgan.arguments import positive_integer
from kerasgan.backend import (
    execution,
    is_chief,
    number_of_workers,
    step_logs,
)
from kerasgan.core.compiled import COMMON, Compiled, compile_of, optimizer_of
from kerasgan.core.played_game import PlayedGame
from kerasgan.core.rehearsal import rehearse
from kerasgan.core.setting import (
    OptimizerSetting,
    Setting,
    settings_of,
    signature_of,
)
from kerasgan.core.use import uses_of
from kerasgan.datasets.normalization import Normalization
from kerasgan.exporting import CONVERTERS, Signature, check_unused, export_game
from kerasgan.metrics import get_all
from kerasgan.optimizers import Optimizers
from kerasgan.training import (
    MOST_STEPS,
    TurnLog,
    chosen_jit_compile,
    describe_compilation,
    describe_model,
    evaluate,
    fit,
    predict,
)


class AdversarialModel(PlayedGame):
    """A game between sub-models, as a Keras model.

    A game is a list of turns (`kerasgan.core.Turn`). A turn says which sub-models move, what they minimize,
    and how often. One training step is one round: it plays the turns in order, every step of a turn on a
    fresh minibatch. This class plays them, and it alone touches an optimizer.

    A subclass

    - lists what `compile` takes in its body: an `OptimizerSetting` for each turn, and settings;
    - takes sub-models up in `__init__`, with `add_players`. The arguments of `__init__` are saved;
    - says in `setup` what the sub-models take and give (`sub_model`, `adversary_of`), with the samples of
      the game in `self.samples`, and conditions in `self.condition`;
    - writes `turns`, `fake` and `call`, and methods that are its uses (`kerasgan.core.use`).

    Args:
        seed: Where all of the game's random draws start. Defaults to `None`, a seed that
            `keras.utils.set_random_seed` decides.
        normalization: What the data were normalized by; see the attribute. Defaults to `None`.
        **kwargs: Those of `keras.Model`: `name`, `dtype`.

    Attributes:
        samples: The `kerasgan.core.Part` of samples.
        condition: The part of conditions, which `generate` takes too; `None` in an unconditional game.
        normalization: What the data were normalized by, a `kerasgan.datasets.Normalization`, for samples in
            the units of the data and for pictures of samples. It is saved, and may be set at any time.

    Raises:
        TypeError: When a class is made that is not abstract and leaves out `turns`, `fake` or `call`.
    """

    settings_by_name: ClassVar[Mapping[str, Setting]] = {}
    compile_signature: ClassVar[inspect.Signature]
    # The use that an export names `serving_default`.
    serving_default: ClassVar[str | None] = None

    # What Keras makes of a step.
    train_function: Any
    test_function: Any
    steps_per_execution: int

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        """Makes `compile` of the settings, and sees to it that nothing is left out."""
        super().__init_subclass__(**kwargs)
        missing = [
            name
            for name in ("turns", "fake", "call")
            if getattr(getattr(cls, name), "__isabstractmethod__", False)
        ]
        if missing and not abstract:
            raise TypeError(
                f"`{cls.__name__}` leaves out {missing}. Expected a game to define `turns`, `fake` and "
                "`call`, or `class …(AdversarialModel, abstract=True)` for one that leaves them to its "
                "subclasses."
            )
        cls.settings_by_name = settings_of(cls)
        defaults = {name: default for name, (default, _) in COMMON.items()}
        cls.compile_signature = signature_of(cls.settings_by_name, defaults)
        if "compile" not in vars(cls):
            cls.compile = compile_of(cls)

    # `compile`, and the game in Keras's loop.

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the game was compiled with, or the defaults, by the names of its settings."""
        return self.compiled_game.settings or self.kept.defaults(self)

    def compile_with(
        self,
        given: Mapping[str, Any],
        metrics: Any,
        generator_ema: float | str | None,
        steps_per_execution: int | str,
        run_eagerly: bool,
        jit_compile: bool | str,
    ) -> None:
        """Prepares the game with what `compile` was given: settings, and what every game takes."""
        metrics = get_all(metrics)
        if steps_per_execution != "auto":
            steps_per_execution = positive_integer(
                "steps_per_execution", steps_per_execution, "'auto' or a positive integer"
            )
        asked = self.settings_by_name
        values = {
            name: setting.checked(self, given[name])
            for name, setting in asked.items()
            if not isinstance(setting, OptimizerSetting)
        }
        before, self.compiled_game = self.compiled_game, Compiled(settings=values)
        try:
            compiled = self._compiled(
                given, values, metrics, generator_ema, steps_per_execution, run_eagerly, jit_compile
            )
        except BaseException:
            self.compiled_game = before
            raise
        self.compiled_game = compiled
        self.forget_graphs()

    def _compiled(
        self,
        given: Mapping[str, Any],
        values: Mapping[str, Any],
        metrics: Sequence[keras.metrics.Metric],
        generator_ema: float | str | None,
        steps_per_execution: int | str,
        run_eagerly: bool,
        jit_compile: bool | str,
    ) -> Compiled:
        for adversary in self.adversaries:
            adversary.check()
        turns = self.turns()
        in_float16 = any(layer.compute_dtype == "float16" for layer in self._flatten_layers())
        optimizers = Optimizers(
            {
                turn.name: optimizer_of(turn, given.get(f"{turn.name}_optimizer"), in_float16)
                for turn in turns
            }
        )
        super().compile(
            optimizer=optimizers,
            auto_scale_loss=False,
            run_eagerly=run_eagerly,
            steps_per_execution=1 if steps_per_execution == "auto" else steps_per_execution,
            jit_compile=chosen_jit_compile(self, optimizers.variables, jit_compile, run_eagerly),
        )
        if self.steps_per_execution > 1 and number_of_workers(self) > 1:
            raise ValueError(
                "Invalid value for argument `steps_per_execution`. Expected 1 where several workers train. "
                f"Received: steps_per_execution={self.steps_per_execution}"
            )
        self._loss_tracker = None
        real = self.samples.specification
        target = None if self.target is None else self.target.specification
        most = MOST_STEPS if steps_per_execution == "auto" else int(steps_per_execution)
        logs = []
        for turn in turns:
            quantities, terms = rehearse(turn, real, target, self.seed_generator)
            logs.append(TurnLog(turn.name, quantities, turn.steps * most, terms))
        for metric in metrics:
            # Here the strategy's scope is open, if there is one.
            is_one = isinstance(real, keras.KerasTensor)
            if is_one and hasattr(metric, "directions") and None not in real.shape[1:]:
                metric.build(real.shape[1:])
        generator_ema = self.keep_average(generator_ema)
        others = {
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
            "jit_compile": jit_compile,
        }
        optimizer_settings = set(self.settings_by_name) - set(values)
        arguments = {
            **{name: given[name] for name in optimizer_settings if given[name] is not None},
            **values,
            "metrics": list(metrics),
            "generator_ema": generator_ema,
            **{name: value for name, value in others.items() if value != COMMON[name][0]},
        }
        return Compiled(
            settings=values,
            arguments=arguments,
            optimizers=optimizers,
            turn_logs=logs,
            metrics=metrics,
            moving={turn.name: turn.moving_weights for turn in turns},
            description=describe_compilation(
                {turn.name: optimizers[turn.name] for turn in turns}, arguments
            ),
            steps_per_execution=steps_per_execution,
        )

    def check_trainable(self) -> None:
        """Raises a `ValueError` where a turn would move other weights than `compile` has seen."""
        for turn in self.turns():
            before = {id(each): each for each in self.compiled_game.moving.get(turn.name, ())}
            now = {id(each): each for each in turn.moving_weights}
            if before.keys() != now.keys():
                frozen = [each.path for key, each in before.items() if key not in now]
                freed = [each.path for key, each in now.items() if key not in before]
                changed = [
                    f"{len(paths)} {word}, {paths[0]!r} the first"
                    for paths, word in ((frozen, "frozen"), (freed, "set free"))
                    if paths
                ]
                raise ValueError(
                    "A change of `trainable` takes effect when `compile` is called. Expected the weights "
                    f"that the {turn.name}'s turn had then. Received: {' and '.join(changed)}. Call "
                    "`compile` again, and then `fit`."
                )

    def description(self) -> dict[str, Any]:
        """Describes the model and its compilation as JSON, to notice that they are others than before."""
        return {"model": describe_model(self), **self.compiled_game.description}

    def train_step(self, data: Any) -> dict[str, Any]:
        """Plays one round; returns the running means of what the turns log."""
        self.play_round(data)
        return step_logs(self.training_logs())

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluates every turn's objective; returns the running means and the metrics."""
        self.evaluate_round(data)
        return step_logs(self.evaluation_logs())

    def make_train_function(self, force: bool = False) -> None:
        """Makes what Keras's loop calls to train.

        Raises:
            ValueError: If a turn would move other weights than `compile` has seen.
        """
        self.check_trainable()
        if self._is_played_by_keras(AdversarialModel.train_step):
            super().make_train_function(force)
        elif self.train_function is None or force:
            self.train_function = self._execution(self.play_round, self.training_logs)

    def make_test_function(self, force: bool = False) -> None:
        """Makes what Keras's loop calls to evaluate."""
        if self._is_played_by_keras(AdversarialModel.test_step):
            super().make_test_function(force)
        elif self.test_function is None or force:
            self.test_function = self._execution(self.evaluate_round, self.evaluation_logs)

    def _is_played_by_keras(self, step: Any) -> bool:
        """Tells whether Keras has to call the step itself: eagerly, on replicas, or one of a subclass."""
        overridden = getattr(type(self), step.__name__) is not step
        return overridden or self.run_eagerly or self._distribute_strategy is not None

    def _execution(self, step: Any, logs: Any) -> Any:
        return execution(step, logs, lambda: self.steps_per_execution, self.jit_compile)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # All is built. Under a strategy Keras reads a batch for this, even a generator's first one, and not
        # every batch of several workers can be read so (keras-team/keras#20585).
        pass

    # What a Keras model offers.

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """Trains the game; as `keras.Model.fit`.

        Every step is one round. A turn that takes k steps in a round takes each on a minibatch of its own,
        of the size that was asked for, so a round uses k minibatches. An incomplete last round of arrays is
        left out; as the order is a new one in each epoch, no example stays out for good. That order follows
        from the model's seeds, which are saved with the model.

        Args:
            x: Real samples: an array, a `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator of
                batches; a dictionary of arrays, where the sub-models take samples of several parts.
            y: Their conditions or labels, for arrays, in a game that takes some. Several conditions are a
                dictionary, by the names of the sub-models' inputs.
            batch_size: Rows in a minibatch of arrays. Defaults to 32, or fewer where there are fewer.
            epochs: The epoch to end with. Defaults to 1.
            verbose: 0 for silence, 1 for a progress bar, 2 for a line after each epoch. Defaults to
                `"auto"`, which is 1.
            callbacks: Keras callbacks, Keras's, this package's or yours. Defaults to none.
            validation_split: The share of arrays, from their end, to evaluate on. Defaults to 0.0.
            validation_data: Samples, or `(samples, conditions)`, to evaluate on after each epoch, arrays in
                batches of `validation_batch_size` or `batch_size`. Defaults to none.
            shuffle: Whether to shuffle arrays. Defaults to `True`.
            class_weight: Must be `None`: the examples of a game have equal weights.
            sample_weight: Must be `None`, likewise.
            initial_epoch: The epoch to begin with, counted from 0. Defaults to 0.
            steps_per_epoch: How many rounds make an epoch. Defaults to `None`, one pass over the data.
            validation_steps: How many batches of `validation_data` to evaluate on. Defaults to all.
            validation_batch_size: Rows in a batch of `validation_data`. Defaults to `batch_size`.
            validation_freq: After how many epochs to evaluate. Defaults to 1.

        Returns:
            The `History`.

        Raises:
            ValueError: If shapes do not fit, conditions are missing or surplus, numbers are not finite, or
                a round needs more examples than there are.
            FloatingPointError: If training meets a value that is not finite.
        """
        for name, value in {"sample_weight": sample_weight, "class_weight": class_weight}.items():
            if value is not None:
                raise ValueError(
                    f"Invalid value for argument `{name}`. Expected none: the examples of a game have equal "
                    f"weights. Received: {name} of type {type(value).__name__}"
                )
        self._assert_compile_called("fit")
        return fit(
            self,
            x,
            y,
            batch_size,
            epochs,
            verbose,
            callbacks,
            validation_split,
            validation_data,
            shuffle,
            steps_per_epoch,
            validation_steps,
            validation_batch_size,
            initial_epoch=initial_epoch,
            validation_freq=validation_freq,
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **arguments: Any,
    ) -> Any:
        """Evaluates the game on held-out data; as `keras.Model.evaluate`.

        The noise is the same in each evaluation, and evaluating changes nothing in training.

        Args:
            x: As in `fit`.
            y: As in `fit`.
            batch_size: Rows in a batch of arrays. Defaults to 32.
            verbose: 0 for silence, 1 for a progress bar. Defaults to `"auto"`, which is 1.
            sample_weight: Must be `None`.
            steps: How many batches to evaluate on. Defaults to all.
            callbacks: Keras callbacks. Defaults to none.
            return_dict: Whether to return a dictionary. Defaults to `False`, a list in the order of
                `metrics_names`.
            **arguments: What Keras's own loop hands on.

        Raises:
            ValueError: If shapes do not fit, conditions are missing or surplus, numbers are not finite, or a
                metric needs more samples than there are.
            FloatingPointError: If a turn's loss, or what it logs, is not finite.
        """
        self._assert_compile_called("evaluate")
        logs = evaluate(
            self, x, y, batch_size, verbose, sample_weight, steps, callbacks, **arguments
        )
        return logs if return_dict else [logs[name] for name in self.metrics_names]

    def predict(self, *args: Any, **arguments: Any) -> Any:
        """Returns what a call of the model makes of inputs; as `keras.Model.predict`."""
        return predict(self, *args, **arguments)

    def signatures(self) -> dict[str, Signature]:
        """Returns what an export can be asked for, by name: the game's uses, and `serving_default`."""
        uses = uses_of(type(self))
        found = {
            name: use.signature(self) for name, use in uses.items() if use.is_exported_by(self)
        }
        default = self.serving_default
        if default is None:
            return found
        # Samples of latent samples have no other name there.
        first = found.pop(default) if default == "generate_from" else found[default]
        return {"serving_default": first, **found}

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",  # noqa: A002  # Keras's name
        verbose: bool | None = None,
        input_signature: Any = None,
        normalization: Normalization | None = None,
        images: bool | None = None,
        signature: str | None = None,
        tolerance: float | None = None,
        **arguments: Any,
    ) -> None:
        """Exports for serving, with averaged weights where they are kept.

        A SavedModel has a signature for each use of the model: `serving_default` makes samples of latent
        samples, `sample_latent` draws these from a seed, `generate` does both, the others are named as the
        model's methods. Inputs and outputs have names, and batches any size. `serve` is the model's call, as
        in Keras. Uses that judge are left out where the loss is not known, in a game that was never compiled.
        A single function is converted for the other formats; the file is then run, if ONNX Runtime
        or LiteRT is installed, and its outputs are compared with the model's.

        Args:
            filepath: The folder of the SavedModel; the file otherwise (`.onnx`, `.tflite`). What is there
                stays until the new one is whole.
            format: `"tf_saved_model"`, `"onnx"`, `"litert"`, or another one of Keras's. Defaults to
                `"tf_saved_model"`.
            verbose: Whether to print what was written. Defaults to `None`, yes.
            input_signature: As in Keras, whose export of a call alone it asks for. Defaults to `None`.
            normalization: The normalization of the data, such as `model.normalization`. Samples then go in
                and out in the units of the data, and `serve` is left out. Defaults to `None`, normalized
                samples.
            images: Whether samples in those units are images from 0 to 255, which go in and out as uint8.
                Defaults to `None`: where the normalization is one of images.
            signature: Which one to convert, for the formats of a single function. Defaults to `None`,
                `"serving_default"`.
            tolerance: How far an output of a converted file may be from the model's own, absolutely and
                relatively. Defaults to `None`, 1e-4.
            **arguments: As in Keras: `opset_version` for ONNX, the converter's attributes for LiteRT.

        Raises:
            ValueError: If an argument is out of range, or the folder holds something else.
            ImportError: If a converter is not installed.
            FloatingPointError: If a weight is not finite.
            RuntimeError: If the model cannot be converted, or a converted file's outputs differ from its own.
        """
        self.check_weights()
        is_ours = format in CONVERTERS or format == "tf_saved_model"
        with self.averages_in_place():
            if input_signature is not None or not is_ours or not self.signatures():
                check_unused(normalization=normalization, images=images, signature=signature)
                check_unused(tolerance=tolerance)
                super().export(filepath, format, verbose, input_signature, **arguments)
            elif is_chief(self):
                export_game(
                    self,
                    filepath,
                    format,
                    verbose,
                    normalization,
                    images,
                    signature,
                    tolerance,
                    **arguments,
                )
