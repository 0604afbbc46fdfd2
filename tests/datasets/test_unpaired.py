import numpy as np
import pytest

from kerasgan.datasets import unpaired


def epoch(batches):
    """The examples of one epoch of each domain, which are numbers, and the sizes of its minibatches."""
    parts = [(a.numpy().ravel(), b.numpy().ravel()) for a, b in batches]
    a, b = (np.concatenate(domain).astype(int) for domain in zip(*parts, strict=True))
    return a, b, [(len(one), len(other)) for one, other in parts]


def numbers(count):
    return np.arange(count).reshape(-1, 1)


@pytest.mark.parametrize("swap", [False, True])
def test_an_epoch_is_one_pass_over_the_larger_set(swap):
    sets = (numbers(7), numbers(20)) if swap else (numbers(20), numbers(7))
    batches = unpaired(*sets, batch_size=3, seed=0)
    assert int(batches.cardinality()) == 6
    a, b, sizes = epoch(batches)
    small, large = (a, b) if swap else (b, a)
    assert sizes == [(3, 3)] * 6
    assert len(set(large)) == 18
    # 18 of the 7: each two or three times.
    assert set(np.bincount(small, minlength=7)) == {2, 3}


def test_each_set_has_an_order_of_its_own_and_a_new_one_in_each_epoch():
    batches = unpaired(numbers(40), numbers(40), batch_size=8, seed=1)
    first, second = epoch(batches), epoch(batches)
    for a, b, _ in (first, second):
        assert sorted(a) == sorted(b) == list(range(40))
        # Forty examples meet one partner by chance, in the mean.
        assert np.sum(a == b) < 8
    pairs = [set(zip(a, b, strict=True)) for a, b, _ in (first, second)]
    assert len(pairs[0] & pairs[1]) < 8
    assert np.any(first[0] != second[0])


def test_one_seed_gives_the_same_epochs():
    one, other = (unpaired(numbers(9), numbers(5), 2, seed=seed) for seed in (3, 4))
    expected = [epoch(one) for _ in range(3)]
    # Again and again: what is read ahead of its use differs from run to run, and must not matter.
    for _ in range(30):
        again = unpaired(numbers(9), numbers(5), 2, seed=3)
        for a, b, _ in expected:
            same_a, same_b, _ = epoch(again)
            np.testing.assert_array_equal(same_a, a)
            np.testing.assert_array_equal(same_b, b)
    assert np.any(epoch(other)[0] != expected[0][0])


def test_an_epoch_is_the_same_wherever_the_one_before_was_left():
    one, again = (unpaired(numbers(90), numbers(5), 2, seed=3) for _ in range(2))
    epoch(one)
    next(iter(again))
    np.testing.assert_array_equal(epoch(again)[1], epoch(one)[1])


def test_shapes_and_types():
    a, b = np.zeros((4, 2, 2, 1), "uint8"), np.ones((3, 5))
    specification = unpaired(a, b, 2).element_spec
    assert [tuple(item.shape) for item in specification] == [(None, 2, 2, 1), (None, 5)]
    assert {item.dtype.name for item in specification} == {"float32"}


@pytest.mark.parametrize(
    ("a", "b", "batch_size", "message"),
    [
        (numbers(4), numbers(6), 7, "`batch_size`.*at most 6.*batch_size=7"),
        (numbers(4), numbers(6), 0, "`batch_size`"),
        (np.zeros((0, 2)), numbers(6), 2, "`a`"),
        (numbers(4), np.full((3, 2), np.nan), 2, "`b`.*finite"),
    ],
)
def test_bad_arguments(a, b, batch_size, message):
    with pytest.raises(ValueError, match=message):
        unpaired(a, b, batch_size)
