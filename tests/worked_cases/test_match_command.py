"""`match` on the command line: stories, JSON, checks and exit codes."""

import json

import pytest
from running import invoke
from worked_cases.case_files import OWN, small_case, write


def test_story_names_the_rule_behind_each_trade_and_what_is_left(tmp_path):
    done = invoke("match", write(tmp_path, small_case()))
    assert done.exit_code == 0
    story = done.stdout
    assert "TRADE 1 buys 40 from 2 at 3335" in story
    assert "2.1   the price is the midpoint" in story
    assert "Quote 3330 / 3350, midpoint 3340" in story
    assert "1: 50 cancelled" in story
    assert "filled: 2" in story


def test_json_of_one_case(tmp_path):
    done = invoke("match", write(tmp_path, small_case()), "--json")
    result = json.loads(done.stdout)
    assert result["trades"] == [[1, 2, 40, 6670, 47]]
    assert result["leaves"] == {"1": 50, "2": 0}
    assert result["rules"] == ["5.1, 2.1, 3.1"]
    assert result["unfilled"] == {"1": "11.3: cancelled by its owner"}
    assert result["cancelled"] == [[1, 50, 1]]
    assert "differences" not in result


def test_json_of_several_is_a_list_and_of_a_chosen_one_is_not(tmp_path):
    path = write(tmp_path, {"cases": [small_case(id="a"), small_case(id="b")]})
    assert [case["id"] for case in json.loads(invoke("match", path, "--json").stdout)] == ["a", "b"]
    assert json.loads(invoke("match", path, "--json", "--case", "b").stdout)["id"] == "b"


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_above_the_limit_is_not_read(tmp_path, more):
    path = write(tmp_path, small_case())
    text = path.read_text(encoding="utf-8")
    path.write_text(text + " " * ((1 << 20) - len(text) + more), encoding="utf-8")
    done = invoke("match", path)
    assert done.exit_code == 3 * more
    assert ("more than 1,048,576 bytes" in done.stderr) == bool(more)


def test_check_of_what_is_right(tmp_path):
    done = invoke("match", OWN[0], "--check")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1].endswith("cases came out as expected.")


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("trades", [[1, 2, 40, 6671, 47]]),
        ("trades", []),
        ("leaves", {"1": 50}),
        ("trade_t", [2]),
        ("both_passive", [True]),
        ("maq", {"1": 5}),
        ("rejected", [2]),
        ("cancelled", [[1, 50, 24]]),
        ("cancelled", []),
        ("lit_resting", {"1": [50, 3340]}),
        ("lit_leaves", {"L1": 5}),
        ("nbbo_end", [3330, 3340]),
        ("published", [3336]),
        ("extended", [3335001]),
        ("auction_orders", [[1, "buy", 50, 3340]]),
        ("display", {"1": 10}),
    ],
)
def test_check_of_what_is_wrong(field, wanted, tmp_path):
    path = write(tmp_path, small_case(expected={field: wanted}))
    done = invoke("match", path, "--check")
    assert done.exit_code == 1
    assert f"small: differs\n  {field}\n    expected {json.dumps(wanted)}\n    got" in done.stdout
    assert "0 of 1 cases" in done.stdout
    found = json.loads(invoke("match", path, "--check", "--json").stdout)["differences"]
    assert [(one["field"], one["expected"]) for one in found] == [(field, wanted)]


def test_check_without_anything_expected(tmp_path):
    done = invoke("match", write(tmp_path, small_case(expected=None)), "--check")
    assert done.exit_code == 0
    assert "nothing to check" in done.stdout


def test_reason_that_no_source_states(tmp_path):
    expected = {"cancelled": [[1, 50, None]]}
    path = write(tmp_path, small_case(expected=expected))
    assert invoke("match", path, "--check").exit_code == 0


def test_orders_that_could_trade_at_the_beginning_are_warned_of(tmp_path):
    seller = {"id": 9, "side": "sell", "quantity": 10, "price": 3330, "type": 4096}
    case = small_case()
    case["resting"].append(seller)
    done = invoke("match", write(tmp_path, case))
    assert done.exit_code == 0
    assert "could trade before any event: 1 with 9" in done.stderr


def test_mistake_in_the_file(tmp_path):
    done = invoke("match", write(tmp_path, small_case(tick="ten")))
    assert done.exit_code == 3
    assert "case small, tick" in done.stderr
    assert "expected: a whole number" in done.stderr


def test_unknown_case(tmp_path):
    done = invoke("match", write(tmp_path, small_case()), "--case", "smal")
    assert done.exit_code == 2
    assert "did you mean small?" in done.stderr


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_file_that_cannot_be_read(content, tmp_path):
    path = tmp_path / "case.json"
    if content is not None:
        path.write_bytes(content)
    done = invoke("match", path)
    assert done.exit_code == 3
    assert "cannot be read" in done.stderr
