"""Every number of the README is measured by a command, which tells when one has moved."""

from __future__ import annotations

import pytest
from running import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def claims(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import claims

    return claims


@pytest.fixture
def numbers(claims):
    import readme_numbers

    return readme_numbers


def test_every_claim_is_in_the_readme_once(numbers):
    for claim in numbers.CLAIMS:
        assert claim.said(README)
    assert {claim.measurement for claim in numbers.CLAIMS} == set(numbers.MEASUREMENTS)


def test_every_number_of_the_readme_has_a_claim(claims, numbers):
    assert claims.numbers_without_claim(README, numbers.CLAIMS, numbers.NOT_MEASURED) == []


def test_a_number_without_a_claim_is_found(claims, numbers):
    page = f"{README}\nIt is 17 times as fast, by `--workers 4` and [a page](page-2.md).\n"
    (found,) = claims.numbers_without_claim(page, numbers.CLAIMS, numbers.NOT_MEASURED)
    assert "17 times" in found


def test_numbers_that_are_not_measured_are_in_the_readme(numbers):
    text = " ".join(README.split())
    assert [piece for piece in numbers.NOT_MEASURED if piece not in text] == []


PAGE = "It took 50.0 s or\n10.0 s for 1,182 rows (14.5 more)."


def test_what_the_text_says_is_read_from_it(claims):
    claim = claims.Claim("x", "took {all:.1f} s or {one:.1f} s for {rows:,} rows ({effect}).")
    said = {"all": "50.0", "one": "10.0", "rows": "1,182", "effect": "14.5 more"}
    assert claim.said(PAGE) == said


@pytest.mark.parametrize("text", ["for {rows:,} lines", "{seconds:.1f} s"])
def test_a_claim_has_to_be_there_just_once(claims, text):
    with pytest.raises(claims.ClaimError, match=r"found [02] times"):
        claims.Claim("x", text).said(PAGE)


def test_the_end_of_a_number_is_not_the_number(claims):
    with pytest.raises(claims.ClaimError):
        claims.Claim("x", "182 rows ({effect}).").said(PAGE)


@pytest.mark.parametrize(("rows", "moved"), [(1182, 0), (1183, 1)])
def test_counts_have_to_be_the_same(claims, rows, moved):
    claim = claims.Claim("x", "for {rows:,} rows")
    assert len(claim.moved(PAGE, {"rows": rows})) == moved


@pytest.mark.parametrize(
    ("all_seconds", "one_seconds", "moved"),
    [
        (50, 10, 0),
        (100, 20, 0),  # a machine half as fast
        (100, 10, 2),  # the ratio of the two is 10, no longer 5
        (55, 10, 0),  # within a tenth
    ],
)
def test_speeds_count_among_themselves(claims, all_seconds, one_seconds, moved):
    claim = claims.Claim("x", "took {all:.1f} s or {one:.1f} s", 0.1, is_relative=True)
    assert len(claim.moved(PAGE, {"all": all_seconds, "one": one_seconds})) == moved


@pytest.mark.parametrize(("one_seconds", "moved"), [(10.9, 0), (11.2, 1), (8.8, 1)])
def test_others_may_differ_by_a_share(claims, one_seconds, moved):
    claim = claims.Claim("x", "or {one:.1f} s", 0.1)
    assert len(claim.moved(PAGE, {"one": one_seconds})) == moved


@pytest.mark.parametrize(
    ("metric", "numbers_of_row", "effect", "all_choices"),
    [
        # Percentage points; the interval on one side of 0, all choices on both.
        ("fill_ratio", (0.145, 0.111, 0.179, -0.026, 0.165), "14.5 more (11.1 to 17.9)",
         "2.6 less to 16.5 more"),
        # Costs that fall are cheaper; an interval below 0 begins with the end nearer to it.
        ("completed_shortfall_bps", (-1.7, -2.9, -0.6, -2.5, -0.1), "1.7 cheaper (0.6 to 2.9)",
         "0.1 to 2.5 cheaper"),
    ],
)  # fmt: skip
def test_effects_are_worded_as_in_the_readme(numbers, metric, numbers_of_row, effect, all_choices):
    names = ("effect", "low", "high", "smallest", "largest")
    row = {"metric": metric} | dict(zip(names, numbers_of_row, strict=True))
    assert numbers._effect_words(row) == {"": effect, "_range": all_choices}


@pytest.fixture
def as_measured(numbers, monkeypatch):
    """Measurements that find what the README says, and may be changed."""
    monkeypatch.setattr(numbers, "describe_machine", lambda: "this one")

    def give(name, **changed):
        said = {}
        for claim in numbers.CLAIMS:
            if claim.measurement == name:
                said |= claim.said(README)
        values = {key: _number(text) for key, text in said.items()} | changed
        monkeypatch.setitem(numbers.MEASUREMENTS, name, lambda _: values)

    return give


def _number(text):
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return text
    return int(value) if "." not in text else value


@pytest.mark.parametrize(("changed", "code"), [({}, 0), ({"hits": 152}, 1)])
def test_the_command_fails_if_a_number_has_moved(
    numbers, as_measured, monkeypatch, capsys, changed, code
):
    as_measured("morning", **changed)
    monkeypatch.setattr("sys.argv", ["readme_numbers.py", "--only", "morning"])
    assert numbers.main() == code
    printed = capsys.readouterr().out
    assert ("hits: the text says 153, now 152" in printed) is bool(code)


def test_the_command_says_what_it_cannot_measure(numbers, monkeypatch, tmp_path, capsys):
    arguments = ["--only", "morning", "--morning", str(tmp_path / "none")]
    monkeypatch.setattr("sys.argv", ["readme_numbers.py", *arguments])
    assert numbers.main() == 2
    assert "morning: NOT MEASURED" in capsys.readouterr().out


@pytest.mark.slow
def test_the_sample_still_answers_what_the_readme_says(numbers):
    measured = numbers.MEASUREMENTS["sample"](None)
    claims = [claim for claim in numbers.CLAIMS if claim.measurement == "sample"]
    assert [line for claim in claims for line in claim.moved(README, measured)] == []
