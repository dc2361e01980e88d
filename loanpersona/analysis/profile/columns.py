"""Columns made of what is known of a user: bands, kinds of work, year of registration."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.groups import cut_at, made
from loanpersona.tables.book import Book
from loanpersona.tables.schema import table

AGES, INCOMES, PLATFORMS = (*range(20, 61, 5),), (3_000, 5_000, 8_000, 10_000), (1, 2, 3, 4, 5)
"""Where bands begin; the tables know five platforms or more as five."""


@made("user")
def age_band(book: Book, _: pd.Timestamp) -> pd.Series:
    """Five-year bands from 20 to 59, and those younger or older where there are such."""
    bands = cut_at(_of_users(book, "age_years"), AGES)
    return bands if (bands == "60..").any() else bands.cat.remove_categories("60..")


@made("user")
def income_band(book: Book, _: pd.Timestamp) -> pd.Series:
    """Bands of monthly income, CNY."""
    return cut_at(_of_users(book, "income_cny_month"), INCOMES)


@made("user")
def platforms_band(book: Book, _: pd.Timestamp) -> pd.Series:
    """One loan platform, two … five or more."""
    return cut_at(_of_users(book, "platforms"), PLATFORMS)


@made("user")
def embarrassment_band(book: Book, _: pd.Timestamp) -> pd.Series:
    """Fifths of the scale of embarrassment, in hundredths; hidden."""
    book.need({"truth": ("embarrassment",)})
    return cut_at((100 * book.truth.set_index("user_id")["embarrassment"]) // 1, (0, 20, 40, 60, 80))


@made("user")
def work(book: Book, _: pd.Timestamp) -> pd.Series:
    """Blue-collar workers, small owners, others; occupations of a lender's own are `not_grouped`."""
    return _grouped(book, "occupation")


@made("user")
def region(book: Book, _: pd.Timestamp) -> pd.Series:
    """The region as it stands in the table, else that of the province."""
    return _of_users(book, "region") if "region" in book.users else _grouped(book, "province")


@made("user")
def cohort(book: Book, _: pd.Timestamp) -> pd.Series:
    """The year of registration."""
    return _of_users(book, "registered_at").dt.year


def _of_users(book: Book, name: str) -> pd.Series:
    book.need({"users": (name,)})
    return book.users.set_index("user_id")[name]


def _grouped(book: Book, name: str) -> pd.Series:
    """The group of each level, as `tables.yaml` has them."""
    groups = dict(table("users").column(name).groups)
    values = _of_users(book, name).astype(object)
    named = values.map({level: group for group, levels in groups.items() for level in levels})
    named = named.mask(named.isna() & values.notna(), "not_grouped")
    return named.astype(pd.CategoricalDtype([*groups, *(["not_grouped"] if "not_grouped" in set(named) else [])]))
