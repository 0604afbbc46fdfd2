"""A tiny instance of every public class. A class that is missing here fails the suite."""

from __future__ import annotations

import inspect
import types

import keras
import numpy as np

import kerasgan

ROOMS = [
    room
    for name in kerasgan.__all__
    if isinstance(room := getattr(kerasgan, name), types.ModuleType)
]


@keras.saving.register_keras_serializable(package="conformance")
def pair(real_scores, fake_scores):
    return fake_scores - real_scores, -fake_scores


def dense(inputs, units):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(units)])


def joint(first, second, units):
    inputs = [keras.Input((first,)), keras.Input((second,))]
    return keras.Model(inputs, keras.layers.Dense(units)(keras.layers.Concatenate()(inputs)))


def game_players():
    """A generator and a discriminator with all the state that a layer can have."""
    layers = keras.layers
    generator = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(2)]
    )
    discriminator = keras.Sequential(
        [keras.Input((2,)), layers.Dense(4, "relu"), layers.Dropout(0.2), layers.Dense(1)]
    )
    return generator, discriminator


# Models: how to make one, and data to fit it on.
MODELS = {
    kerasgan.GAN: (
        lambda: kerasgan.GAN(*game_players()),
        (np.random.default_rng(0).normal(size=(48, 2)).astype("float32"),),
    ),
    kerasgan.ConditionalGAN: (
        lambda: kerasgan.ConditionalGAN(joint(3, 2, 2), joint(2, 2, 1)),
        (
            np.random.default_rng(0).normal(size=(48, 2)).astype("float32"),
            np.eye(2, dtype="float32")[np.arange(48) % 2],
        ),
    ),
}

MODELS[kerasgan.AdversarialAutoEncoder] = (
    lambda: kerasgan.AdversarialAutoEncoder(
        keras.Sequential(
            [
                keras.Input((5,)),
                keras.layers.Dense(4),
                kerasgan.layers.ConcatenateNoise(2),
                keras.layers.Dense(6),
                kerasgan.layers.GaussianSampling(),
            ]
        ),
        dense(3, 5),
        dense(3, 1),
    ),
    (np.random.default_rng(0).normal(size=(48, 5)).astype("float32"),),
)
MODELS[kerasgan.EBGAN] = (
    lambda: kerasgan.EBGAN(
        dense(3, 5), kerasgan.networks.AutoEncoder(dense(5, 2), dense(2, 5)), energy="norm"
    ),
    (np.random.default_rng(0).normal(size=(48, 5)).astype("float32"),),
)

MODELS[kerasgan.EnergyBasedAdversarialAutoEncoder] = (
    lambda: kerasgan.EnergyBasedAdversarialAutoEncoder(
        dense(5, 3),
        dense(3, 5),
        kerasgan.networks.AutoEncoder(dense(3, 2), dense(2, 3)),
        energy="norm",
    ),
    (np.random.default_rng(0).normal(size=(48, 5)).astype("float32"),),
)
MODELS[kerasgan.DenoisingFeatureMatchingGAN] = (
    lambda: kerasgan.DenoisingFeatureMatchingGAN(
        dense(3, 5),
        keras.Sequential(
            [keras.Input((5,)), keras.layers.Dense(4, name="hidden"), keras.layers.Dense(1)]
        ),
        dense(4, 4),
        features="hidden",
    ),
    (np.random.default_rng(0).normal(size=(48, 5)).astype("float32"),),
)
MODELS[kerasgan.GANomaly] = (
    lambda: kerasgan.GANomaly(
        dense(5, 2),
        dense(2, 5),
        dense(5, 2),
        keras.Sequential(
            [keras.Input((5,)), keras.layers.Dense(4, name="hidden"), keras.layers.Dense(1)]
        ),
        features="hidden",
    ),
    (np.random.default_rng(0).normal(size=(48, 5)).astype("float32"),),
)

MODELS[kerasgan.MatchingAwareGAN] = (
    lambda: kerasgan.MatchingAwareGAN(joint(3, 2, 2), joint(2, 2, 1)),
    MODELS[kerasgan.ConditionalGAN][1],
)

MODELS[kerasgan.CycleGAN] = (
    lambda: kerasgan.CycleGAN(
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, "relu"), dense(4, 3)]),
        keras.Sequential([dense(3, 4), keras.layers.BatchNormalization(), dense(4, 2)]),
        dense(2, 1),
        keras.Sequential([dense(3, 4), keras.layers.Dropout(0.2), dense(4, 1)]),
        pool_size=10,
    ),
    (
        np.random.default_rng(0).normal(size=(48, 2)).astype("float32"),
        np.random.default_rng(1).normal(size=(48, 3)).astype("float32"),
    ),
)

HALF_LABELED = (
    np.random.default_rng(0).normal(size=(48, 5)).astype("float32"),
    np.where(np.arange(48) % 2, -1, np.arange(48) % 3),
)


def two_vectors(inputs, first, second):
    x = keras.Input((inputs,))
    return keras.Model(x, [keras.layers.Dense(first)(x), keras.layers.Dense(second)(x)])


def clustered_decoder(classes, units, outputs):
    inputs = [keras.Input((classes,)), keras.Input((units,))]
    return keras.Model(inputs, keras.layers.Dense(outputs)(kerasgan.layers.ClusterHeads()(inputs)))


MODELS[kerasgan.SemiSupervisedGAN] = (
    lambda: kerasgan.SemiSupervisedGAN(
        dense(3, 5),
        keras.Sequential(
            [
                keras.Input((5,)),
                keras.layers.GaussianNoise(0.1),
                kerasgan.layers.WeightNormalization(keras.layers.Dense(4, use_bias=False)),
                keras.layers.ReLU(name="hidden"),
                keras.layers.Dense(3),
            ]
        ),
        features="hidden",
    ),
    HALF_LABELED,
)
MODELS[kerasgan.SemiSupervisedAdversarialAutoEncoder] = (
    lambda: kerasgan.SemiSupervisedAdversarialAutoEncoder(
        two_vectors(5, 3, 2),
        clustered_decoder(3, 2, 5),
        dense(3, 1),
        dense(2, 1),
    ),
    HALF_LABELED,
)


def quick_optimizers(model):
    """Returns optimizers with slots for `compile`. With Adam, a graph has a third more operations."""
    return {
        f"{turn.name}_optimizer": keras.optimizers.SGD(0.05, momentum=0.5) for turn in model.turns()
    }


def call_inputs(model, data):
    """Returns what a call of a model takes: samples, those to translate, or latent samples."""
    if isinstance(model, kerasgan.CycleGAN):
        return data[1]
    reproduces = (
        kerasgan.AdversarialAutoEncoder,
        kerasgan.GANomaly,
        kerasgan.SemiSupervisedAdversarialAutoEncoder,
    )
    first = data[0] if isinstance(model, reproduces) else np.ones((len(data[0]), 3), "float32")
    reconstructs = isinstance(model, kerasgan.SemiSupervisedAdversarialAutoEncoder)
    return [first, data[1]] if model.conditional and not reconstructs else first


# What has a configuration that makes an equal object.
CONFIGURABLE = {
    kerasgan.augmentation.AdaptiveAugmentation: lambda: kerasgan.augmentation.AdaptiveAugmentation(
        target=0.5, transformations={"color": 0.5}
    ),
    kerasgan.augmentation.AugmentationPipeline: lambda: kerasgan.augmentation.AugmentationPipeline(
        kerasgan.schedules.Cosine(0.0, 0.3, steps=5), ["flip", "hue"]
    ),
    kerasgan.augmentation.DiffAugment: lambda: kerasgan.augmentation.DiffAugment("cutout"),
    kerasgan.augmentation.LayerAugmentation: lambda: kerasgan.augmentation.LayerAugmentation(
        keras.layers.RandomFlip("horizontal", seed=1)
    ),
    kerasgan.losses.EnergyMargin: lambda: kerasgan.losses.EnergyMargin(
        keras.optimizers.schedules.ExponentialDecay(1.0, 10, 0.9)
    ),
    kerasgan.metrics.DensityCoverage: lambda: kerasgan.metrics.DensityCoverage(k=2, capacity=9),
    kerasgan.metrics.FrechetDistance: lambda: kerasgan.metrics.FrechetDistance(dense(4, 2)),
    kerasgan.metrics.InceptionScore: lambda: kerasgan.metrics.InceptionScore(keras.ops.softmax),
    kerasgan.metrics.KernelDistance: lambda: kerasgan.metrics.KernelDistance(capacity=9),
    kerasgan.metrics.ModeCoverage: lambda: kerasgan.metrics.ModeCoverage([[0.0], [1.0]], 0.1),
    kerasgan.metrics.MongeDistance: lambda: kerasgan.metrics.MongeDistance(seed=3),
    kerasgan.metrics.ParzenLogLikelihood: lambda: kerasgan.metrics.ParzenLogLikelihood([0.1, 0.2]),
    kerasgan.metrics.PrecisionRecall: lambda: kerasgan.metrics.PrecisionRecall(name="sharp"),
    kerasgan.metrics.SlicedWasserstein: lambda: kerasgan.metrics.SlicedWasserstein(order=1),
    kerasgan.networks.AutoEncoder: lambda: kerasgan.networks.AutoEncoder(dense(4, 2), dense(2, 4)),
    kerasgan.networks.ProgressiveDiscriminator: lambda: kerasgan.networks.ProgressiveDiscriminator(
        (4, 4, 1), levels=2, filters=2, group_size=2
    ),
    kerasgan.networks.ProgressiveGenerator: lambda: kerasgan.networks.ProgressiveGenerator(
        3, (4, 4, 1), levels=2, filters=2, output_activation="sigmoid"
    ),
    kerasgan.penalties.Contractive: lambda: kerasgan.penalties.Contractive(0.2),
    kerasgan.penalties.FeatureMatching: lambda: kerasgan.penalties.FeatureMatching(
        "hidden", 0.1, 2.0
    ),
    kerasgan.penalties.PullingAway: lambda: kerasgan.penalties.PullingAway(0.3),
    kerasgan.penalties.Reconstruction: lambda: kerasgan.penalties.Reconstruction(
        keras.losses.Huber(0.5), 3.0, features=dense(4, 2)
    ),
    kerasgan.losses.FunctionLoss: lambda: kerasgan.losses.FunctionLoss(pair),
    kerasgan.losses.Hinge: kerasgan.losses.Hinge,
    kerasgan.losses.LeastSquares: lambda: kerasgan.losses.LeastSquares(real_label=0.9),
    kerasgan.losses.Minimax: lambda: kerasgan.losses.Minimax(label_smoothing=0.1),
    kerasgan.losses.NonSaturating: lambda: kerasgan.losses.NonSaturating(label_smoothing=0.2),
    kerasgan.losses.Relativistic: kerasgan.losses.Relativistic,
    kerasgan.losses.Wasserstein: kerasgan.losses.Wasserstein,
    kerasgan.penalties.DRAGAN: lambda: kerasgan.penalties.DRAGAN(2.0, scale=0.1),
    kerasgan.penalties.R1: lambda: kerasgan.penalties.R1(kerasgan.schedules.Cosine(2.0, 0.2, 9)),
    kerasgan.penalties.R2: lambda: kerasgan.penalties.R2(3.0),
    kerasgan.penalties.WassersteinGradientPenalty: lambda: (
        kerasgan.penalties.WassersteinGradientPenalty(4.0)
    ),
    kerasgan.priors.Categorical: lambda: kerasgan.priors.Categorical([0.3, 0.7]),
    kerasgan.priors.FunctionPrior: lambda: kerasgan.priors.FunctionPrior(
        keras.random.truncated_normal, shape=2
    ),
    kerasgan.priors.Normal: lambda: kerasgan.priors.Normal(3, mean=1.0, stddev=2.0),
    kerasgan.priors.NormalMixture: lambda: kerasgan.priors.NormalMixture.ring(3, stddev=0.2),
    kerasgan.priors.Sum: lambda: kerasgan.priors.Normal(2) + kerasgan.priors.Uniform(),
    kerasgan.priors.SwissRoll: lambda: kerasgan.priors.SwissRoll(radius=2.0),
    kerasgan.priors.Uniform: lambda: kerasgan.priors.Uniform((2, 2), low=0.0),
    kerasgan.optimizers.ScheduledAdam: lambda: kerasgan.optimizers.ScheduledAdam(
        beta_2=kerasgan.schedules.Cosine(0.9, 0.99, steps=5)
    ),
    kerasgan.schedules.Cosine: lambda: kerasgan.schedules.Cosine(0.0, 0.3, steps=5),
    kerasgan.constraints.WeightClipping: lambda: kerasgan.constraints.WeightClipping(0.05),
    kerasgan.datasets.MinMax: lambda: kerasgan.datasets.MinMax(0.0, 3.0),
    kerasgan.datasets.Tanh: lambda: kerasgan.datasets.Tanh(0.0, 255.0),
    kerasgan.datasets.ZScore: lambda: kerasgan.datasets.ZScore(1.0, 2.0),
}

# Layers: an instance, and inputs for it.
LAYERS = {
    kerasgan.layers.BilinearDownSampling2D: (
        kerasgan.layers.BilinearDownSampling2D,
        np.arange(16, dtype="float32").reshape(1, 4, 2, 2),
    ),
    kerasgan.layers.BilinearUpSampling2D: (
        kerasgan.layers.BilinearUpSampling2D,
        np.arange(16, dtype="float32").reshape(1, 4, 2, 2),
    ),
    kerasgan.layers.GroupedConv2D: (
        lambda: kerasgan.layers.GroupedConv2D(4, 3, groups=2, padding="same"),
        np.arange(16, dtype="float32").reshape(1, 4, 2, 2),
    ),
    kerasgan.layers.ProjectionHead: (
        lambda: kerasgan.layers.ProjectionHead(3),
        [np.ones((3, 2, 4), "float32"), np.array([0, 2, 1])],
    ),
    kerasgan.layers.SelfAttention: (
        lambda: kerasgan.layers.SelfAttention(reduction=2),
        np.arange(16, dtype="float32").reshape(1, 4, 2, 2),
    ),
    kerasgan.layers.ConcatenateNoise: (
        lambda: kerasgan.layers.ConcatenateNoise(2, seed=1),
        np.ones((4, 3), "float32"),
    ),
    kerasgan.layers.GaussianSampling: (
        lambda: kerasgan.layers.GaussianSampling(sample_in_inference=True, seed=1),
        np.ones((4, 6), "float32"),
    ),
    kerasgan.layers.ConditionalBatchNormalization: (
        lambda: kerasgan.layers.ConditionalBatchNormalization(3),
        [np.ones((4, 2), "float32"), np.array([0, 1, 2, 0])],
    ),
    kerasgan.layers.ClusterHeads: (
        lambda: kerasgan.layers.ClusterHeads(distance=2.0),
        [np.eye(3, dtype="float32"), np.ones((3, 2), "float32")],
    ),
    kerasgan.layers.WeightNormalization: (
        lambda: kerasgan.layers.WeightNormalization(keras.layers.Conv1D(2, 3, use_bias=False)),
        np.arange(20, dtype="float32").reshape(2, 5, 2),
    ),
    kerasgan.layers.RandomWindow: (
        lambda: kerasgan.layers.RandomWindow(2, seed=1),
        np.arange(20, dtype="float32").reshape(2, 5, 2),
    ),
    kerasgan.layers.ImagePool: (
        lambda: kerasgan.layers.ImagePool(3, seed=1),
        np.arange(8, dtype="float32").reshape(4, 2),
    ),
    kerasgan.layers.KnownPixels: (
        kerasgan.layers.KnownPixels,
        [
            np.full((2, 2, 2, 1), 0.7, "float32"),
            kerasgan.layers.KnownPixels.condition(
                np.ones((2, 2, 2, 1), "float32"), known=np.eye(2)
            ),
        ],
    ),
    kerasgan.layers.MinibatchStandardDeviation: (
        lambda: kerasgan.layers.MinibatchStandardDeviation(group_size=2),
        np.arange(8, dtype="float32").reshape(4, 2),
    ),
}

CALLBACKS = {
    # Models without a score of their own take a function.
    kerasgan.callbacks.AnomalyDetection: lambda directory: kerasgan.callbacks.AnomalyDetection(
        np.arange(4.0), np.arange(4) > 1, score=lambda samples: samples
    ),
    kerasgan.callbacks.BackupAndRestore: lambda directory: kerasgan.callbacks.BackupAndRestore(
        directory / "backup", save_freq=1, delete_checkpoint=False
    ),
    kerasgan.callbacks.Diagnosis: lambda directory: kerasgan.callbacks.Diagnosis(rounds=1),
    kerasgan.callbacks.ProbabilityLogger: lambda directory: kerasgan.callbacks.ProbabilityLogger(
        directory
    ),
    kerasgan.callbacks.ProgressiveGrowing: lambda directory: kerasgan.callbacks.ProgressiveGrowing(
        level_rounds=2
    ),
    kerasgan.callbacks.SampleGrid: lambda directory: kerasgan.callbacks.SampleGrid(
        directory, rows=1, columns=2, condition=None
    ),
    kerasgan.callbacks.TensorBoard: lambda directory: kerasgan.callbacks.TensorBoard(
        directory, every_epochs=None
    ),
}

# Classes to subclass, and records that are proved by the tests of what makes them.
ABSTRACT_OR_RECORD = {
    kerasgan.augmentation.Augmentation,
    kerasgan.core.AdversarialModel,
    kerasgan.core.Adversary,
    kerasgan.core.AugmentationSetting,
    kerasgan.core.GenerativeModel,
    kerasgan.core.LossSetting,
    kerasgan.core.Minibatch,
    kerasgan.core.OptimizerSetting,
    kerasgan.core.Optimizers,
    kerasgan.core.Outcome,
    kerasgan.core.Part,
    kerasgan.core.PenaltiesSetting,
    kerasgan.core.Setting,
    kerasgan.core.SubModel,
    kerasgan.core.Turn,
    kerasgan.core.TurnLog,
    kerasgan.core.Weighted,
    kerasgan.datasets.Dataset,
    kerasgan.datasets.ImageFolderReport,
    kerasgan.datasets.ImageStream,
    kerasgan.datasets.Normalization,
    kerasgan.datasets.PairedImageStream,
    kerasgan.latent.Inversion,
    kerasgan.latent.Neighbors,
    kerasgan.losses.AdversarialLoss,
    kerasgan.metrics.TwoSampleMetric,
    kerasgan.networks.GrowingNetwork,
    kerasgan.optimizers.Averages,
    kerasgan.optimizers.GradientAccumulation,
    kerasgan.optimizers.LossScaleOptimizer,
    kerasgan.optimizers.MovingAverage,
    kerasgan.penalties.Encounter,
    kerasgan.penalties.Penalty,
    kerasgan.priors.Prior,
    kerasgan.schedules.Schedule,
}

REGISTERED = {*MODELS, *CONFIGURABLE, *LAYERS, *CALLBACKS, *ABSTRACT_OR_RECORD}


def public_classes(rooms):
    """Every class that a room exports."""
    return {
        thing
        for room in rooms
        for name in getattr(room, "__all__", ())
        if inspect.isclass(thing := getattr(room, name))
    }
