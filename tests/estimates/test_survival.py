"""Kaplan-Meier curves: by hand, beside lifelines, and by coverage."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from loanpersona.estimates.survival import kaplan_meier


def curves() -> list[tuple[np.ndarray, np.ndarray]]:
    """Durations with ties, with none at zero, all watched, all censored, and one alone."""
    random = np.random.default_rng(5)
    tied = random.integers(0, 40, 500), random.random(500) < 0.6
    free = random.permutation(np.arange(1, 201)), random.random(200) < 0.5
    return [
        tied,
        free,
        (tied[0], np.ones(500, bool)),
        (tied[0], np.zeros(500, bool)),
        (np.array([3]), np.array([True])),
    ]


@pytest.mark.parametrize("case", range(5))
def test_the_curve_agrees_with_lifelines(case: int) -> None:
    days, happened = curves()[case]
    ours = kaplan_meier(days, happened).set_index("days")
    theirs = KaplanMeierFitter().fit(days, happened)
    survival = theirs.survival_function_["KM_estimate"].reindex(ours.index)
    np.testing.assert_allclose(ours["survival"], survival, atol=1e-12, rtol=0)
    ends = theirs.confidence_interval_.reindex(ours.index)
    watched = (ours["survival"] > 0).to_numpy()  # where nobody is left, we give no interval
    for column, end in (("low", ends.iloc[:, 0]), ("high", ends.iloc[:, 1])):
        np.testing.assert_allclose(ours[column][watched], end[watched], atol=1e-12, rtol=0)
    events = theirs.event_table.reindex(ours.index)
    assert ours["events"].tolist() == events["observed"].tolist()
    assert ours["at_risk"].tolist()[1:] == events["at_risk"].tolist()[1:]


def test_the_curve_of_five_is_as_worked_by_hand() -> None:
    result = kaplan_meier([1, 2, 2, 3, 5], [True, True, False, True, False])
    assert result["days"].tolist() == [0, 1, 2, 3, 5]
    assert result["at_risk"].tolist() == [5, 5, 4, 2, 1]
    assert result["events"].tolist() == [0, 1, 1, 1, 0]
    assert result["survival"].tolist() == pytest.approx([1, 0.8, 0.6, 0.3, 0.3])
    # Greenwood's sum after day 2: 1/(5·4) + 1/(4·3) = 0.1333; log-log half 1.96 · √0.1333 / ln 0.6
    half = 1.9599640 * np.sqrt(1 / 20 + 1 / 12) / -np.log(0.6)
    assert result.loc[2, "low"] == pytest.approx(0.6 ** np.exp(half))
    assert result.loc[2, "high"] == pytest.approx(0.6 ** np.exp(-half))


def test_intervals_of_the_curve_hold_the_truth_95_times_in_a_hundred() -> None:
    # Waits are exponential, watched for 20 to 200 days; 63.2 % of those watched have borrowed again by day 100.
    # Of 1,000 intervals that hold their value with 95 % chance, fewer than 926 or more than 971 hold it once in a
    # thousand.
    random, holds = np.random.default_rng(14), 0
    for _ in range(1000):
        wait, watched = random.exponential(100, 300), random.uniform(20, 200, 300)
        curve = kaplan_meier(np.minimum(wait, watched), wait <= watched)
        row = curve[curve["days"] <= 100].iloc[-1]
        holds += row["low"] <= np.exp(-1) <= row["high"]
    assert holds in range(926, 972)
