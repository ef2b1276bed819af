"""The score of the book: as a section of a run's report, and as a report of its own."""

import json

import pytest
from replay_folders import (
    make_dual_posted,
    make_fidelity,
    make_score,
    make_score_of_run,
    write_fidelity,
)
from report_folders import Page, make_bare_folder, partition_entry, write_page
from rollup_folders import make_answer_folder
from running import as_printed

from sweep_dask.analysis.centre_point.order_checks import ASSUMED_WITHOUT
from sweep_dask.analysis.centre_point.score import DarkSweeps
from sweep_dask.analysis.metrics.dual_posted import DualPosted
from sweep_dask.errors import InputError
from sweep_dask.matching import rules
from sweep_dask.report.replay_page import replay_report_page
from sweep_dask.study.answer_summary import describe_answer
from sweep_dask.terms.rules import RULES
from sweep_dask.terms.score import (
    CAUSES,
    EVENTS,
    KINDS,
    PREDICTED,
    UNTIL,
)

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def replay_page(root, document, **manifest):
    folder = write_fidelity(root / "replay", document, **manifest)
    return Page(replay_report_page(folder, manifest))


def test_words_cover_every_rule_of_the_book():
    assert tuple(RULES) == rules.names()


def test_score_of_both_modes_stands_side_by_side(tmp_path):
    page = replay_page(tmp_path, make_fidelity())
    assert page.rows("fidelity-score") == [
        ["Dark matches on the tape", "100", "100"],
        ["Predicted by the book", "80", "90"],
        ["Hits: predicted and on the tape", "60", "57"],
        ["Contested arrivals", "20", "20"],
        ["of these right", "18", "18"],
        ["Sweeps with any dark fill", "10", "10"],
        ["of these filled as on the tape", "8", "8"],
        ["the same with no dark book", "1", "1"],
        ["the same with priority by lot", "4", "4"],
        ["Precision: hits of what is predicted", "75.0", "63.3"],
        ["Recall: hits of what is on the tape", "60.0", "57.0"],
        ["F1: both in one number (harmonic mean)", "66.7", "60.0"],
        ["Recall of matches with both orders in the book", "66.7", "63.3"],
        ["Precision by shares", "67.5", "57.0"],
        ["Recall by shares", "54.0", "51.3"],
        ["F1 if times may differ by 1 ms", "72.2", "65.3"],
        ["right by drawing lots, expected", "33.3", "33.3"],
    ]
    assert "Of 100 dark matches on the tape the book predicts 60 exactly" in page.text
    assert "it is right 18 times in 20; drawing lots would be right in 33.3 %" in page.text


def test_matches_by_what_made_them_happen_and_who_took_part(tmp_path):
    rows = replay_page(tmp_path, make_fidelity()).rows("fidelity-kinds")
    # F1 is 2 * hits / (tape + predicted): 120 of 180, and half of it by lot; 114 of 190, and 56.
    counted = ["100", "80", "60", "66.7", "33.3", "90", "57", "60.0", "29.5"]
    nothing = ["0", *["0", "0", "\u2013", "\u2013"] * 2]
    assert [row[1:] for row in rows] == [
        *[counted, nothing, nothing],
        *[nothing, counted, counted, nothing],
        ["0", *["\u2013"] * 8],
    ]
    assert [row[0] for row in rows[:-1]] == [*(EVENTS[name] for name in PREDICTED), *KINDS.values()]


def test_sweeps_with_a_dark_fill_stand_beside_what_is_had_for_nothing(tmp_path):
    page = replay_page(tmp_path, make_fidelity())
    assert "the book fills 8 of the 10 sweeps with any dark fill" in page.text
    assert (
        "With no dark book at all it would be 1 of them, with priority drawn by lot 4." in page.text
    )


def test_no_sweep_with_a_dark_fill_proves_nothing(tmp_path):
    document = make_fidelity()
    for score in document["total"].values():
        score["dark_sweeps"] = DarkSweeps().as_json()
    text = replay_page(tmp_path, document).text
    assert "of what sweeps would fill in the dark nothing is proven" in text


def test_orders_that_were_hidden_stand_beside_what_they_did(tmp_path):
    page = replay_page(tmp_path, make_fidelity())
    rows = page.rows("hidden-orders")
    # 22 shares really, 24 predicted; of what was not cancelled all 5 have filled. The correlation:
    # 10 * 100 - 24 * 22 over the root of (10 * 116 - 24 * 24) * (10 * 104 - 22 * 22).
    numbers = ["4", "1", "1", "4", "80.0", "60.0", "100.0", "24", "22", "0.20", "0.83"]
    assert rows == [[words, *numbers, "3.00", "3.00"] for words in UNTIL.values()]
    assert "10 orders rested in the dark. One in 20 at a time" in page.text
    assert "the book is right in 80.0 %; with priority drawn by lot in 60.0 %" in page.text
    assert (
        "50.0 % really did: of those predicted to fill 80.0 % did, of the others 20.0 %."
        in page.text
    )


def test_nobody_was_hidden(tmp_path):
    page = replay_page(tmp_path, make_fidelity() | {"hide_and_predict": None})
    assert "hidden-orders" not in page.tables


def test_real_dual_posted_sweeps_stand_beside_others(tmp_path):
    page = replay_page(tmp_path, make_fidelity())
    # 210 of 400; a quarter of 100 and four tenths of 300; half and eight tenths.
    assert page.rows("dual-posted") == [
        ["dual-posted, really", "2", "52.5"],
        ["the others, really", "2", "36.2"],
        ["the others, had they been dual-posted, as simulated", "2", "72.5"],
    ]
    assert "3 sweeps really were dual-posted (mid-tick 1)" in page.text
    assert "2 of them are matched with 2 others" in page.text
    assert "1 had no match" in page.text
    assert "it is 20.0 percentage points more. That is of 2 sweeps on 1 security-day" in page.text
    assert "too little to say whether it is chance" in page.text


def test_many_security_days_have_an_interval(tmp_path):
    days = make_dual_posted(days=12).as_json() | {"low": -0.012, "high": 0.412}
    text = replay_page(tmp_path, make_fidelity() | {"dual_posted": days}).text
    assert "(1.2 less to 41.2 more, by 12 security-days)." in text
    assert "chance" not in text


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "None in this data: on its tape no sweep"),
        (DualPosted(sweeps=1).as_json(), "1 sweep really was dual-posted (mid-tick 1), without"),
    ],
)
def test_without_dual_posted_sweeps_or_a_match_it_is_said(tmp_path, told, words):
    page = replay_page(tmp_path, make_fidelity() | {"dual_posted": told})
    assert words in page.text
    assert "dual-posted" not in page.tables


def test_misses_are_counted_by_cause_in_words(tmp_path):
    rows = replay_page(tmp_path, make_fidelity()).rows("fidelity-misses")
    assert rows == [
        [CAUSES["order_not_in_input"], "1", "1.0"],
        [CAUSES["quote_stale"], "2", "2.0"],
    ]


def test_no_misses(tmp_path):
    page = replay_page(tmp_path, make_fidelity(misses=()))
    assert "None was missed." in page.text


def test_rules_by_falling_loss_with_a_bar(tmp_path):
    page = replay_page(tmp_path, make_fidelity())
    rows = page.rows("fidelity-ablations")
    # F1 is 2 * hits / (tape + predicted): 66.7 %, without the rule 40 of 180 and 102 of 180.
    assert [row[0] for row in rows] == [
        f"{RULES['half_tick'].words} half-tick",
        f"{RULES['preferencing'].words} preferencing",
    ]
    assert [row[1:] for row in rows] == [
        ["80", "20", "25.0", "20.0", "44.4", "37.8"],
        ["80", "51", "63.7", "51.0", "10.0", "0.0"],
    ]
    widths = [value for name, value in page.attributes if name == "style"]
    assert widths == ["width: 160px", "width: 36px"]
    assert f"{RULES['dark_limit'].words} dark-limit." in page.text.split("No difference here")[1]


def test_without_ablations(tmp_path):
    page = replay_page(tmp_path, make_fidelity() | {"ablations": []})
    assert "fidelity-ablations" not in page.tables
    assert "Which rules matter" not in page.text


def test_partitions_are_listed_if_there_are_some_the_largest_first(tmp_path):
    assert "fidelity-partitions" not in replay_page(tmp_path / "one", make_fidelity()).tables
    document = make_fidelity(partitions=60)
    document["partitions"][59]["resync"] = make_score(tape=4_000)
    page = replay_page(tmp_path / "many", document)
    rows = page.rows("fidelity-partitions")
    assert len(rows) == 50
    assert rows[0][:3] == ["2024-10-04", "60", "4,000"]
    assert rows[1][2:] == ["100", "80", "60", "66.7", "90", "57", "60.0"]
    assert "10 partitions more are not shown" in page.text


def test_tape_without_dark_matches_says_so(tmp_path):
    nothing = make_score(tape=0, predicted=0, hits=0, contested=0)
    document = make_fidelity(misses=()) | {"total": {"resync": nothing, "free": nothing}}
    page = replay_page(tmp_path, document | {"partitions": [], "ablations": []})
    assert "It cannot be said: the tape holds no dark match" in page.text
    assert ["F1: both in one number (harmonic mean)", "\u2013", "\u2013"] in page.rows(
        "fidelity-score"
    )


def test_report_names_its_input(tmp_path):
    page = replay_page(tmp_path, make_fidelity(), input="data/raw", status="done", version="9.8")
    assert "Input data/raw" in page.text
    assert "sweep_dask 9.8" in page.text
    assert "preferencing participants learned from the past" in page.text


def test_report_asks_the_network_for_nothing_and_keeps_text_text(tmp_path):
    document = make_fidelity(misses=[HOSTILE]) | {"assumptions": [HOSTILE]}
    document["ablations"][0]["rule"] = HOSTILE
    page = replay_page(tmp_path, document, input=HOSTILE)
    assert {"img", "script"}.isdisjoint(page.elements)
    assert page.text.count(HOSTILE) == 4
    named = {name for name, _ in page.attributes}
    assert named.isdisjoint({"src", "href", "srcset", "action", "data"})
    assert any(value and value.startswith("default-src 'none';") for _, value in page.attributes)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"total": {"resync": {}, "free": {}}}'])
def test_damaged_score_is_named(tmp_path, text):
    folder = write_fidelity(tmp_path / "replay", make_fidelity())
    (folder / "fidelity.json").write_text(text)
    with pytest.raises(InputError) as raised:
        replay_report_page(folder, {})
    assert raised.value.where == str(folder / "fidelity.json")


def test_missing_score_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be shown"):
        replay_report_page(tmp_path, {})


@pytest.mark.parametrize(
    "path", [("total", "free", "f1"), ("partitions", 0, "misses"), ("dual_posted", "others")]
)
def test_score_without_a_number_is_named(tmp_path, path):
    document = json.loads(json.dumps(make_fidelity()))
    place = document
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    with pytest.raises(InputError):
        replay_report_page(write_fidelity(tmp_path / "replay", document), {})


def without_score(root, **settings):
    """The folder of a run that was not scored; settings by name, and what they are."""
    layout, manifest = make_answer_folder(root)
    del manifest["files"]["fidelity.json"]
    for name, value in settings.items():
        manifest["settings"][name] = {"value": value, "source": "command line"}
    return layout, manifest


def has_no_answer(page):
    """Neither verdicts nor effects under choices, but what each simulation gives."""
    assert page.ids.isdisjoint({"headline", "verdict-table", "matrices", "adopters", "trust"})
    assert not any(
        key.startswith(("verdicts/", "robustness/", "by_choice/")) for key in page.numbers
    )
    compared = {key.split("/")[3] for key in page.numbers if key.startswith("comparisons/")}
    assert compared <= {"time-priority"}
    assert page.ids.isdisjoint({"comparison", "tests"})
    assert "#tests" not in page.html
    assert "adopters-" not in page.html
    assert {"unchecked", "fill-and-cost", "fidelity"} <= page.ids
    return "The answer is not printed: " in page.text


def test_run_without_a_score_has_no_answer_and_says_how_to_get_one(tmp_path):
    page = write_page(*without_score(tmp_path / "out", replay=False))
    assert has_no_answer(page)
    why = (
        "the simulator was not checked against the tape on this input. The same command without "
        "--no-replay (centre_point.replay: false) does that."
    )
    assert f"The answer is not printed: {why}" in page.text
    assert f"Not known: {why}" in page.text
    # Of a version that did not score its runs.
    layout, manifest = without_score(tmp_path / "older")
    del manifest["settings"]["replay"]
    page = write_page(layout, manifest)
    assert has_no_answer(page)
    assert "The same command does that." in page.text


def test_the_terminal_prints_no_answer_without_a_score(tmp_path):
    told = as_printed(describe_answer(*without_score(tmp_path / "out", replay=False)))
    assert "The answer is not printed: the simulator was not checked against the tape" in told
    assert "without --no-replay" in told
    assert "sweeps came in continuous trading" in told
    assert not any(word in told for word in ("better", "worse", "not decided", "rest-dark"))


def test_without_a_quote_the_reason_and_the_cure_stand_in_the_answers_place(tmp_path):
    partitions = [partition_entry() | {"gaps": ["no_quotes"]}]
    layout, manifest = make_answer_folder(tmp_path / "out", partitions=partitions)
    page = write_page(layout, manifest)
    assert has_no_answer(page)
    told = as_printed(describe_answer(layout, manifest))
    for text in (page.text, told):
        assert "The answer is not printed: no quote is known" in text
        assert "centre_point: {quote_source: exchange}" in text
    assert "All prices come from the quotes written on the orders" not in page.text
    assert not any(word in told for word in ("not decided", "rest-dark", "believed"))


@pytest.mark.parametrize(
    ("f1", "by_lot", "is_said"),
    [(0.027, 0.036, True), (0.0, 0.0, True), (0.6, 0.6, False), (0.6, 0.5, False)],
)
def test_a_book_that_is_no_better_than_lots_heads_the_answer(tmp_path, f1, by_lot, is_said):
    known = [name for name in ASSUMED_WITHOUT if name not in ("midtick", "crossingkey")]
    layout, manifest = make_answer_folder(tmp_path / "out", order_columns=known)
    score = make_score_of_run()
    score["total"]["free"] |= {"f1": f1}
    score["total"]["free"]["random_priority"] |= {"f1": by_lot}
    layout.fidelity.write_text(json.dumps(score), encoding="utf-8")
    page = write_page(layout, manifest)
    assert ("distrust" in page.ids) == is_said
    for text in (page.text, as_printed(describe_answer(layout, manifest))):
        said = f"(F1 {100 * f1:.1f} %, by lot {100 * by_lot:.1f} %): nothing below can be believed"
        assert (said in text) == is_said
        assert ("the orders have no midtick, crossingkey." in text) == is_said


def test_the_terminal_prints_the_score_beside_the_answer(tmp_path):
    layout, manifest = make_answer_folder(tmp_path / "out")
    told = as_printed(describe_answer(layout, manifest))
    assert "not decided" in told
    assert (
        "Checked against the tape: of 100 dark matches the book predicts 60 exactly (orders, "
        "quantity, price and time), and 20 more that are not there. Left to itself all day, as in "
        "the scenarios, its F1 is 60.0 %; with priority drawn by lot 29.5 %. Of 10 sweeps with any "
        "dark fill it fills 8 exactly as on the tape, with no dark book 1."
    ) in told


def test_without_a_dark_match_there_is_nothing_to_check_the_book_by(tmp_path):
    layout, manifest = make_answer_folder(tmp_path / "out")
    nothing = make_score(tape=0, predicted=0, hits=0, contested=0)
    document = make_score_of_run() | {"total": {"resync": nothing, "free": nothing}}
    layout.fidelity.write_text(json.dumps(document), encoding="utf-8")
    page = write_page(layout, manifest)
    assert has_no_answer(page)
    assert "the tape holds no dark match in continuous trading. An input that has" in page.text


def test_a_score_of_a_run_that_cannot_be_read_leaves_no_answer(tmp_path):
    layout, manifest = make_answer_folder(tmp_path / "out")
    for damage in (lambda: layout.fidelity.write_text("{}"), layout.fidelity.unlink):
        damage()
        page = write_page(layout, manifest)
        assert has_no_answer(page)
        assert "fidelity.json cannot be shown" in page.text
        assert "Make it again: sweep-dask run data/raw --output data" in page.text


def test_run_shows_its_own_score(tmp_path):
    page = write_page(*make_answer_folder(tmp_path / "out"))
    assert page.rows("fidelity-score")[2][1:] == ["60", "57"]
    assert "it predicts 60.0 % of the 100 dark matches on the tape exactly" in page.text
    assert "F1 is 60.0 %, by lot 29.5 %" in page.text
    assert (
        "Of the 10 sweeps with any dark fill, on the tape or in the book, it fills 8" in page.text
    )
    assert page.html.index('id="unfilled"') < page.html.index('id="fidelity"')
    assert "fidelity-ablations" not in page.tables
    assert "and adds here what each rule is worth" in page.text
    assert "other input" not in page.text


def test_a_replay_beside_it_adds_what_rules_are_worth(tmp_path):
    layout, manifest = make_answer_folder(tmp_path / "out")
    document = make_fidelity()
    document["total"]["free"] = make_score(predicted=90, hits=1)
    write_fidelity(layout.root / "replay", document, inputs=manifest["inputs"])
    page = write_page(layout, manifest)
    assert page.rows("fidelity-ablations")
    assert "and adds here" not in page.text
    # The score is the run's own.
    assert page.rows("fidelity-score")[2][1:] == ["60", "57"]


OTHERS = [{"file": "orders/a.csv", "bytes": 1, "digest": "sha256:1"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": OTHERS},
        {"settings": {"rules_off": {"value": ["half-tick"], "source": "file"}}},
        {"settings": {"header": {"value": "none", "source": "file"}}},
    ],
    ids=["input", "book", "columns"],
)
def test_a_replay_of_another_input_or_book_adds_nothing_and_vouches_for_nothing(tmp_path, changes):
    inputs = [{"file": "orders/a.csv", "bytes": 1, "digest": "sha256:0"}]
    layout, manifest = make_answer_folder(tmp_path / "out", inputs=inputs)
    told = {"inputs": inputs, "settings": manifest["settings"], "input": "elsewhere"}
    changes = changes | {"settings": told["settings"] | changes.get("settings", {})}
    write_fidelity(layout.root / "replay", make_fidelity(), **told | changes)
    assert "fidelity-ablations" not in write_page(layout, manifest).tables
    del manifest["files"]["fidelity.json"]
    page = write_page(layout, manifest)
    assert has_no_answer(page)
    words = "read other input than this run, or put it through another book (elsewhere)"
    assert words in page.text


def test_a_replay_does_not_vouch_for_a_run_that_has_no_score(tmp_path):
    """Its score is in no interval."""
    layout, manifest = without_score(tmp_path / "out", replay=False)
    write_fidelity(layout.root / "replay", make_fidelity(), inputs=manifest["inputs"])
    page = write_page(layout, manifest)
    assert has_no_answer(page)
    assert page.rows("fidelity-score")


def test_run_without_figures_shows_it_too(tmp_path):
    layout, manifest = make_bare_folder(tmp_path / "out")
    write_fidelity(layout.root / "replay", make_fidelity())
    assert write_page(layout, manifest).rows("fidelity-misses")


def test_damaged_replay_does_not_fail_the_run(tmp_path):
    layout, manifest = make_bare_folder(tmp_path / "out")
    folder = write_fidelity(layout.root / "replay", make_fidelity())
    (folder / "fidelity.json").write_text("{}")
    page = write_page(layout, manifest)
    assert "replay/fidelity.json cannot be shown" in page.text
    assert page.rows("ledger-files")
