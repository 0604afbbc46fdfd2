"""The contestants of `gpu.py` in TensorFlow: kerasgan, a textbook's `train_step`, and a hand-written loop."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

from typing import Any

from gpu_worker import Framework, Run, serve

R1_WEIGHT = 10.0
EMA_MOMENTUM = 0.999


class TensorFlow(Framework):
    """TensorFlow on its first GPU, or on a CPU where there is none."""

    def __init__(self) -> None:
        import keras
        import tensorflow as tf

        import kerasgan

        self.tf, self.keras, self.kerasgan = tf, keras, kerasgan
        self.gpus = tf.config.list_physical_devices("GPU")

    def description(self) -> dict[str, Any]:
        """Returns versions and device."""
        versions = {
            "kerasgan": self.kerasgan.__version__,
            "tensorflow": self.tf.__version__,
            "keras": self.keras.version(),
        }
        details = [self.tf.config.experimental.get_device_details(gpu) for gpu in self.gpus[:1]]
        device = details[0].get("device_name", "GPU") if details else "cpu"
        return {"framework": "TensorFlow", "versions": versions, "device": device}

    def memory(self) -> tuple[int, int] | None:
        """Returns what TensorFlow's allocator says."""
        if not self.gpus:
            return None
        found = self.tf.config.experimental.get_memory_info("GPU:0")
        return found["current"], found["peak"]

    def forget_peak(self) -> None:
        """Begins anew."""
        if self.gpus:
            self.tf.config.experimental.reset_memory_stats("GPU:0")

    def make(self, specification: dict[str, Any]) -> Run:
        """Makes the contestant of `specification["kind"]`."""
        import gpu_family
        import gpu_networks as networks

        self.keras.utils.set_random_seed(0)
        bfloat16 = specification["precision"] == "bfloat16"
        self.keras.config.set_dtype_policy("mixed_bfloat16" if bfloat16 else "float32")
        size, batch, filters = (specification[name] for name in ("size", "batch", "filters"))
        if specification["kind"] == "family":
            model, data = gpu_family.make(specification["model"], size, filters)
            model.compile()
            return self.fitting(model, self.stream(*data(batch)))
        pair = networks.generator(size, filters), networks.discriminator(size, filters)
        make = {"fit": self.game, "train_step": self.textbook, "loop": self.loop}
        return make[specification["kind"]](
            *pair, self.stream(networks.images(size, batch)), specification
        )

    def stream(self, *arrays: Any) -> Any:
        """Returns batches without an end."""
        data = self.tf.data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0])
        return data.cache().repeat().prefetch(4)

    def fitting(self, model: Any, data: Any) -> Run:
        """Returns what trains a compiled model for so many steps."""

        def run(steps: int) -> None:
            model.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)

        return run

    def game(self, generator: Any, discriminator: Any, data: Any, given: dict[str, Any]) -> Run:
        """Makes a `kerasgan.GAN` under `fit`."""
        import gpu_networks as networks

        model = self.kerasgan.GAN(generator, discriminator)
        penalties = [self.kerasgan.penalties.R1(R1_WEIGHT)] if given.get("r1") else []
        steps = given.get("steps_per_execution")
        model.compile(
            networks.adam(),
            networks.adam(),
            penalties=penalties,
            generator_ema=EMA_MOMENTUM if given.get("ema") else None,
            **({} if steps is None else {"steps_per_execution": steps}),
        )
        return self.fitting(model, data)

    def textbook(self, generator: Any, discriminator: Any, data: Any, given: dict[str, Any]) -> Run:
        """Makes a `keras.Model` with a `train_step` as textbooks have it, under `fit`."""
        tf, keras = self.tf, self.keras
        import gpu_networks as networks

        class Textbook(keras.Model):
            def __init__(self) -> None:
                super().__init__()
                self.generator, self.discriminator = generator, discriminator
                self.seed = keras.random.SeedGenerator(0)
                self.means = [keras.metrics.Mean(name=name) for name in ("d_loss", "g_loss")]

            @property
            def metrics(self) -> list[Any]:
                return self.means

            def compile(self, **arguments: Any) -> None:
                super().compile(**arguments)
                self.optimizers = networks.adam(), networks.adam()
                for optimizer, model in zip(
                    self.optimizers, (generator, discriminator), strict=True
                ):
                    optimizer.build(model.trainable_variables)

            def fake(self, real: Any) -> Any:
                shape = (keras.ops.shape(real)[0], networks.LATENT)
                return generator(keras.random.normal(shape, seed=self.seed), training=True)

            def train_step(self, real: Any) -> dict[str, Any]:
                fake = self.fake(real)
                with tf.GradientTape() as tape:
                    scores = discriminator(real, training=True), discriminator(fake, training=True)
                    loss = tf.reduce_mean(tf.nn.softplus(-scores[0]))
                    loss += tf.reduce_mean(tf.nn.softplus(scores[1]))
                variables = discriminator.trainable_variables
                self.optimizers[1].apply(tape.gradient(loss, variables), variables)
                with tf.GradientTape() as tape:
                    scores = discriminator(self.fake(real), training=True)
                    other = tf.reduce_mean(tf.nn.softplus(-scores))
                variables = generator.trainable_variables
                self.optimizers[0].apply(tape.gradient(other, variables), variables)
                for mean, value in zip(self.means, (loss, other), strict=True):
                    mean.update_state(value)
                return {mean.name: mean.result() for mean in self.means}

        model = Textbook()
        model.compile(steps_per_execution=given.get("steps_per_execution") or 1)
        return self.fitting(model, data)

    def loop(self, generator: Any, discriminator: Any, data: Any, given: dict[str, Any]) -> Run:
        """Makes the loop by hand: one function, compiled by XLA, that returns nothing but the two losses."""
        tf = self.tf
        import gpu_networks as networks

        batch = given["batch"]
        optimizers = networks.adam(), networks.adam()
        for optimizer, model in zip(optimizers, (generator, discriminator), strict=True):
            optimizer.build(model.trainable_variables)
        averages = [tf.Variable(weight.value) for weight in generator.weights if given.get("ema")]

        def noise() -> Any:
            return tf.random.normal((batch, networks.LATENT))

        @tf.function(jit_compile=True)
        def step(real: Any) -> Any:
            fake = generator(noise(), training=True)
            with tf.GradientTape() as tape:
                scores = discriminator(real, training=True), discriminator(fake, training=True)
                loss = tf.reduce_mean(tf.nn.softplus(-scores[0]))
                loss += tf.reduce_mean(tf.nn.softplus(scores[1]))
                if given.get("r1"):
                    with tf.GradientTape() as inner:
                        inner.watch(real)
                        total = tf.reduce_sum(discriminator(real, training=True))
                    squares = tf.square(inner.gradient(total, real))
                    loss += 0.5 * R1_WEIGHT * tf.reduce_mean(tf.reduce_sum(squares, [1, 2, 3]))
            variables = discriminator.trainable_variables
            optimizers[1].apply(tape.gradient(loss, variables), variables)
            with tf.GradientTape() as tape:
                scores = discriminator(generator(noise(), training=True), training=True)
                other = tf.reduce_mean(tf.nn.softplus(-scores))
            variables = generator.trainable_variables
            optimizers[0].apply(tape.gradient(other, variables), variables)
            for average, weight in zip(averages, generator.weights, strict=False):
                average.assign_sub((1 - EMA_MOMENTUM) * (average - weight.value))
            return loss, other

        batches = iter(data)

        def run(steps: int) -> None:
            for _ in range(steps):
                losses = step(next(batches))
            float(losses[0])

        return run


if __name__ == "__main__":
    serve(TensorFlow)
