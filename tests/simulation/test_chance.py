"""Chance: a word per seed, decision and user, the same whatever else is drawn."""

from __future__ import annotations

import random

import numpy as np
import pytest

import loanpersona as lp
from loanpersona.simulation.chance import check_count, check_seed, words

HUGE = pytest.param(10**5000, id="huge")  # Python refuses to write it out


def test_any_slice_of_a_stream_is_that_part_of_the_whole() -> None:
    whole = words(7, "users.sex", 0, 1_000)
    luck = random.Random(1)
    for _ in range(200):
        start = luck.randrange(1_000)
        stop = luck.randrange(start, 1_001)
        np.testing.assert_array_equal(words(7, "users.sex", start, stop), whole[start:stop])


def test_a_borrower_beyond_a_billion_has_the_word_of_any_stretch_that_holds_them() -> None:
    far = 10**12 + 3
    assert words(7, "users.sex", far, far + 1)[0] == words(7, "users.sex", far - 2, far + 9)[2]


def test_every_bit_of_a_seed_and_of_a_number_counts() -> None:
    mine = words(7, "users.sex", 0, 4)
    for bit in (65, 66, 100, 127):
        assert (words(7 + (1 << bit), "users.sex", 0, 4) != mine).all()
    for bit in (34, 35, 39, 40):
        assert (words(7, "users.sex", 1 << bit, (1 << bit) + 4) != mine).all()


@pytest.mark.parametrize(
    ("seed", "decision"),
    [
        (8, "users.sex"),
        (7, "users.age_years"),
        (7, "truth.sex"),
        (7, "users.sex "),
        (0, "users.sex"),
        (71, "users.sex"),
        (2**64 + 7, "users.sex"),
    ],
)
def test_other_seeds_and_other_decisions_share_no_word(seed: int, decision: str) -> None:
    mine, other = words(7, "users.sex", 0, 10_000), words(seed, decision, 0, 10_000)
    assert not np.isin(mine, other).any()
    assert abs(np.corrcoef(mine.astype(float), other.astype(float))[0, 1]) < 0.05


def test_the_words_of_a_named_stream_never_change() -> None:
    assert words(7, "users.sex", 0, 3).tolist() == [7310026935981563983, 2582539697910511099, 8162156709395630537]
    assert words(2**128 - 1, "truth.caution", 5, 6).tolist() == [9172976451377187905]


@pytest.mark.parametrize(
    "value", [True, False, 1.0, 5.5, -1, 0, "42", None, 2**41, np.bool_(True), np.float64(3), [1], HUGE]
)
def test_a_count_that_is_none_is_refused_with_what_is_allowed(value: object) -> None:
    with pytest.raises(
        lp.InputError, match=r"^n = .{1,60}: not a count\. Allowed: a whole number from 1 to 1,099,511,"
    ):
        check_count(value, "n")


@pytest.mark.parametrize("value", [True, 1.0, -1, "42", None, 2**128, np.bool_(False), float("nan"), (1,), HUGE])
def test_a_seed_that_is_none_is_refused_with_what_is_allowed(value: object) -> None:
    with pytest.raises(
        lp.InputError, match=r"^seed = .{1,60}: not a seed\. Allowed: a whole number from 0 to 2\*\*128"
    ):
        check_seed(value)


@pytest.mark.parametrize("value", [5, np.int8(5), np.int64(5), np.uint64(5)])
def test_whole_numbers_of_numpy_are_counts_and_seeds(value: object) -> None:
    assert (check_count(value, "n"), check_seed(value)) == (5, 5)
    assert type(check_count(value, "n")) is type(check_seed(value)) is int


@pytest.mark.parametrize("value", [0, 2**128 - 1])
def test_the_least_and_the_largest_seed_are_seeds(value: int) -> None:
    assert check_seed(value) == value
