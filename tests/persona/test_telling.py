"""A persona tells itself back, says what differs, writes its null twin, and takes changes that are checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from cases import CASES

import loanpersona as lp
from loanpersona.cli import main
from loanpersona.core import words
from loanpersona.persona.joint import joint

CJK = re.compile("[\u4e00-\u9fff]")
Write = Callable[..., Path]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in a Markdown text."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def section(text: str, name: str) -> str:
    """What is told of one variable."""
    (result,) = re.findall(rf"^## [^\n]*`{name}`[^\n]*\n(.*?)(?=^## |\Z)", text, flags=re.DOTALL | re.MULTILINE)
    return result


@pytest.fixture(scope="module", params=words.LANGUAGES)
def told(request: pytest.FixtureRequest, article: lp.Persona) -> tuple[str, str]:
    return request.param, article.describe(request.param)


# In words


def test_every_variable_is_told_in_file_order_with_its_basis_and_its_reason(
    told: tuple[str, str], article: lp.Persona
) -> None:
    lang, text = told
    assert re.findall(r"^## .*`(\w+)`", text, flags=re.MULTILINE) == list(article.variables)
    for name, variable in article.variables.items():
        said = section(text, name)
        assert words.label(variable.basis.kind, lang) in said, name
        assert dict(variable.basis.because).get(lang, "") in said, name
        assert all(source in said for source in variable.basis.sources), name


def test_what_is_told_is_in_the_language_asked_for_and_holds_no_code_word(
    told: tuple[str, str], article: lp.Persona
) -> None:
    lang, text = told
    assert bool(CJK.search(text)) == (lang == "zh")
    prose = re.sub(r"`[^`]*`|\[[^\]]*\]", "", text)
    assert not re.search(r"\b[a-z]+_[a-z_]+\b|\bnan\b|\{|\}", prose)
    units = {variable.unit for variable in article.variables.values() if variable.unit}
    assert len(units) > 5
    assert lang == "en" or not [unit for unit in units if re.search(rf"步长 [\d.]+ {re.escape(unit)}", text)]
    assert article.title[lang] in text
    assert article.digest[:12] in text


def test_an_expert_finds_the_shares_that_the_odds_stand_for(article: lp.Persona) -> None:
    said = section(article.describe(), "sex")
    shares = {row[0]: (row[2], row[3]) for row in rows(said)[1:]}
    assert shares["Everybody"] == ("", "69.8%")
    assert shares["Occupation: Courier"] == ("Men × 5.748", "93.0%")
    assert shares["Occupation: Waiter"] == ("Men × 0.469", "52.0%")
    assert "Depends on: Occupation." in said


def test_a_table_is_told_as_it_is_stated(article: lp.Persona) -> None:
    told = {row[0]: row[2:] for row in rows(section(article.describe(), "education"))}
    assert told["Occupation: Office worker"] == ["2.0%", "12.0%", "42.0%", "40.0%", "4.0%"]
    assert told["Occupation: Waiter"] == ["36.0%", "42.0%", "18.0%", "4.0%", "0.0%"]


def test_quantiles_are_those_of_people_drawn(article: lp.Persona) -> None:
    told = {row[0]: row[3:7] for row in rows(section(article.describe(), "income_cny_month"))[1:]}
    drawn = lp.sample(article, n=100_000, columns=["occupation", "income_cny_month"])
    couriers = drawn.loc[drawn["occupation"] == "courier", "income_cny_month"]
    for label, income in (("Everybody", drawn["income_cny_month"]), ("Occupation: Courier", couriers)):
        result = [income.quantile(0.1), income.median(), income.quantile(0.9), income.mean()]
        stated = [float(cell.replace(",", "")) for cell in told[label]]
        np.testing.assert_allclose(stated, result, rtol=0.025)


def test_bands_groups_rules_and_own_words_are_told(article: lp.Persona) -> None:
    text = article.describe()
    assert ["25 to 29", "31.0%"] in rows(section(text, "age_years"))
    assert "- Micro-business owner 16.0%: Occupation: Micro-business owner" in section(text, "borrower_class")
    assert "- Individual consumer 84.0%: Occupation: all but Micro-business owner" in section(text, "borrower_class")
    assert "- Province: all but Beijing, Shanghai, Guangdong; City tier: Tier 1 (Assumed – " in text
    assert "at most 24.0%" in text
    assert "at most 200,000 CNY" in text
    pets = lp.load_persona(CASES / "valid" / "14-levels-of-ones-own.yaml").describe("zh")
    assert "猫 25.0% · 狗 25.0% · 无 50.0%" in pets
    stepped = lp.load_persona(CASES / "valid" / "21-bands-with-a-step.yaml").describe()
    assert ["up to -0.25", "25.0%"] in rows(section(stepped, "mood"))
    assert "(`mood`) · hidden" in stepped


def test_notes_are_told(tiny_with: Write) -> None:
    odds = "    odds:\n      - {when: {age_years: 20..24}, multiply: {male: 3}}\n"
    path = tiny_with(("male: 0.6, female: 0.4", "male: 1, female: 0"), (odds, ""))
    with pytest.warns(lp.PersonaWarning, match=r"^tiny\.yaml:17: variables\.education: never drawn: sex female\.$"):
        persona = lp.load_persona(path)
    assert persona.describe().endswith("## Notes\n\n- tiny.yaml:17: variables.education: never drawn: sex female.\n")


# What differs


def test_the_difference_names_each_number_with_where_it_comes_from(article: lp.Persona) -> None:
    evidence = lp.load_persona("evidence")
    head, *result = rows(article.diff(evidence))
    assert head == ["Value", "article", "evidence", "Basis: article", "Basis: evidence"]
    assert ["city_tier.shares.tier1", "0.14", "0.10", "stated (1.2d)", "published (jiguang-2018)"] in result
    assert len(result) == 6 + 31 + (24 + 7 + 5 + 8 + 1 + 5 + 3)
    assert {row[0].split(".")[0] for row in result} == {"calendar", "city_tier", "province"}
    assert "Texts that differ: persona, title.en, title.zh, " in article.diff(evidence)
    assert rows(article.diff(evidence, "zh"))[0][0] == "数值"


def test_numbers_written_differently_do_not_differ(article: lp.Persona) -> None:
    same = article.replace({"sex.shares": {"male": "0.6980", "female": "302e-3"}, "sex.basis": "assumed"})
    assert article.diff(article) == "article and article: no difference.\n"
    assert rows(article.diff(same)) == []


def test_a_number_inside_a_list_is_named_with_its_own_basis(article: lp.Persona) -> None:
    changed = article.replace({"has_car.odds[0].multiply.yes": 3})
    head, *result = rows(article.diff(changed))
    assert head[1:3] == ["article", changed.name]
    assert result == [["has_car.odds[0].multiply.yes", "2.0", "3", "assumed", "assumed"]]


# The null twin


@pytest.mark.parametrize("name", ["article", "evidence"])
def test_the_null_twin_has_the_same_margins_and_no_dependence(name: str, tmp_path: Path) -> None:
    persona = lp.load_persona(name)
    null = persona.null()
    assert list(null.variables) == list(persona.variables)
    assert all(variable.parents == () for variable in null.variables.values())
    assert null.rules == {}
    for variable in persona.variables:
        assert null.variables[variable].values == persona.variables[variable].values
        mine, theirs = persona.conditionals[variable].margin, null.conditionals[variable].margin
        np.testing.assert_allclose(theirs, mine, rtol=0, atol=1.1e-12, err_msg=variable)
        assert (theirs[mine == 0] == 0).all()
    (tmp_path / "null.yaml").write_text(null.to_yaml(), encoding="utf-8")
    assert lp.load_persona(tmp_path / "null.yaml") == null
    assert null.null().conditionals["sex"].margin.tolist() == null.conditionals["sex"].margin.tolist()


def test_people_of_the_null_twin_are_independent_where_the_persona_leans(article: lp.Persona) -> None:
    for persona, apart in ((article, True), (article.null(), False)):
        people = lp.sample(persona, n=50_000, columns=["occupation", "sex"])
        men = people["sex"].eq("male").groupby(people["occupation"], observed=True).mean()
        assert (men.max() - men.min() > 0.4) == apart
        assert men.between(0.66, 0.74).all() != apart


# Changes


@pytest.mark.parametrize(
    ("path", "value", "result"),
    [
        ("sex.shares", {"male": 0.5, "female": 0.5}, lambda p: p.variables["sex"].law.shares[0] == Fraction(1, 2)),
        ("variables.sex.shares", {"male": "1/3", "female": "2/3"}, lambda p: p.conditionals["sex"].margin[0] < 0.34),
        ("sex.odds[1].multiply.male", 7, lambda p: p.variables["sex"].law.odds[1].factors[0] == 7),
        ("sex.odds.1.multiply.male", 7, lambda p: p.variables["sex"].law.odds[1].factors[0] == 7),
        (
            "sex.odds[9]",
            {"when": {"occupation": "owner"}, "multiply": {"male": 2}},
            lambda p: p.variables["sex"].law.odds[9].factors[0] == 2,
        ),
        (
            "marital_status.table.20..24.male.tier1..tier2",
            {"never_married": 1, "married": 0, "divorced_widowed": 0},
            lambda p: p.variables["marital_status"].law.rows[0][1] == (1, 0, 0),
        ),
        ("product.apr_most.value", "0.18", lambda p: p.product.apr_most == Fraction(18, 100)),
        ("title.en", "Other people", lambda p: p.title["en"] == "Other people"),
    ],
)
def test_a_path_leads_to_any_value(
    path: str, value: object, result: Callable[[lp.Persona], bool], article: lp.Persona
) -> None:
    assert not result(article)
    assert result(article.replace({path: value}))


def test_a_changed_number_is_no_longer_said_to_rest_on_its_source(article: lp.Persona) -> None:
    assert article.variables["has_car"].basis.kind == "published"
    changed = article.replace({"has_car.shares": {"yes": 0.2, "no": 0.8}})
    assert repr(changed.basis("has_car")) == "Owns a car: Assumed: changed from the persona article"
    cited = article.replace(
        {"has_car.shares": {"yes": 0.2, "no": 0.8}, "has_car.basis": "published", "has_car.source": "jiguang-2018"}
    )
    assert cited.variables["has_car"].basis.sources == ("jiguang-2018",)
    assert article.replace({"product.apr_most.value": 0.2}).diff(article).count("cap-24") == 1
    assert article.replace({"sex.because": "x"}).variables["sex"].basis.kind == article.variables["sex"].basis.kind


def test_changes_can_be_lines_of_text(article: lp.Persona) -> None:
    text = "sex.shares.male: 1/2\nsex.shares.female: 0.5\n"
    assert article.replace(text) == article.replace({"sex.shares.male": "1/2", "sex.shares.female": "0.5"})
    assert article.replace("") == article.replace({}) == article


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"sx.shares": {"male": 1}}, "change: sx.shares: unknown path 'sx'. Did you mean 'sex'? Known: age_years, "),
        (
            {"sex.odds[10].multiply": {"male": 1}},
            "change: sex.odds[10].multiply: no entry '[10].multiply' of "
            "'variables.sex.odds'. Allowed: [0] to [9], [+] for one more.",
        ),
        ({"sex.shares.male.x": 1}, "change: sex.shares.male.x: nothing stands below 'variables.sex.shares.male'."),
        ({"sex.shares.male": 0.5}, "article.yaml:121: variables.sex.shares: the shares sum to 0.802, not 1."),
        # rules and targets: which, and how far
        (
            {"borrowing_rate.times": []},
            "article.yaml:74: rules.who_never_draws_has_no_rate.never: 39.00% of people are "
            "borrower_type never with borrowing_rate 0.01..60. Allowed: nobody.",
        ),
        (
            {
                "city_tier.shares": {
                    "tier1": 0.5,
                    "new_tier1": 0.1,
                    "tier2": 0.1,
                    "tier3": 0.1,
                    "tier4": 0.1,
                    "tier5": 0.1,
                }
            },
            "change: city_tier.shares: cannot hold together with the odds: tier1 = 0.5 (nearest 0.2832), ",
        ),
        ("sex.odds[0].multiply.mal: 3", "changes:1: sex.odds[0].multiply.mal = mal: unknown level 'mal'. Did you "),
        ("sex.shares.male: '0.698'", "changes:1: sex.shares.male = '0.698': not a number."),
        ("a: b: c", "changes:1: not YAML: "),
        ({"extends": "evidence"}, "change: extends: only a file extends another. Load that persona and change it."),
        ({"variables": "x"}, "change: variables = x: expected a mapping. Allowed: a block per variable."),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_the_reason(
    changes: dict[str, object] | str, fault: str, article: lp.Persona
) -> None:
    with pytest.raises(lp.InputError) as caught:
        article.replace(changes)
    assert [result for result in caught.value.faults if result.startswith(fault)] == list(caught.value.faults)


def test_a_rule_is_checked_against_the_exact_share_of_people_who_break_it(article: lp.Persona) -> None:
    with pytest.raises(lp.InputError) as caught:
        article.replace(
            {"rules.r": {"never": {"sex": "female", "age_years": "20..24"}, "basis": "assumed", "because": "x"}}
        )
    (percent,) = re.findall(r"([\d.]+)% of people are sex female with age_years 20\.\.24", str(caught.value))
    people = lp.sample(article, n=200_000, columns=["sex", "age_years"])
    drawn = (people["sex"].eq("female") & people["age_years"].le(24)).mean()
    assert float(percent) / 100 == pytest.approx(drawn, abs=0.002)


def test_rules_hold_on_every_row_of_a_large_population(article: lp.Persona) -> None:
    names = {name for rule in article.rules.values() for name, _ in rule.never}
    people = lp.sample(article, n=500_000, seed=3, columns=sorted(names))
    assert len(article.rules) >= 3
    for rule in article.rules.values():
        broken = np.ones(len(people), bool)
        for name, picked in rule.never:
            broken &= people[name].isin([article.variables[name].values[i] for i in picked]).to_numpy()
        assert not broken.any(), rule.name


def test_margins_are_the_joint_over_everything_else(article: lp.Persona) -> None:
    for name, conditional in article.conditionals.items():
        assert conditional.weights.sum() == pytest.approx(1, abs=1e-12), name
        assert conditional.margin.sum() == pytest.approx(1, abs=1e-12), name
        assert conditional.weights.tolist() == joint(conditional.bands, article.conditionals).ravel().tolist()


# On the command line


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert isinstance(left.value.code, int)
    return left.value.code


def test_describe_prints_what_python_says(article: lp.Persona, capsys: pytest.CaptureFixture[str]) -> None:
    half = article.replace("sex.shares: {male: 0.5, female: 0.5}")
    for arguments, text in (
        (["article"], article.describe()),
        (["--lang", "zh"], article.describe("zh")),
        (["article", "--diff", "evidence"], article.diff(lp.load_persona("evidence"))),
        (["evidence", "--yaml"], lp.load_persona("evidence").to_yaml()),
        (["--set", "sex.shares={male: 0.5, female: 0.5}"], half.describe()),
        (
            ["--set", "sex.shares.male=0.5", "--set", "sex.shares.female=0.5", "--yaml"],
            article.replace("sex.shares.male: 0.5\nsex.shares.female: 0.5").to_yaml(),
        ),
        (["--null"], article.null().to_yaml()),
    ):
        assert run("describe", *arguments) == 0
        assert capsys.readouterr() == (text, "")


@pytest.mark.parametrize(
    ("arguments", "faults"),
    [
        (["artcle"], ["persona = artcle: unknown persona. Did you mean 'article'?"]),
        (["--diff", "evidense", "--lang", "cn"], ["lang = cn: unknown language.", "persona = evidense: unknown"]),
        (["--null", "--schema"], ["describe: one thing at a time. Allowed: one of --diff, --null, --yaml, --schema."]),
        (["--set", "sex", "--lang", "cn"], ["lang = cn: unknown language.", "--set = 'sex': not a change."]),
        (["--set", "sex"], ["--set = 'sex': not a change. Allowed: PATH=VALUE, such as sex.shares.male=0.5."]),
        (
            ["--set", "sex.shares.male=1", "--set", "sex.shares.male=2"],
            ["changes:2: sex.shares.male: stated twice, first in line 1. Remove one."],
        ),
    ],
)
def test_describe_refuses_with_every_fault(
    arguments: list[str], faults: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("describe", *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == len(faults), err
    for line, fault in zip(err.splitlines(), faults, strict=True):
        assert line.startswith(fault)


def test_other_commands_take_changes_too(
    article: lp.Persona, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = ["--set", "sex.shares={male: 0.5, female: 0.5}"]
    changed = lp.generate(article.replace("sex.shares: {male: 0.5, female: 0.5}"), n=60, seed=7)
    assert run("digest", *changes, "--n", "60") == 0
    assert capsys.readouterr().out.splitlines()[-1] == changed.digest
    assert run("generate", *changes, "--n", "60", "--out", str(tmp_path / "people")) == 0
    assert lp.load_population(tmp_path / "people").digest == changed.digest
