from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras

from kerasgan.core.data_checks import DataChecks
from kerasgan.core.epoch_order import EpochOrder
from kerasgan.core.evaluation_data import held_out, most_rows
from kerasgan.core.finite_watch import FiniteWatch, check_evaluation
from kerasgan.core.listeners import Listeners
from kerasgan.core.monitors import prepare_monitors
from kerasgan.core.run_keeper import RunKeeper
from kerasgan.core.seeds import seeded
from kerasgan.core.training_data import (
    as_array,
    checked,
    rounds,
    split,
)
from kerasgan.datasets.python_functions import PythonFunctions
from kerasgan.datasets.rounds import is_endless, number_of_batches


class Fitting(DataChecks):
    """`fit` and `evaluate` of a game: the data are checked before any of them flow, and grouped into rounds.

    Args:
        seed: Where the order of the data starts. `None` leaves it to `keras.utils.set_random_seed`.
        **kwargs: Those of `keras.Model`.
    """

    steps_per_execution: int

    def __init__(self, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order_seed_generator = keras.random.SeedGenerator(seed)
        self.evaluation_seed_generator = keras.random.SeedGenerator(0)

    def judged_models(self) -> Sequence[keras.Model]:
        """The models that an evaluation calls: this one, and averages that are kept beside it."""
        raise NotImplementedError

    def chosen_steps_per_execution(
        self, callbacks: Sequence[keras.callbacks.Callback], asked: Sequence[int | None] = ()
    ) -> int:
        """How many steps `fit` plays at once with these callbacks and numbers of steps."""
        raise NotImplementedError

    @property
    def steps_per_round(self) -> int:
        """How many minibatches one round takes."""
        raise NotImplementedError

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
        **arguments: Any,
    ) -> keras.callbacks.History:
        """Trains the game; as `keras.Model.fit`.

        Every step is one round. A turn that takes k steps in a round takes each on a minibatch of its own,
        of the size that was asked for, so a round uses k minibatches. An incomplete last round of arrays is
        left out; as the order is a new one in each epoch, no example stays out for good. That order follows
        from the model's seeds, which are saved with the model.

        Args:
            x: Real samples: an array, a `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator of
                batches.
            y: Their conditions, for a conditional model and arrays.
            batch_size: Rows in a minibatch of arrays. Defaults to 32, or fewer where there are fewer.
            epochs: As in Keras. Defaults to 1.
            verbose: As in Keras. Defaults to `"auto"`.
            callbacks: As in Keras.
            validation_split: The share of arrays, from their end, to evaluate on. Defaults to 0.0.
            validation_data: Samples, or `(samples, conditions)`, to evaluate on after each epoch, arrays in
                batches of `validation_batch_size` or `batch_size`.
            shuffle: Whether to shuffle arrays. Defaults to `True`.
            **arguments: The others of `keras.Model.fit`, but for `sample_weight` and `class_weight`.

        Returns:
            The `History`.

        Raises:
            ValueError: If shapes do not fit, conditions are missing or surplus, numbers are not finite, or
                a round needs more examples than there are.
            FloatingPointError: If training meets a value that is not finite.
        """
        for name in ("sample_weight", "class_weight"):
            if arguments.get(name) is not None:
                raise ValueError(
                    f"Invalid value for argument `{name}`. Expected none: the examples of a game have equal "
                    f"weights. Received: {name} of type {type(arguments[name]).__name__}"
                )
        self._assert_compile_called("fit")
        x, y = as_array(x), as_array(y, "y")
        self._check_data(x, y)
        if validation_split:
            x, y, validation_data = split(x, y, validation_split, validation_data)
        if isinstance(x, Iterator):
            x = checked(x, self.takes_conditions, self._sample_shape)
        steps_per_epoch = arguments.get("steps_per_epoch")
        validation_steps = arguments.get("validation_steps")
        order = EpochOrder(self.order_seed_generator, shuffle, endless=steps_per_epoch is not None)
        replicas = self.distribute_strategy.num_replicas_in_sync
        with PythonFunctions() as functions:
            data = rounds(
                x, y, batch_size, self.steps_per_round, order, functions, order.endless, replicas
            )
            if validation_data is not None:
                held_out_x, held_out_y, weights = keras.utils.unpack_x_y_sample_weight(
                    validation_data
                )
                validation_data = self._held_out(
                    held_out_x,
                    held_out_y,
                    weights,
                    arguments.get("validation_batch_size") or batch_size,
                    validation_steps,
                    functions,
                    argument="validation_data",
                )
            order.data = data
            callbacks, others, keepers = self._in_order(callbacks, order)
            prepare_monitors(callbacks, self.metrics, validates=validation_data is not None)
            for keeper in keepers:
                keeper.follow(self, order, others, steps_per_epoch)
                if keeper.initial_epoch:
                    arguments["initial_epoch"] = keeper.initial_epoch
            compiled_for = self.steps_per_execution
            self.steps_per_execution = self.chosen_steps_per_execution(
                getattr(callbacks, "callbacks", callbacks),
                # Keras says where data end within an epoch, if they do so at a step of their own.
                (
                    steps_per_epoch and (steps_per_epoch if is_endless(data) else 1),
                    validation_steps,
                ),
            )
            if not isinstance(callbacks, keras.callbacks.CallbackList):
                steps = steps_per_epoch or number_of_batches(data)
                callbacks = Listeners(callbacks, verbose, model=self, epochs=epochs, steps=steps)
            try:
                return super().fit(
                    data,
                    epochs=epochs,
                    verbose=verbose,
                    callbacks=callbacks,
                    validation_data=validation_data,
                    # The data set shuffles.
                    shuffle=False,
                    **arguments,
                )
            finally:
                self.steps_per_execution = compiled_for
                order.release()

    def _in_order(
        self, callbacks: Any, order: EpochOrder
    ) -> tuple[Any, list[Any], list[RunKeeper]]:
        """Puts those who prepare an epoch before the user's callbacks, and keepers of the run after them."""
        is_list = isinstance(callbacks, keras.callbacks.CallbackList)
        given = callbacks.callbacks if is_list else keras.tree.flatten(callbacks or [])
        keepers = [callback for callback in given if isinstance(callback, RunKeeper)]
        others = [callback for callback in given if not isinstance(callback, RunKeeper)]
        # Who explains values that are not finite has to see them before they end training.
        early = [callback for callback in others if getattr(callback, "sees_non_finite", False)]
        late = [callback for callback in others if callback not in early]
        ordered = [order, *early, FiniteWatch(), *late, *keepers]
        if is_list:
            callbacks.callbacks = ordered
            callbacks.set_model(self)
            return callbacks, others, keepers
        return ordered, others, keepers

    def _held_out(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int | None,
        steps: int | None,
        functions: PythonFunctions,
        argument: str = "x",
    ) -> Any:
        """Checks data to evaluate on, and returns them as Keras takes them: `data`, or `(data, y)`."""
        if sample_weight is not None:
            raise ValueError(
                "Invalid value for argument `sample_weight`. Expected none: the examples of a game have "
                f"equal weights. Received: sample_weight of type {type(sample_weight).__name__}"
            )
        x, y = as_array(x), as_array(y, "y")
        self._check_data(x, y, argument)
        data, y = held_out(x, y, batch_size, steps, functions)
        counting = [metric for metric in self._compiled.metrics if hasattr(metric, "check_count")]
        rows = most_rows(x, batch_size, steps) if counting else None
        if rows is not None:
            for metric in counting:
                metric.check_count(rows, argument)
        return data if y is None else (data, y)

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

        Raises:
            ValueError: If shapes do not fit, conditions are missing or surplus, numbers are not finite, or a
                metric needs more samples than there are.
            FloatingPointError: If a turn's loss, or what it logs, is not finite.
        """
        self._assert_compile_called("evaluate")
        # Layers with noise of their own have seeds too.
        with seeded(self.judged_models(), seed=0), PythonFunctions() as functions:
            # In `fit` the data are prepared already.
            if not arguments.get("_use_cached_eval_dataset"):
                data = self._held_out(x, y, sample_weight, batch_size, steps, functions)
                x, y = data if isinstance(data, tuple) else (data, None)
            logs = super().evaluate(
                x,
                y,
                verbose=verbose,
                steps=steps,
                callbacks=callbacks,
                return_dict=True,
                **arguments,
            )
        check_evaluation(self, logs)
        return logs if return_dict else [logs[name] for name in self.metrics_names]

    def predict(self, *args: Any, **arguments: Any) -> Any:
        """Returns what a call of the model makes of inputs; as `keras.Model.predict`."""
        # Keras's function for this is made once, for one number of steps; `fit` may have set another.
        fitting, self.steps_per_execution = self.steps_per_execution, 1
        try:
            return super().predict(*args, **arguments)
        finally:
            self.steps_per_execution = fitting
