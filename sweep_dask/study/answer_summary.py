"""The answer of a run in words: what the terminal shows."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.adopters import AMONG_ADOPTERS, LEVELS
from sweep_dask.report.answer import answer_of
from sweep_dask.report.replay_page import Replay, doubt, score_of_run
from sweep_dask.report.rollups import read_rollups
from sweep_dask.report.tape import has_tape
from sweep_dask.study.answer import asked_of
from sweep_dask.study.text_columns import columns_of_text
from sweep_dask.terms.arms import AS_ENTERED, TAPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.report.answer import Answer
    from sweep_dask.storage.layout import OutputLayout

_LEVELS = [level for level in LEVELS if level != AMONG_ADOPTERS]
_REFERENCES = {TAPE: "what happened", AS_ENTERED: "replayed"}
#: Of sentences, which a terminal would break anywhere; a little more than the tables take.
_WIDTH = 110


def describe_answer(layout: OutputLayout, manifest: Mapping[str, Any]) -> list[str]:
    """Lines for what really filled, what is decided about each scenario, and what is not.

    What is decided is said if it is known how far the book can be trusted, and not without it.
    """
    if not has_tape(manifest):
        return ["", "What really filled is not in the input: there is nothing to compare with."]
    score, asked = score_of_run(layout, manifest), asked_of(manifest)
    found = read_rollups(layout.rollups)
    answer = answer_of(found, asked.choices, doubt(manifest, score))
    if answer is None:
        return ["", "No sweep was entered in continuous trading: there is nothing to compare."]
    nobody = _sentence(f"{answer.nobody}.", "") if answer.nobody else []
    lines = ["", *_sentence(_real(answer), ""), *nobody, *_verdicts(answer)]
    lines += [*_sentence(_fidelity(answer, score), ""), *_time_priority(answer)]
    return [_plain(line) for line in lines]


def _fidelity(answer: Answer, score: Replay | None) -> str:
    """How far the book can be trusted, or that nothing is printed as that is not known."""
    if answer.doubt is not None or score is None or score.fidelity is None:
        return f"The answer is not printed: {answer.doubt}."
    resync, free = score.fidelity.resync, score.fidelity.free
    swept, percent = free["dark_sweeps"], wording.percent
    return (
        f"Checked against the tape: of {resync['tape']:,} dark matches the book predicts "
        f"{resync['hits']:,} exactly, and {resync['predicted'] - resync['hits']:,} more that are "
        f"not there; free-running, as the scenarios are, F1 is {percent(free['f1'])}, by lot "
        f"{percent(free['random_priority']['f1'])}. Of {swept['sweeps']:,} sweeps with any dark "
        f"fill it fills {swept['exact']:,} exactly as on the tape, with no dark book "
        f"{swept['no_dark_book_exact']:,}."
    )


def _real(answer: Answer) -> str:
    names = ("sweeps", "quantity", "filled_quantity", "filled_share", "dark_share")
    sweeps, entered, filled, share, dark = (answer.real[name].text for name in names)
    came = f"{sweeps} sweep{'' if sweeps == '1' else 's'} came in continuous trading"
    return (
        f"{came}, with {entered} shares entered. For real "
        f"{filled} of these filled {answer.within} ({share}), {dark} of them in the dark."
    )


def _verdicts(answer: Answer) -> list[str]:
    headline = answer.headline
    if headline is None:
        return []
    effects = [
        [
            one.line,
            one.words.heading.lower(),
            *(one.row["verdict"], one.said),
            one.words.said_within(one.everybody["effect"], None, None),
            one.range,
        ]
        for one in answer.verdicts
    ]
    return [
        *_sentence(f"{headline.summary}. {answer.looked_at}.", ""),
        *(line for name, text in headline.decided for line in _sentence(f"{name} {text}.")),
        *columns_of_text([["", "effect on", "", "", "if all change", "all choices"], *effects]),
        *(line for name, text in headline.one_sign for line in _sentence(f"{name} {text}.")),
        *(line for name, text in headline.turned for line in _sentence(f"{name}: {text}.")),
        (
            f"Each sweep as one that changes, if they wait {answer.wait} and {answer.adopters}; "
            "shortfalls in bps, + = costlier"
        ),
        *columns_of_text([["", *(level.heading for level in _LEVELS), ""], *_levels(answer)]),
    ]


def _levels(answer: Answer) -> list[list[str]]:
    shares = (0.0, answer.asked.marginal.share)
    return [
        [row.line, *(row.cell(level).text for level in _LEVELS), _REFERENCES.get(row.line, "")]
        for row in answer.levels
        if row.adoption in shares
    ]


def _time_priority(answer: Answer) -> list[str]:
    """Another model, which has no part in the answer."""
    effects = [
        f"{wording.within(effect.words.heading)} {effect.said}"
        for effect in answer.time_priority.values()
    ]
    told = f"Beside {'the answer' if answer.verdicts else 'it'}, time-priority against the tape: "
    told += f"{', '.join(effects)}."
    return _sentence(told, "") if effects else []


def _sentence(text: str, indent: str = "  ") -> list[str]:
    return wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _plain(text: str) -> str:
    """Without signs that not every terminal has."""
    return text.replace("\u2212", "-").replace("\u2013", "-").replace("\u00a0", " ")
