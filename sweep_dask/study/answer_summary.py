"""The answer of a run in words, and the Centre Point book behind it: what the terminal shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.answer import answer_of
from sweep_dask.report.choices import AMONG_ADOPTERS, LEVELS
from sweep_dask.report.replay_page import distrust, doubt, score_of_run
from sweep_dask.report.rollups import read_rollups
from sweep_dask.report.subject import has_tape
from sweep_dask.report.wording import WORDS, label
from sweep_dask.study.answer import spec_of
from sweep_dask.study.book import open_questions, preferencing_in_short
from sweep_dask.terms.arms import CENTRE_POINT
from sweep_dask.terms.choices import enumerated
from sweep_dask.terms.files import LEFT_OUT
from sweep_dask.terms.metrics import ANSWER
from sweep_dask.terms.reasons import LEFT_OUT_REASONS
from sweep_dask.text_blocks import Heading, Sentence, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.report.answer import Answer
    from sweep_dask.report.fidelity import Fidelity
    from sweep_dask.report.verdicts import Headline, Verdict
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.study.document import RunRecord
    from sweep_dask.text_blocks import Block


_LEVELS = [level for level in LEVELS if level != AMONG_ADOPTERS]
_EFFECT_HEAD = ("", "effect", "95 % interval", "if all\nchange", "over all choices", "verdict")
#: Narrow enough for a column; `_UNITS` says what they are.
_NAMES = dict(zip(ANSWER, ("fill ratio", "shortfall", "rest traded"), strict=True))
_UNITS = (
    "Fill ratio in points, + = more filled; shortfall in bps, + = costlier, and once more with "
    "what stays unfilled traded half a spread away. Over all choices: from the smallest effect to "
    "the largest; a choice turns an effect if it changes its sign. For a verdict no interval may "
    "hold zero either, whether sweeps count alike, by value or summed in dollars."
)


def describe_answer(layout: OutputLayout, manifest: Mapping[str, Any]) -> list[Block]:
    """What really filled, what is decided about each scenario, and what is not.

    What is decided is said if it is known how far the book can be trusted, and not without it.
    """
    if not has_tape(manifest):
        return _alone("What really filled is not in the input: there is nothing to compare with.")
    score, spec = score_of_run(layout, manifest), spec_of(manifest)
    rollups = read_rollups(layout.rollups)
    answer = answer_of(rollups, spec.choices, doubt(manifest, score))
    if answer is None:
        return _alone("No sweep was entered in continuous trading: there is nothing to compare.")
    blocks: list[Block] = ["", Heading("The answer"), _sentence(_real(answer))]
    if answer.nobody:
        blocks.append(_sentence(f"{answer.nobody}."))
    if answer.doubt is not None:
        blocks.append(_sentence(f"The answer is not printed: {answer.doubt}."))
    if answer.headline is not None:
        if distrusted := distrust(manifest, score):
            blocks.append(_sentence(f"{distrusted}."))
        blocks += [*_decided(answer, answer.headline), *_scenarios(answer, answer.headline)]
        blocks += _levels(answer)
    if answer.doubt is None and score is not None and score.fidelity is not None:
        blocks += ["", Heading("Can it be believed?"), _sentence(_fidelity(score.fidelity))]
    if answer.time_priority:
        blocks += ["", Heading("The other model"), _sentence(_time_priority(answer))]
    return blocks


def _alone(text: str) -> list[Block]:
    return ["", Heading("The answer"), _sentence(text)]


def _fidelity(fidelity: Fidelity) -> str:
    """How far the book can be trusted."""
    resync, free = fidelity.resync, fidelity.free
    swept, percent = free["dark_sweeps"], wording.percent
    return (
        f"Checked against the tape: of {resync['tape']:,} dark matches the book predicts "
        f"{resync['hits']:,} exactly (orders, quantity, price and time), and "
        f"{resync['predicted'] - resync['hits']:,} more that are not there. Left to itself all "
        f"day, as in the scenarios, its F1 is {percent(free['f1'])}; with priority drawn by lot "
        f"{percent(free['random_priority']['f1'])}. Of {swept['sweeps']:,} sweeps with any dark "
        f"fill it fills {swept['exact']:,} exactly as on the tape, with no dark book "
        f"{swept['no_dark_book_exact']:,}."
    )


def _real(answer: Answer) -> str:
    names = ("sweeps", "quantity", "filled_quantity", "filled_share", "dark_share")
    sweeps, entered, filled, share, dark = (answer.real[name].text for name in names)
    came = f"{sweeps} sweep{'' if sweeps == '1' else 's'} came in continuous trading"
    return (
        f"{came}, with {entered} shares entered; {filled} of these really filled {answer.within} "
        f"({share}), {dark} of them in the dark."
    )


def _decided(answer: Answer, headline: Headline) -> list[Block]:
    """The question, and what is decided of it."""
    changes = enumerated([f"{WORDS[arm].had} ({arm})" for arm in answer.arms])
    shown = f"The effects below: sweeps wait {answer.wait}, and {answer.adopters}"
    return [
        _sentence(f"What if they had {changes}?"),
        _sentence(f"{headline.summary}. {answer.looked_at}. {shown}."),
        *(_sentence(f"{name} {text}.", 4) for name, text in headline.decided),
    ]


def _scenarios(answer: Answer, headline: Headline) -> list[Block]:
    """A table for each scenario, and what speaks against a verdict below it."""
    blocks: list[Block] = ["", Heading("What each would have changed"), _sentence(_UNITS)]
    for arm in answer.arms:
        rows = [_effect(one) for one in answer.verdicts if one.arm == arm]
        name = label(arm)
        against = [f"{name} {text}." for whose, text in headline.one_sign if whose == name]
        against += [f"Not decided: {text}." for whose, text in headline.turned if whose == name]
        blocks += ["", table(rows, (arm, *_EFFECT_HEAD[1:])), *map(_sentence, against)]
    return blocks


def _effect(one: Verdict) -> list[str]:
    """A row; the numbers are those of the page."""

    def between(low: str, high: str) -> str:
        bounds = (one.cell(low), one.cell(high))
        known = None not in (bound.value for bound in bounds)
        return _plain(" to ".join(bound.text for bound in bounds) if known else wording.NONE)

    return [
        _NAMES[one.row["metric"]],
        _plain(one.cell("effect").text),
        between("low", "high"),
        _plain(one.everybody_cell.text),
        between("smallest", "largest"),
        one.row["verdict"],
    ]


def _levels(answer: Answer) -> list[Block]:
    shares = (0.0, answer.choices.marginal.share)
    rows = [
        [row.arm, *(_plain(row.cell(level).text) for level in _LEVELS)]
        for row in answer.levels
        if row.adoption in shares
    ]
    measured = answer.measured
    count = 0 if measured is None else measured.row["n_unmarked"]
    without = (
        f" Left out: {wording.counted(count, 'sweep')} without a midpoint on arrival or at the end "
        "of the wait."
    )
    return [
        "",
        Heading("What each would have filled and cost"),
        _sentence(
            "Each sweep as one that changes; shortfalls in bps, + = costlier. The tape is what "
            "happened, as-entered the replay with nothing changed." + (without if count else "")
        ),
        table(rows, ("", *(level.heading for level in _LEVELS))),
    ]


def _time_priority(answer: Answer) -> str:
    """It has no part in the answer."""
    effects = [
        f"{wording.within(effect.words.heading)} {effect.said}"
        for effect in answer.time_priority.values()
    ]
    beside = "the answer" if answer.verdicts else "it"
    return f"Beside {beside}, time-priority against the tape: {', '.join(effects)}."


def _sentence(text: str, indent: int = 2) -> Sentence:
    return Sentence(_plain(text), indent)


def _plain(text: str) -> str:
    """Without signs that not every terminal has."""
    return text.replace("\u2212", "-").replace("\u2013", "-").replace("\u00a0", " ")


def describe_book(record: RunRecord, document: Mapping[str, Any]) -> list[Block]:
    """Orders left out of the book, and what it assumes; `document`: the record as a manifest."""
    return [
        "",
        Heading("The Centre Point book"),
        *left_out_lines(document["left_out"], f"outputs/*/*/{CENTRE_POINT}/{LEFT_OUT}.parquet"),
        *question_lines(document["partitions"]),
        Sentence(f"Preferencing: {preferencing_in_short(record.plan.settings)}", 2, 2),
        Sentence("All that is assumed is listed in manifest.json, assumptions", 2),
    ]


def left_out_lines(left_out: Mapping[str, int], where: str) -> list[Block]:
    """How many orders were left out, by reason, and where they are listed."""
    if not left_out:
        return [Sentence("Orders left out of the book: none", 2)]
    total = f"Orders left out of the book: {sum(left_out.values()):,}, listed in {where}"
    return [
        Sentence(total, 2, 2),
        *(
            Sentence(f"{count:,} {reason}: {LEFT_OUT_REASONS[reason]}", 4, 2)
            for reason, count in left_out.items()
        ),
    ]


def question_lines(partitions: Sequence[Mapping[str, Any]]) -> list[Block]:
    """What the input cannot answer; partitions as in a manifest."""
    return [Sentence(f"Note: {question}", 2, 2) for question in open_questions(partitions)]
