import numpy as np
import pytest

from kerasgan.datasets import ZScore, sine_wave, sine_waves, timegan_sines


def test_sine_wave_closed_form():
    wave = sine_wave(length=12, amplitude=0.5, frequency=2.0, sampling_rate=8.0)
    np.testing.assert_allclose(wave, np.tile([0, 0.5, 0, -0.5], 3), atol=1e-6)
    assert wave.dtype == np.float32


def test_a_window_of_30_steps_has_1_65_waves():
    wave = sine_wave()
    assert wave.shape == (30,)
    np.testing.assert_allclose(wave, 0.5 * np.sin(2 * np.pi * 1.65 * np.arange(30) / 30), atol=1e-6)


def test_phases_of_a_wave():
    phases = np.array([[0.0, np.pi / 2, np.pi], [0.1, 0.2, 0.3]])
    waves = sine_wave(length=5, phase=phases)
    assert waves.shape == (2, 3, 5)
    np.testing.assert_allclose(waves[..., 0], 0.5 * np.sin(phases), atol=1e-6)
    np.testing.assert_allclose(waves[0, 2], -waves[0, 0], atol=1e-6)


@pytest.mark.parametrize("dimensions", [1, 2, 5, 17])
@pytest.mark.parametrize("phase", ["fixed", "random", "independent"])
def test_any_dimension(dimensions, phase):
    x = sine_waves(count=4, length=7, dimensions=dimensions, phase=phase).x
    assert x.shape == (4, 7, dimensions)
    assert x.dtype == np.float32


def test_fixed_phase_is_the_clean_wave_everywhere():
    x = sine_waves(count=3, dimensions=2, phase="fixed").x
    np.testing.assert_array_equal(x, np.broadcast_to(sine_wave()[:, None], (3, 30, 2)))


def test_random_phase_is_uniform_and_shared_by_the_dimensions():
    x = sine_waves(count=40_000, length=3, dimensions=2, amplitude=2.0).x
    np.testing.assert_array_equal(x[..., 0], x[..., 1])
    # The sine of a uniform phase follows the arcsine law.
    first = np.sort(x[:, 0, 0] / 2)
    law = 0.5 + np.arcsin(first) / np.pi
    assert np.abs(law - (np.arange(40_000) + 0.5) / 40_000).max() < 0.01
    assert x.std() == pytest.approx(2 / np.sqrt(2), abs=0.02)


def test_independent_phases_are_uncorrelated():
    x = sine_waves(count=40_000, length=1, dimensions=2, phase="independent").x[:, 0]
    assert np.corrcoef(x.T)[0, 1] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("phase", ["fixed", "random", "independent"])
def test_noise_is_normal_and_leaves_the_phases_alone(phase):
    arguments = {"count": 5000, "dimensions": 3, "phase": phase, "seed": 4}
    clean = sine_waves(**arguments).x
    noise = sine_waves(**arguments, noise_stddev=0.2).x - clean
    assert noise.mean() == pytest.approx(0, abs=0.002)
    assert noise.std() == pytest.approx(0.2, abs=0.002)
    assert np.mean(np.abs(noise) < 0.2) == pytest.approx(0.6827, abs=0.005)
    flat = noise.reshape(len(noise), -1)
    assert np.abs(np.corrcoef(flat.T) - np.eye(flat.shape[1])).max() < 0.08


def test_seed():
    def draw(seed):
        return sine_waves(count=3, noise_stddev=1.0, seed=seed).x

    assert np.array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))
    assert not np.array_equal(draw(None), draw(None))


def test_normalization_is_applied_and_inverted():
    plain = sine_waves(count=500, noise_stddev=1.0)
    scaled = sine_waves(count=500, noise_stddev=1.0, normalization="z_score")
    assert plain.normalization is None
    assert scaled.x.mean() == pytest.approx(0, abs=1e-5)
    assert scaled.x.std() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(scaled.invert(scaled.x), plain.x, atol=1e-5)


def test_a_fitted_normalization_is_kept():
    data = sine_waves(count=5, phase="fixed", normalization=ZScore(1.0, 2.0))
    np.testing.assert_allclose(data.x[0, :, 0], (sine_wave() - 1) / 2, atol=1e-6)


def test_noise_needs_no_wave():
    x = sine_waves(count=2000, amplitude=0.0, noise_stddev=1.0).x
    assert x.std() == pytest.approx(1, abs=0.02)


def test_timegan_sines():
    data = timegan_sines(count=20_000)
    assert data.x.shape == (20_000, 24, 5)
    waves = data.invert(data.x)
    assert waves.max() <= 1
    # Neither the phase nor the growing angle leaves the rising quarter before step 14.
    angles = np.arcsin(np.clip(waves[:, :14], -1, 1)).astype("float64")
    phases, speeds = angles[:, 0], (angles[:, 13] - angles[:, 0]) / 13
    for uniform in (phases, speeds):
        assert -1e-6 <= uniform.min() < 1e-4
        assert 0.0999 < uniform.max() <= 0.1 + 1e-4
        assert uniform.mean() == pytest.approx(0.05, abs=0.001)
        assert uniform.std() == pytest.approx(0.1 / np.sqrt(12), abs=0.001)
        assert np.abs(np.corrcoef(uniform.T) - np.eye(5)).max() < 0.04
    assert abs(np.corrcoef(phases.ravel(), speeds.ravel())[0, 1]) < 0.02
    expected = np.sin(speeds[:, None] * np.arange(24)[:, None] + phases[:, None])
    np.testing.assert_allclose(waves, expected, atol=2e-3)
    assert not np.array_equal(data.x[:9], timegan_sines(count=9, seed=1).x)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("count", 0),
        ("length", 0),
        ("dimensions", 0),
        ("dimensions", 1.5),
        ("amplitude", np.nan),
        ("frequency", "a"),
        ("sampling_rate", 0),
        ("phase", "shifted"),
        ("noise_stddev", -0.1),
        ("normalization", "l2"),
    ],
)
def test_argument_out_of_range(argument, value):
    with pytest.raises(ValueError, match=argument):
        sine_waves(**{argument: value})


@pytest.mark.parametrize("argument", ["count", "length", "dimensions"])
def test_timegan_argument_out_of_range(argument):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        timegan_sines(**{argument: 0})


def test_phase_must_be_finite():
    with pytest.raises(ValueError, match="Invalid value for argument `phase`"):
        sine_wave(phase=np.inf)
