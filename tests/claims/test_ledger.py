"""The ledger of the personas that ship, of their null twin, and of a book of one's own."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import jsonschema
import pandas as pd
import pytest

import loanpersona as lp
from loanpersona import claims
from loanpersona.claims.ledger import _with_holm
from loanpersona.claims.telling import as_json, lines
from loanpersona.core import catalog

CLAIMS = {key: one for key, one in claims.statements().items() if one.claim}
N = 60_000


@cache
def ledger(name: str, n: int = N, seed: int = 7) -> pd.DataFrame:
    """The ledger of a persona, or of its null twin, by statement."""
    persona = lp.load_persona(name.removesuffix("_null"))
    drawn = lp.generate(persona.null() if name.endswith("_null") else persona, n=n, seed=seed)
    return lp.check_claims(drawn).set_index("statement")


def test_the_article_contradicts_none_of_its_statements() -> None:
    here = ledger("article")["here"]
    assert list(here.index) == list(claims.statements())
    assert "contradicted" not in set(here)
    assert (here[list(CLAIMS)] == "supported").sum() >= 28


def test_on_the_null_twin_no_conditional_or_emergent_claim_is_supported() -> None:
    leaning = [key for key, one in CLAIMS.items() if one.origin != "encoded"]
    assert len(leaning) >= 6
    assert "supported" not in set(ledger("article_null").loc[leaning, "here"])
    assert (ledger("article").loc[leaning, "here"] == "supported").sum() >= 4


def test_what_is_encoded_holds_on_the_null_twin_too() -> None:
    encoded = [key for key, one in CLAIMS.items() if one.origin == "encoded"]
    assert set(ledger("article_null").loc[encoded, "here"]) == {"supported"}


def test_published_disagreements_show_as_such() -> None:
    evidence = ledger("evidence")
    assert set(evidence.index[evidence["here"] == "contradicted"]) == {"1.2c", "1.2d", "1.4a", "1.4c"}
    assert evidence.loc["1.4d", "here"] != "supported"
    # education, occupation, referral, the festival (twice) and marriage, where published figures point both ways
    said = {key: one.evidence.verdict for key, one in claims.statements().items()}
    assert {key for key in CLAIMS if said[key] == "disagrees"} == {"1.2c", "1.2d", "1.4a", "1.4c"}
    assert {"1.3a", "1.3b", "1.3d", "1.4d", "1.4f"} <= {key for key in CLAIMS if said[key] == "in_part"}


def test_contradictions_are_held_to_the_error_of_all_claims_together() -> None:
    # Holm by hand for 100 claims: 0.01/100, 0.01/99, 0.01/98; the second misses its own, and so the third cannot stand
    words = ["contradicted"] * 3 + ["supported"] * 97
    made = pd.DataFrame({"here": words, "error": [0.00009, 0.00012, 0.000101, *[0.001] * 97], "allowed": None})
    found = _with_holm(made)
    assert found["here"].tolist()[:3] == ["contradicted", "inconclusive", "contradicted"]
    assert found["allowed"].tolist()[:3] == pytest.approx([0.01 / 100, 0.01 / 98, 0.01 / 99])


def test_a_claim_of_several_checks_holds_where_all_do() -> None:
    [owner, funds] = CLAIMS["2.1e"].claim.checks
    book = lp.generate(lp.load_persona("article"), n=3_000, seed=7)
    words = {}
    for name, checks in {
        "funds": (funds, funds),
        "wrong": (funds, replace(funds, rule=replace(funds.rule, line=1))),
    }.items():
        claim = replace(CLAIMS["2.1e"], claim=replace(CLAIMS["2.1e"].claim, checks=checks))
        words[name] = lp.check_claims(book, {"2.1e": claim})["here"].tolist()
    assert words == {"funds": ["supported"], "wrong": ["contradicted"]}
    assert owner.rule.column == "risk_ratio"


def test_open_claims_say_how_many_users_would_settle_them() -> None:
    small = lp.check_claims(lp.generate(lp.load_persona("article"), n=300, seed=7)).set_index("statement")
    open_ones = small[small["here"] == "inconclusive"]
    assert len(open_ones) > 2
    assert (open_ones["needed"].dropna() > 300).all()
    assert small.loc[small["here"] == "supported", "needed"].isna().all()


def test_a_book_of_ones_own_has_no_kinds_and_says_which_columns_it_lacks() -> None:
    users = pd.DataFrame({"user_id": range(100), "sex": ["male"] * 80 + ["female"] * 20})
    found = lp.check_claims(lp.Book(users=users)).set_index("statement")
    assert found.loc["1.2a", "here"] == "supported"
    assert found["origin"].isna().all()
    assert found.loc["1.1d", "here"] == "no_column"
    assert "has_bank_credit" in found.loc["1.1d", "why"]
    assert found.loc["1.4a", "why"].startswith("tables: loans is not in this book")
    assert any("has_bank_credit" in line for line in lines(found.reset_index()))


def test_the_lines_name_every_statement_in_both_languages() -> None:
    for lang in ("en", "zh"):
        told = lines(ledger("article").reset_index(), lang)
        assert [line.split()[0] for line in told if line[0] in "1234"][: len(CLAIMS)]
        assert all("{" not in line and "report_" not in line and "ledger_" not in line for line in told)


def test_the_json_is_as_its_schema_says() -> None:
    schema = json.loads((catalog.FOLDER / "ledger.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    made_of = {"persona": "article", "digest": "0" * 64, "n": N, "seed": 7}
    for made in (ledger("article"), ledger("evidence")):
        content = json.loads(json.dumps(as_json(made.reset_index(), **made_of)))
        assert [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(content)] == []
    assert sum(content["counts"].values()) == len(content["statements"]) == 46
    assert list(jsonschema.Draft7Validator(schema).iter_errors({**content, "seed": -1}))


def test_unknown_statements_and_what_is_no_book_are_refused() -> None:
    book = lp.generate(lp.load_persona("article"), n=300, seed=7)
    with pytest.raises(lp.InputError, match=r"statements: 1\.2z: unknown\. Did you mean"):
        lp.check_claims(book, ["1.2z"])
    with pytest.raises(lp.InputError, match="DataFrame in place of a book"):
        lp.check_claims(book.users)
