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
    fresh minibatch. This class plays the turns. Only this class touches an optimizer.

    A subclass

    - lists in its body what `compile` takes: an `OptimizerSetting` for each turn, and other settings;
    - registers its sub-models in `__init__` with `add_players`. The arguments of `__init__` are saved;
    - declares in `setup` what the sub-models take and return (`sub_model`, `adversary_of`). It sets
      `self.samples` to the game's samples, and `self.condition` to its conditions;
    - defines `turns`, `fake` and `call`, and the methods that users call (`kerasgan.core.use`).

    Args:
        seed: An integer, the seed of all random draws of the game. Defaults to `None`:
            `keras.utils.set_random_seed` decides the seed.
        normalization: How the data were normalized. See the attribute. Defaults to `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Attributes:
        samples: The `kerasgan.core.Part` of samples.
        condition: The part of conditions, which `generate` takes too. `None` in an unconditional game.
        normalization: How the data were normalized, a `kerasgan.datasets.Normalization`. It gives you samples
            in the units of the data, and it is used to draw pictures of samples. It is saved with the model,
            and you can set it at any time.

    Raises:
        TypeError: If a class that is not abstract does not define `turns`, `fake` or `call`. This is raised
            when the class is defined.
    """

    settings_by_name: ClassVar[Mapping[str, Setting]] = {}
    compile_signature: ClassVar[inspect.Signature]
    # The name of the use that an export calls `serving_default`.
    serving_default: ClassVar[str | None] = None

    # The functions that Keras makes from a step.
    train_function: Any
    test_function: Any
    steps_per_execution: int

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        """Makes `compile` from the settings, and checks that no method is missing."""
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
        """The values of the settings, by name: what the game was compiled with, or the defaults."""
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
        """Prepares the game with the arguments of `compile`: its settings, and those of every game."""
        metrics = get_all(metrics)
        if steps_per_execution != "auto":
            steps_per_execution = positive_integer(
                "steps_per_execution", steps_per_execution, "'auto' or a positive integer"
            )
        values = {
            name: setting.checked(self, given[name])
            for name, setting in self.settings_by_name.items()
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
            jit_compile=chosen_jit_compile(
                self, optimizers.variables, self.differentiated_twice(), jit_compile, run_eagerly
            ),
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
        """Raises a `ValueError` if a turn would train other weights than at the time of `compile`."""
        self.compiled_game.check_trainable(self.turns())

    def description(self) -> dict[str, Any]:
        """Describes the model and its compilation as JSON, so that a change can be noticed."""
        return {"model": describe_model(self), **self.compiled_game.description}

    def train_step(self, data: Any) -> dict[str, Any]:
        """Plays one round. Returns the running means of everything that the turns log."""
        self.play_round(data)
        return step_logs(self.training_logs())

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluates the objective of every turn. Returns the running means and the metrics."""
        self.evaluate_round(data)
        return step_logs(self.evaluation_logs())

    def make_train_function(self, force: bool = False) -> None:
        """Makes the function that Keras's training loop calls.

        Raises:
            ValueError: If a turn would train other weights than at the time of `compile`.
        """
        self.check_trainable()
        if self._is_played_by_keras(AdversarialModel.train_step):
            super().make_train_function(force)
        elif self.train_function is None or force:
            self.train_function = self._execution(self.play_round, self.training_logs)

    def make_test_function(self, force: bool = False) -> None:
        """Makes the function that Keras's evaluation loop calls."""
        if self._is_played_by_keras(AdversarialModel.test_step):
            super().make_test_function(force)
        elif self.test_function is None or force:
            self.test_function = self._execution(self.evaluate_round, self.evaluation_logs)

    def _is_played_by_keras(self, step: Any) -> bool:
        """Tells whether Keras has to call the step: in eager mode, on replicas, or a subclass's own step."""
        overridden = getattr(type(self), step.__name__) is not step
        return overridden or self.run_eagerly or self._distribute_strategy is not None

    def _execution(self, step: Any, logs: Any) -> Any:
        return execution(step, logs, lambda: self.steps_per_execution, self.jit_compile)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # Everything is built already. Under a strategy, Keras would read a batch for this, even the first one
        # of a generator. With several workers it cannot read every batch in this way
        # (keras-team/keras#20585).
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
        """Trains the game, like `keras.Model.fit`.

        Every step is one round. If a turn takes k steps in a round, each of them uses a minibatch of its own,
        of size `batch_size`. Such a round uses k minibatches.

        With arrays, an incomplete last round is left out. The order is new in each epoch, so no example is
        left out forever. The order follows from the model's seeds, which are saved with the model.

        Args:
            x: Real samples: an array, a `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator of
                batches. If a sample has several parts, a dictionary of arrays.
            y: The conditions or labels of `x`, if `x` is an array and the game takes any. Several conditions
                are a dictionary, with the names of the sub-models' inputs as keys. Defaults to `None`.
            batch_size: How many rows of the arrays make a minibatch. Defaults to 32, or fewer if the arrays
                do not have enough rows.
            epochs: The number of the last epoch. As in Keras, training runs from `initial_epoch` to `epochs`.
                Defaults to 1.
            verbose: 0 for no output, 1 for a progress bar, 2 for a line after each epoch. Defaults to
                `"auto"`, which is 1.
            callbacks: A list of Keras callbacks: from Keras, from this package or your own. Defaults to none.
            validation_split: The share of the arrays to evaluate on instead of training on it, a number in
                [0, 1). It is taken from their end. Defaults to 0.0.
            validation_data: Samples, or `(samples, conditions)`, to evaluate on after each epoch. Arrays are
                evaluated in batches of `validation_batch_size`. Defaults to none.
            shuffle: Whether to shuffle arrays. Defaults to `True`.
            class_weight: Must be `None`, because all examples of a game have the same weight.
            sample_weight: Must be `None`, for the same reason.
            initial_epoch: The epoch to start at, counted from 0. Defaults to 0.
            steps_per_epoch: How many rounds make an epoch. Defaults to `None`: one pass over the data.
            validation_steps: How many batches of `validation_data` to evaluate on. Defaults to all.
            validation_batch_size: How many rows make a batch of `validation_data`. Defaults to `batch_size`.
            validation_freq: Evaluate after every so many epochs. Defaults to 1, after each epoch.

        Returns:
            The `keras.callbacks.History` of the training.

        Raises:
            ValueError: If shapes do not fit, if conditions are missing or not expected, if numbers are not
                finite, or if there are fewer examples than one round needs.
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
        """Evaluates the game on held-out data, like `keras.Model.evaluate`.

        The noise is the same in each evaluation. Evaluating does not change the training.

        Args:
            x: As in `fit`.
            y: As in `fit`.
            batch_size: How many rows of the arrays make a batch. Defaults to 32, or to as many as make
                `steps` batches.
            verbose: 0 for no output, 1 for a progress bar. Defaults to `"auto"`, which is 1.
            sample_weight: Must be `None`.
            steps: How many batches to evaluate on. Defaults to all.
            callbacks: A list of Keras callbacks. Defaults to none.
            return_dict: Whether to return a dictionary from name to value. Defaults to `False`: a list in the
                order of `metrics_names`.
            **arguments: For Keras only, not for you: `fit` passes `_use_cached_eval_dataset` to its
                evaluations. Other names are an error.

        Raises:
            ValueError: If shapes do not fit, if conditions are missing or not expected, if numbers are not
                finite, or if a metric needs more samples than there are.
            FloatingPointError: If a turn's loss or another logged value is not finite.
        """
        self._assert_compile_called("evaluate")
        logs = evaluate(
            self, x, y, batch_size, verbose, sample_weight, steps, callbacks, **arguments
        )
        return logs if return_dict else [logs[name] for name in self.metrics_names]

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Returns the model's outputs for inputs, like `keras.Model.predict`.

        The outputs are those of the model's `call`: a `GAN` makes samples from latent samples. If the model
        keeps averaged weights, these are used.

        Args:
            x: What the model's `call` takes: arrays, a `tf.data.Dataset`, a `keras.utils.PyDataset` or a
                generator of batches.
            batch_size: How many rows of the arrays make a batch. Defaults to 32.
            verbose: 0 for no output, 1 for a progress bar. Defaults to `"auto"`, which is 1.
            steps: How many batches to predict. Defaults to all.
            callbacks: A list of Keras callbacks. Defaults to none.
        """
        return predict(self, x, batch_size, verbose, steps, callbacks)

    def signatures(self) -> dict[str, Signature]:
        """Returns the signatures that an export can have, by name: the game's uses, and `serving_default`."""
        uses = uses_of(type(self))
        found = {
            name: use.signature(self) for name, use in uses.items() if use.is_exported_by(self)
        }
        default = self.serving_default
        if default is None:
            return found
        # In an export, `generate_from` is called `serving_default` and has no other name.
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
        """Exports the model for serving. If the model keeps averaged weights, these are exported.

        A SavedModel has a signature for each use of the model. `serving_default` turns latent samples into
        samples, `sample_latent` draws latent samples from a seed, and `generate` does both. The other
        signatures have the names of the model's methods. Inputs and outputs have names, and a batch can have
        any size. `serve` is the model's call, as in Keras. If the game was never compiled, its loss is not
        known. Then the uses that judge samples are left out.

        The other formats hold a single function. If ONNX Runtime or LiteRT is installed, the file is run
        after the conversion, and its outputs are compared with the model's.

        Args:
            filepath: The folder to write a SavedModel to; for the other formats, the file (`.onnx`,
                `.tflite`). What is already there stays until the new export is complete.
            format: `"tf_saved_model"`, `"onnx"`, `"litert"`, or another format of Keras. Defaults to
                `"tf_saved_model"`.
            verbose: Whether to print what was written. Defaults to `None`, which means yes.
            input_signature: As in Keras. If you give it, you get Keras's own export, of the model's call
                only. Defaults to `None`.
            normalization: The normalization of the data, such as `model.normalization`. With it, the exported
                functions take and return samples in the units of the data, and `serve` is left out. Defaults
                to `None`: they take and return normalized samples.
            images: Whether samples in those units are images from 0 to 255, in uint8. Defaults to `None`:
                they are if the normalization is one of images.
            signature: Which signature to convert, for the formats that hold a single function. Defaults to
                `None`, `"serving_default"`.
            tolerance: How much an output of a converted file may differ from the model's own, as an absolute
                and as a relative difference. Defaults to `None`, which means 1e-4.
            **arguments: As in Keras: `opset_version` for ONNX, and attributes of the converter for LiteRT.

        Raises:
            ValueError: If an argument is out of range, or the folder holds something other than an export.
            ImportError: If a converter is not installed.
            FloatingPointError: If a weight is not finite.
            RuntimeError: If the model cannot be converted, or the outputs of the converted file differ from
                the model's own.
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
