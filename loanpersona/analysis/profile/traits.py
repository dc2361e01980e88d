"""The traits of the profile (1.1 to 1.3): one function each, and how far they differ from the population."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis import baselines
from loanpersona.analysis.frames import banded
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import quantiles, share, shares, shares_by, with_lift

AGE_BANDS = ("20..24", "25..29", "30..34", "35..39", "40..44", "45..49", "50..54", "55..59")
INCOME_BANDS = ("..2999", "3000..4999", "5000..7999", "8000..9999", "10000..")
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def borrower_class(users: pd.DataFrame) -> pd.DataFrame:
    """Consumers and owners (1.1a); columns: borrower_class, n, k, share, low, high."""
    return shares(_column(users, "borrower_class"))


def sex(users: pd.DataFrame) -> pd.DataFrame:
    """Men and women against the census (1.2a); columns: sex, n, k, share, low, high, baseline, lift, …"""
    found = shares(_column(users, "sex"))
    base = baselines.shares("sex")
    return with_lift(found, [base[level] for level in found["sex"]])


def age(users: pd.DataFrame) -> pd.DataFrame:
    """Five-year age bands against the census (1.2b); columns: age_band, n, k, share, low, high, baseline, lift, …

    Both are shares of people aged 20 to 59; whoever is younger or older is left out.
    """
    found = shares(_age_band(_column(users, "age_years")))
    base = baselines.ages()
    return with_lift(found, [base["male"][band] + base["female"][band] for band in found["age_band"]])


def age_by_sex(users: pd.DataFrame) -> pd.DataFrame:
    """The age pyramid: shares of all people aged 20 to 59 by sex and five-year band, against the census.

    Columns: sex, age_band, n, k, share, low, high, baseline, lift, lift_low, lift_high.
    """
    checked = _columns(users, ["sex", "age_years"])
    bands = _age_band(checked["age_years"])
    base = baselines.ages()
    rows = []
    for one in checked["sex"].cat.categories:
        for band in AGE_BANDS:
            held = (checked["sex"].reindex(bands.index) == one) & (bands == band)
            rows.append({"sex": one, "age_band": band, **share(held), "baseline": base[one][band]})
    found = pd.DataFrame(rows)
    return with_lift(found, found["baseline"].to_list())


def region(users: pd.DataFrame) -> pd.DataFrame:
    """The south-eastern coast, the other coast and inland against the census (1.2c); columns as in `sex`."""
    found = shares(_column(users, "region"))
    return with_lift(found, [_region_baseline(one) for one in found["region"]])


def province(users: pd.DataFrame) -> pd.DataFrame:
    """Provinces against the census (1.2c), the most over-represented first; columns as in `sex`."""
    found = shares(_column(users, "province"))
    base = baselines.shares("province")
    lifted = with_lift(found, [base.get(one, np.nan) for one in found["province"]])
    return lifted.sort_values("lift", ascending=False, kind="stable").reset_index(drop=True)


def city_tier(users: pd.DataFrame) -> pd.DataFrame:
    """City tiers (1.2d); columns: city_tier, n, k, share, low, high. No population share by tier is published."""
    return shares(_column(users, "city_tier"))


def education(users: pd.DataFrame) -> pd.DataFrame:
    """Highest education (1.3a); columns: education, n, k, share, low, high, share_at_most (cumulative)."""
    found = shares(_column(users, "education"))
    return found.assign(share_at_most=found["share"].cumsum().clip(upper=1.0))


def education_by_occupation(users: pd.DataFrame) -> pd.DataFrame:
    """Education within each occupation (1.3a, 1.3b); columns: occupation, education, n, k, share, low, high."""
    return shares_by(_columns(users, ["occupation", "education"]), ["occupation"], "education")


def occupation(users: pd.DataFrame) -> pd.DataFrame:
    """Occupations (1.3b), the largest first; columns: occupation, n, k, share, low, high."""
    found = shares(_column(users, "occupation"))
    return found.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)


def work(users: pd.DataFrame) -> pd.DataFrame:
    """Blue-collar workers, small owners and others (1.3b); columns: work, n, k, share, low, high.

    Occupations that `tables.yaml` does not know come last, as `not_grouped`.
    """
    checked = _column(users, "occupation")
    groups = dict(tables.table("users").columns["occupation"].groups)
    own = [level for level in checked.cat.categories if not any(level in levels for levels in groups.values())]
    if own:  # occupations of a lender's or persona's own belong to no group
        groups["not_grouped"] = tuple(own)
    rows = [{"work": name, **share(checked.isin(levels))} for name, levels in groups.items()]
    return pd.DataFrame(rows)


def income(users: pd.DataFrame) -> pd.DataFrame:
    """Bands of monthly income (1.3c); columns: income_band, n, k, share, low, high."""
    bands = banded(_column(users, "income_cny_month"), INCOME_BANDS)
    rows = [{"income_band": band, **share(bands == band)} for band in INCOME_BANDS]
    return pd.DataFrame(rows)


def income_below(users: pd.DataFrame, limit: int = 10_000) -> pd.DataFrame:
    """Share earning below `limit` CNY a month (1.1b, 1.3c), all and by class.

    Columns: borrower_class (with `everybody`), n, k, share, low, high.
    """
    checked = _columns(users, ["income_cny_month", "borrower_class"])
    below = checked["income_cny_month"] < limit
    rows = [{"borrower_class": "everybody", **share(below)}]
    for one in checked["borrower_class"].cat.categories:
        rows.append({"borrower_class": one, **share(below[checked["borrower_class"] == one])})
    return pd.DataFrame(rows)


def income_by_occupation(users: pd.DataFrame) -> pd.DataFrame:
    """Income of each occupation (1.3c), highest median first.

    Columns: occupation, n, p10, p25, p50, p75, p90 (CNY a month), median_low, median_high,
    share_below_10000.
    """
    checked = _columns(users, ["occupation", "income_cny_month"])
    found = _spread(checked, "occupation", "income_cny_month")
    below = (checked["income_cny_month"] < 10_000).groupby(checked["occupation"], observed=True).mean()
    found["share_below_10000"] = below.reindex(found["occupation"]).to_numpy()
    return found.sort_values("p50", ascending=False, kind="stable").reset_index(drop=True)


def income_stability(users: pd.DataFrame) -> pd.DataFrame:
    """Variation of monthly income by class (1.1c): standard deviation over mean.

    Columns: borrower_class, n, p10, p25, p50, p75, p90, median_low, median_high.
    """
    return _spread(_columns(users, ["borrower_class", "income_variation"]), "borrower_class", "income_variation")


def bank_credit(users: pd.DataFrame) -> pd.DataFrame:
    """Share holding bank credit (1.1d), all and by class; columns: borrower_class, n, k, share, low, high."""
    checked = _columns(users, ["borrower_class", "has_bank_credit"])
    rows = [{"borrower_class": "everybody", **share(checked["has_bank_credit"])}]
    for one in checked["borrower_class"].cat.categories:
        rows.append({"borrower_class": one, **share(checked.loc[checked["borrower_class"] == one, "has_bank_credit"])})
    return pd.DataFrame(rows)


def marital_status(users: pd.DataFrame) -> pd.DataFrame:
    """Never married, married, divorced or widowed (1.3d); columns: marital_status, n, k, share, low, high."""
    return shares(_column(users, "marital_status"))


def marital_by_age_and_sex(users: pd.DataFrame) -> pd.DataFrame:
    """Marital status by five-year age band and sex (1.3d).

    Columns: sex, age_band, marital_status, n, k, share, low, high.
    """
    checked = _columns(users, ["sex", "age_years", "marital_status"])
    bands = _age_band(checked["age_years"])
    return shares_by(checked.loc[bands.index].assign(age_band=bands), ["sex", "age_band"], "marital_status")


def lift(users: pd.DataFrame) -> pd.DataFrame:
    """The persona against the population: how often each trait is met, over how often it is met elsewhere.

    Columns: trait, n, k, share, low, high, baseline, lift, lift_low, lift_high, compared_with (in words).
    """
    b = _columns(users, ["sex", "age_years", "region", "education", "marital_status"])
    adults, young = b[b["age_years"].between(20, 59)], b[b["age_years"].between(25, 29)]
    bands = baselines.ages()
    around_thirty = sum(bands[one][band] for one in bands for band in ("25..29", "30..34"))
    college = baselines.shares("education")["junior_college_or_above"]
    # trait, where it holds, baseline, whom the baseline describes
    traits = [
        ("men", b["sex"] == "male", baselines.shares("sex")["male"], "sex"),
        ("aged_25_to_34", adults["age_years"].between(25, 34), around_thirty, "age_band"),
        ("southeast_coast", b["region"] == "southeast_coast", _region_baseline("southeast_coast"), "province"),
        ("junior_college_or_above", b["education"] >= "junior_college", college, "education"),
        (
            "never_married_25_to_29",
            young["marital_status"] == "never_married",
            baselines.number("never_married_25_29", "share"),
            "never_married_25_29",
        ),
    ]
    found = pd.DataFrame([{"trait": trait, **share(holds)} for trait, holds, _, _ in traits])
    return with_lift(found, [base for _, _, base, _ in traits]).assign(compared_with=[of for *_, of in traits])


def _region_baseline(region: str) -> float:
    base = baselines.shares("province")
    return sum(base[name] for name in tables.table("users").columns["province"].groups[region])


def _columns(users: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    if users.empty:
        raise InputError("users: no rows. Allowed: at least one user.")
    # A lender's rows may be numbered in any way, even twice.
    return tables.check(users, "users", columns)[list(columns)].reset_index(drop=True)


def _column(users: pd.DataFrame, column: str) -> pd.Series:
    return _columns(users, [column])[column]


def _age_band(ages: pd.Series) -> pd.Series:
    """Five-year bands of the ages from 20 to 59; the rest is dropped."""
    inside = ages[ages.between(20, 59)]
    if inside.empty:
        raise InputError("users.age_years: nobody is aged 20 to 59. Allowed: at least one user of that age.")
    codes = (inside.to_numpy() - 20) // 5
    bands = pd.Categorical.from_codes(codes.astype(np.int8), categories=list(AGE_BANDS), ordered=True)
    return pd.Series(bands, index=inside.index, name="age_band")


def _spread(frame: pd.DataFrame, by: str, of: str) -> pd.DataFrame:
    rows = []
    for one, group in frame.groupby(by, observed=True)[of]:
        found = quantiles(group, QUANTILES).set_index("quantile")
        spread = {f"p{q * 100:.0f}": found.loc[q, "value"] for q in QUANTILES}
        ends = {"median_low": found.loc[0.5, "low"], "median_high": found.loc[0.5, "high"]}
        rows.append({by: one, "n": len(group), **spread, **ends})
    return pd.DataFrame(rows)
