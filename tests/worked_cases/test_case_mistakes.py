"""Mistakes in case files: each message names the case, the place, what was found and expected."""

import json

import pytest
from worked_cases.case_files import small_case

from sweep_dask.errors import InputError, UsageError
from sweep_dask.worked_cases.match import match_cases

LIT = {
    "bids": [{"id": "L1", "price": 3330, "quantity": 10}],
    "asks": [{"id": "L2", "price": 3340, "quantity": 10}],
}
QUOTE = [{"t": 0, "bid": 3330, "offer": 3340}]


def error_of(document):
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(InputError) as caught:
        match_cases(text, "case.json", None)
    return caught.value


def changed(path, value):
    """The small case with one value replaced; a path such as `events.0.order.side`."""
    case = small_case()
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    holder = case
    for part in parents:
        holder = holder[part]
    holder[last] = value
    return case


def test_small_case_is_correct():
    (matched,) = match_cases(json.dumps(small_case()), "case.json", None)
    assert matched.differences == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("tick", 0, "whole number from 1"),
        ("tick", [[0, 1], [100]], "a pair [from_price, tick]"),
        ("tick", [[5, 1]], "begins at price 0"),
        ("nbbo", [], "t = 0"),
        ("nbbo.0.t", 1, "t = 0"),
        ("nbbo.0.bid", 0, "from 1 up"),
        ("session.0.state", "OPNE", "did you mean OPEN"),
        ("resting.0.side", "bid", "one of buy, sell"),
        ("resting.0.quantity", 0, "from 1 up"),
        ("resting.0.quantity", 100.0, "whole number"),
        ("resting.0.quantity", True, "whole number"),
        ("resting.0.quantity", "100", "whole number"),
        ("resting.0.price", None, "whole number from 1"),
        ("resting.0.price", 3342, "a tick or half a tick"),
        ("resting.0.type", 128, "one of 0, 64, 256, 2048, 4096"),
        ("resting.0.type", 4098, "sell"),
        ("resting.0.order_type", "mtl", "limit or market"),
        ("resting.0.order_type", "market", "null"),
        ("resting.0.midtick", 7, "from 0 to 6"),
        ("resting.0.maq", -1, "from 0 up"),
        ("resting.0.maq", 101, "1.5"),
        ("resting.0.single_fill", 1, "true or false"),
        ("resting.0.validity", "fak", "day"),
        ("resting.0.validity", "gtc", "one of day, fak, fok"),
        ("resting.0.id", True, "whole number or a text"),
        ("events.0.t", 0, "from 1 up"),
        ("events.1.t", 1, "more than"),
        ("events.0.event", "nwe", "did you mean new"),
        ("events.0.order.id", 1, "resting[0] has this one"),
        ("events.0.order.id", "1", "resting[0] has this one"),
        ("events.1.id", 7, "has arrived before"),
        ("events.1.changes", {}, "at least one of quantity"),
        ("config.block_min_value", -5, "above 0"),
        ("config.preferencing", 5, "a list"),
        ("title", 5, "a text"),
        ("events", {}, "a list"),
        ("expected", [], "an object"),
    ],
)
def test_wrong_value(path, value, expected):
    error = error_of(changed(path, value))
    assert expected in error.cure
    assert "case small" in error.where
    named = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("."))
    assert named[1:].split("[")[0] in error.where
    assert error.exit_code == 3


def test_two_steps_at_one_time():
    error = error_of(changed("nbbo.1.t", 1))
    assert error.where == "case.json, case small, events[0].t"
    assert error.cure == "expected: a t of its own, unlike nbbo[1]"


def test_path_of_a_case_among_several():
    case = changed("events.0.order.side", "by")
    error = error_of({"cases": [small_case(id="first"), case]})
    assert error.where == "case.json, case small, cases[1].events[0].order.side"
    assert error.value == "by"
    assert error.cure == "expected: one of buy, sell; did you mean buy?"


@pytest.mark.parametrize("name", ["tick", "nbbo", "resting", "events"])
def test_missing_member_of_a_case(name):
    case = small_case()
    del case[name]
    assert f"{name} is missing" in error_of(case).what


@pytest.mark.parametrize("name", ["id", "side", "quantity", "price", "type"])
def test_missing_member_of_an_order(name):
    case = small_case()
    del case["events"][0]["order"][name]
    assert f"events[0].order.{name} is missing" in error_of(case).what


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("restign", "resting"),
        ("config.preferenceing", "preferencing"),
        ("expected.trade", "trades"),
        ("resting.0.midticks", "midtick"),
        ("nbbo.0.ask", "offer"),
        ("events.1.changes.qty", "quantity"),
        ("events.2.orders", "order"),
    ],
)
def test_unknown_member(path, nearest):
    error = error_of(changed(path, 1))
    assert "is unknown" in error.what
    assert nearest in error.cure or path == "nbbo.0.ask"


def test_event_before_the_order_arrives():
    case = small_case(events=[{"t": 1, "event": "cancel", "id": 2}])
    assert "has arrived before" in error_of(case).cure


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lit": LIT}, "with `lit` the quotes"),
        ({"lit": LIT, "nbbo": [{"t": 0, "bid": 3320, "offer": 3340}]}, "no worse than 3330"),
        ({"lit": LIT, "nbbo": [{"t": 0, "bid": 3330, "offer": None}]}, "no worse than 3330"),
        ({"lit": LIT | {"asks": LIT["bids"]}, "nbbo": QUOTE}, "has this one"),
        (
            {
                "lit": LIT | {"asks": [{"id": "L3", "price": 3330, "quantity": 1}]},
                "nbbo": [{"t": 0, "bid": 3330, "offer": 3330}],
            },
            "below the offer",
        ),
        ({"lit": {"bids": []}, "nbbo": QUOTE}, "add 'asks'"),
        ({"lit": {"bids": [{"id": 5, "price": 1, "quantity": 1}], "asks": []}}, "a text"),
    ],
)
def test_lit_book_and_quote_disagree(changes, expected):
    assert expected in error_of(small_case(**changes)).cure


#: To compare each name with each other one would last minutes.
MANY_MEMBERS = "{" + ", ".join(f'"{name}": 1' for name in [*range(200_000), 199_999]) + "}"


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("{", "no JSON document"),
        ('{"id": 1, "id": 2}', "'id' twice"),
        (MANY_MEMBERS, "'199999' twice"),
        ("[]", "not as the case format asks"),
        ('{"cases": []}', "not as the case format asks"),
        ('{"cases": [5]}', "not as the case format asks"),
        ('{"cases": {}, "descriptions": ""}', "descriptions is unknown"),
        ("[" * 100_000, "no JSON document"),
    ],
)
def test_document_without_cases(document, what):
    assert what in error_of(document).what


def test_two_cases_of_one_id():
    error = error_of({"cases": [small_case(), small_case()]})
    assert "cases[0] has this one" in error.cure


def test_unknown_case():
    document = json.dumps({"cases": [small_case(id="V5a"), small_case(id="V6")]})
    with pytest.raises(UsageError) as caught:
        match_cases(document, "case.json", "V5")
    assert "did you mean V5a?" in caught.value.cure
    assert caught.value.exit_code == 2
