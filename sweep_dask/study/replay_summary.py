"""A replay in words: what the terminal shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sweep_dask.study.answer_summary import left_out_lines, question_lines
from sweep_dask.study.summary import describe_checks, describe_failures
from sweep_dask.terms.files import FIDELITY, LEFT_OUT, REPLAY_MATCHES
from sweep_dask.terms.score import CAUSES, EVENTS, FREE, KINDS, MODES, PREDICTED, RESYNC, UNTIL
from sweep_dask.text_blocks import Facts, Heading, Sentence, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep_dask.study.replay import ReplayResult
    from sweep_dask.text_blocks import Block

#: What matches are told apart by: what made them happen, and who took part.
_KINDS = {"by_event": {name: EVENTS[name] for name in PREDICTED}, "by_kind": KINDS}

#: How often the book is right of orders that were hidden.
_RIGHT = {
    "right_share": "the book is right",
    "uncancelled_right_share": "right to say: what nobody cancels",
    "real_share": "really filled, of all",
    "real_share_where_predicted": "filled, of those predicted to",
    "real_share_where_not_predicted": "filled, of the others",
}

#: Sweeps that were dual-posted and others of their kind: what they filled.
_DUAL_POSTED = {
    "filled_share": "dual-posted, really",
    "others_filled_share": "others like them, really",
    "predicted_filled_share": "the same others, predicted if dual-posted",
}


def describe_replay(result: ReplayResult) -> list[Block]:
    """Scores, misses, ablations, assumptions, and where the files are."""
    document, manifest = result.fidelity, result.record.as_json()
    scores = document["total"]
    no_tape = "There is no dark match in continuous trading on the tape to score against."
    return [
        "",
        Heading("Replay of the Centre Point book against the tape"),
        *([] if scores[RESYNC]["tape"] else [Sentence(no_tape, 2)]),
        _score_table(scores),
        *_miss_lines(document["partitions"]),
        *_dark_sweep_lines(scores),
        *_hidden_lines(document["hide_and_predict"]),
        *_dual_posted_lines(document["dual_posted"]),
        *_ablation_lines(document["ablations"], scores),
        "",
        Heading("Orders"),
        *left_out_lines(manifest["left_out"], f"replay/{LEFT_OUT}.parquet"),
        *question_lines(manifest["partitions"]),
        "",
        Heading("Assumptions"),
        *(Sentence(f"- {text}", 2, 2) for text in document["assumptions"]),
        *describe_checks(result.record),
        *describe_failures(result.record),
        "",
        Sentence(f"Files: {result.output} ({FIDELITY}, {REPLAY_MATCHES}.parquet, report.html)"),
    ]


def _score_table(scores: Mapping[str, Mapping[str, Any]]) -> Block:
    """In resync the book is set right by the tape after each match; free, it goes on by itself."""
    by_mode = [scores[mode] for mode in MODES]

    def line(label: str, cell: Callable[[Mapping[str, Any]], str]) -> list[str]:
        return [label, *map(cell, by_mode)]

    def shares(label: str, name: str) -> list[str]:
        return line(label, lambda score: _percent(score[name]))

    def counts(label: str, name: str) -> list[str]:
        return line(label, lambda score: f"{score[name]:,}")

    def f1_of(label: str, group: str, name: str) -> list[str]:
        lots = "random_priority"
        return line(label, lambda score: _beside_lots(score[group][name], score[lots][group][name]))

    rows = [
        counts("dark matches on the tape", "tape"),
        counts("predicted", "predicted"),
        counts("hits (orders, quantity, price and time equal)", "hits"),
        shares("precision", "precision"),
        shares("recall", "recall"),
        line("F1", lambda score: _beside_lots(score, score["random_priority"])),
        shares("recall of matches with both orders in the input", "reachable_recall"),
        line("contested arrivals right", _contested),
        shares("precision by quantity", "quantity_precision"),
        shares("recall by quantity", "quantity_recall"),
        line("F1 within 1 ms", lambda score: _percent(score["within_1ms"]["f1"])),
        *(
            f1_of(f"F1, by {label}", group, name)
            for group, names in _KINDS.items()
            for name, label in names.items()
        ),
        line(
            "matches of an order not in the input",
            lambda score: f"{score['by_event']['order_missing']['tape']:,}",
        ),
    ]
    return table(rows, ("", *MODES))


def _contested(score: Mapping[str, Any]) -> str:
    if not score["contested"]:
        return "none"
    chance = _percent(score["contested_random"])
    return f"{score['contested_hits']:,} of {score['contested']:,} (random: {chance})"


def _beside_lots(tally: Mapping[str, Any], by_lot: Mapping[str, Any]) -> str:
    """F1, and that of the book in which lots rank the orders."""
    if tally["f1"] is None:
        return "none"
    return f"{_percent(tally['f1'])} (random: {_percent(by_lot['f1'])})"


def _dark_sweep_lines(scores: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    """Sweeps that trade lit alone are left out: what they fill is copied from the tape."""
    by_mode = [scores[mode]["dark_sweeps"] for mode in MODES]
    if not any(sweeps["sweeps"] for sweeps in by_mode):
        return []
    labels = {
        "sweeps": "with any dark fill, on the tape or in the book",
        "exact": "of these exactly as on the tape (shares, dark shares, value)",
        "no_dark_book_exact": "the same with no dark book",
        "random_priority_exact": "the same with random priority",
    }
    rows = [[label, *(f"{sweeps[name]:,}" for sweeps in by_mode)] for name, label in labels.items()]
    return ["", Heading("Sweeps filled as on the tape"), table(rows, ("", *MODES))]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _hidden_lines(hidden: Mapping[str, Any] | None) -> list[Block]:
    if hidden is None:
        return []
    of_waits = [hidden["until"][name] for name in UNTIL]
    by_lot = [hidden["random_priority"]["until"][name] for name in UNTIL]
    rows = [
        *([label, *(_percent(one[name]) for one in of_waits)] for name, label in _RIGHT.items()),
        ["right with random priority", *(_percent(one["right_share"]) for one in by_lot)],
        ["shares filled, predicted", *(f"{one['predicted_quantity']:,}" for one in of_waits)],
        ["shares filled, really", *(f"{one['real_quantity']:,}" for one in of_waits)],
    ]
    heading = (
        f"{hidden['orders']:,} orders that rested in the dark, hidden one in {hidden['one_in']}"
    )
    head = ("any fill", *UNTIL.values())
    return ["", Heading(f"{heading} at a time, and predicted"), table(rows, head)]


def _dual_posted_lines(dual: Mapping[str, Any] | None) -> list[Block]:
    heading = "Sweeps that really were dual-posted (mid-tick 1)"
    if dual is None:
        return ["", Heading(f"{heading}: none in this data")]
    counts = f"{dual['sweeps']:,}, of which {dual['unmatched']:,} without a match"
    days = f"security-day{'' if dual['security_days'] == 1 else 's'}"
    head = ("share of their shares filled", f"{dual['security_days']:,} {days}")
    rows = [[label, _percent(dual[name])] for name, label in _DUAL_POSTED.items()]
    return ["", Heading(f"{heading}: {counts}"), *([table(rows, head)] if dual["matched"] else [])]


def _miss_lines(partitions: Sequence[Mapping[str, Any]]) -> list[Block]:
    causes = Counter(miss["cause"] for entry in partitions for miss in entry["misses"])
    if not causes:
        return []
    width = len(f"{max(causes.values()):,}")
    facts = [(f"{causes[n]:>{width},} ", words) for n, words in CAUSES.items() if causes[n]]
    heading = Heading(f"Why matches on the tape were not predicted ({RESYNC})")
    return ["", heading, Facts(facts, colon="")]


def _ablation_lines(
    ablations: Sequence[Mapping[str, Any]], scores: Mapping[str, Mapping[str, Any]]
) -> list[Block]:
    """The score without each rule, the rule that matters most first."""
    if not ablations or not scores[RESYNC]["tape"]:
        return []

    def loss(entry: Mapping[str, Any], mode: str) -> float:
        return (scores[mode]["f1"] or 0.0) - (entry[mode]["f1"] or 0.0)

    by_loss = sorted(ablations, key=lambda entry: -loss(entry, RESYNC))
    rows = []
    for entry in by_loss:
        cells = [entry["rule"]]
        for mode in MODES:
            cells += [_percent(entry[mode]["f1"]), f"{100 * loss(entry, mode):.1f}"]
        rows.append(cells)
    head = ("rule switched off", f"F1 {RESYNC}", "loss", f"F1 {FREE}", "loss")
    heading = Heading("What each rule is worth (F1 without it, loss in points)")
    return ["", heading, table(rows, head)]
