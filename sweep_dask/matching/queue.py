"""Who rests, in the order of time: one tree a side, searched for the oldest order that suits.

The slots of a tree are filled from the left by ascending rank, and an order that leaves empties its
slot. Each node has, in every column, the most of the slots below it (of PARTICIPANTS all bits), so
that a search passes over a stretch of time in which nobody reaches a price. The root is row 1, the
children of row t are 2t and 2t + 1, and the slots are the second half of the rows. Row 0 is no
node; its ORDER_NUMBER says how many slots are used.

A search takes as many steps as the tree is deep, and as many again, at most, for each order that it
finds though it does not trade: one with a MAQ of the class asked for that cannot be met all the
same, one that is preference only, one of another participant with the same bit. To search by price
(R4) takes steps for all that reach it.

An order that keeps its place while its terms change writes its slot again. When all slots of a side
are used, `make_room` packs both trees.

Priority may be drawn by lot: no market has such a rule, but others are measured against it. An
order keeps its lot as long as it keeps its place.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sweep_dask.compiled import kernel
from sweep_dask.matching.book import (
    ANY,
    DARK,
    NO_REACH,
    NOBODY,
    ORDER_NUMBER,
    PARTICIPANTS,
    YOUNGEST,
    Book,
    IntArray,
)
from sweep_dask.matching.events import Style
from sweep_dask.matching.rules import TIME_PRIORITY

#: Of a permutation of 32 bits that leaves little to guess (Wellons, "Prospecting for hash
#: functions", 2018): no two places have the same lot.
_FIRST, _SECOND, _BITS = 0x7FEB352D, 0x846CA68B, 0xFFFFFFFF

_DARK_LIMIT = int(Style.DARK_LIMIT)
#: `Question.participants`: whoever it is, and whoever does not adopt.
EVERYONE, NOT_ADOPTING = -1, -(2**63)
#: Of the bits of participants.
_LAST_BIT = 62


def lot_of(rank: int, seed: int) -> int:
    """Return the lot, of 32 bits, of a place in the queue; the least is met first."""
    lot = (rank + seed) & _BITS
    lot ^= lot >> 16
    lot = (lot * _FIRST) & _BITS
    lot ^= lot >> 15
    lot = (lot * _SECOND) & _BITS
    return lot ^ (lot >> 16)


#: The same for compiled functions alone.
kernel_lot_of = kernel(lot_of)


class Question(NamedTuple):
    """Which orders a search of the tree is for; it may find some that only might suit."""

    side: int
    """0 the buys, 1 the sells."""
    column: int
    """Their class of MAQs; see `class_of`."""
    style: int
    """ANY, or DARK: they are dark limit orders."""
    reach_x2: int
    """They reach at least so far."""
    participants: int
    """They are of participants that have one of these bits, or do not adopt if that is one."""


@kernel
def class_of(maq: int) -> int:
    """Return the first column with the orders whose MAQ is at most this one."""
    return int(maq > 0) + (maq > 1 << 8) + (maq > 1 << 12) + (maq > 1 << 16)


@kernel
def bit_of(participant: int) -> int:
    """Return the bit of a participant, which others may share."""
    return 1 << min(participant & 63, _LAST_BIT)


@kernel
def next_order(book: Book, question: Question, after: int) -> int:
    """Return the next order of a question after another in their priority, or NOBODY; R4."""
    if book.state[0].rules & TIME_PRIORITY:
        return next_in_time(book, question, after)
    if book.state[0].priority_seed >= 0:
        return _next_by_lot(book, question, after)
    return _next_by_price(book, question, after)


@kernel
def next_in_time(book: Book, question: Question, after: int) -> int:
    """Return the next order of a question after another in time, or NOBODY."""
    slot = _leftmost(book, question, book.orders[after].slot + 1 if after >= 0 else 0)
    slots = book.tree.shape[1] // 2
    return book.tree[question.side, slots + slot, ORDER_NUMBER] if slot >= 0 else NOBODY


@kernel
def _next_by_price(book: Book, question: Question, after: int) -> int:
    """Return the next order of a question after another, by limit and then by time, or NOBODY."""
    side, column, style, reach_x2, participants = question
    found, order = NOBODY, int(NOBODY)
    while True:
        order = next_in_time(book, Question(side, column, style, reach_x2, participants), order)
        if order < 0:
            return found
        if after < 0 or _is_behind(book.orders[order], book.orders[after]):
            # Of the younger ones, only a better limit comes before.
            found, reach_x2 = order, book.orders[order].reach_x2 + 1


@kernel
def _next_by_lot(book: Book, question: Question, after: int) -> int:
    """Return the next order of a question after another by lot, or NOBODY."""
    seed = book.state[0].priority_seed
    last = kernel_lot_of(book.orders[after].rank, seed) if after >= 0 else -1
    found, least, order = int(NOBODY), -1, int(NOBODY)
    while True:
        order = next_in_time(book, question, order)
        if order < 0:
            return found
        lot = kernel_lot_of(book.orders[order].rank, seed)
        if lot > last and (found < 0 or lot < least):
            found, least = order, lot


@kernel
def _is_behind(one: Any, other: Any) -> bool:
    """Whether an order comes after another by limit and then by time."""
    if one.reach_x2 != other.reach_x2:
        return bool(one.reach_x2 < other.reach_x2)
    return bool(one.rank > other.rank)


@kernel
def _leftmost(book: Book, question: Question, first: int) -> int:
    """Return the first slot of a question from a given one on, or NOBODY."""
    side, column, style, reach_x2, participants = question
    tree = book.tree
    slots = tree.shape[1] // 2
    # From the very first slot, the usual question, down from the root instead of up and down.
    at = slots + first if first > 0 else 1
    steps = 0
    while at > 0:
        steps += 1
        if (
            tree[side, at, column] >= reach_x2
            and tree[side, at, style] >= reach_x2
            and tree[side, at, PARTICIPANTS] & participants
        ):
            if at >= slots:
                break
            at *= 2
        else:
            while at & 1:
                at >>= 1
            at += at > 0
    book.state[0].steps += steps
    return at - slots if at > 0 else NOBODY


@kernel
def rest(book: Book, order: int) -> None:
    """Give an order that does not rest the last place of all."""
    slot, state = book.orders[order], book.state[0]
    if not slot.rests and slot.leaves > 0 and slot.is_alive:
        used = book.tree[slot.side - 1, 0]
        slot.slot = used[ORDER_NUMBER]
        used[ORDER_NUMBER] += 1
        state.last_rank += 1
        state.resting += 1
        slot.rank, slot.rests = state.last_rank, 1
        show(book, order)


@kernel
def leave(book: Book, order: int) -> None:
    """Let an order give up its place, if it has one."""
    slot = book.orders[order]
    if slot.rests:
        slot.rests = 0
        show(book, order)
        slot.rank = YOUNGEST
        book.state[0].resting -= 1


@kernel
def show(book: Book, order: int) -> None:
    """Tell the tree the terms of an order that has a slot; it is empty if nothing is left."""
    slot = book.orders[order]
    side, tree = slot.side - 1, book.tree
    at = tree.shape[1] // 2 + slot.slot
    row = tree[side, at]
    is_there = slot.rests and slot.leaves > 0
    reach_x2 = slot.reach_x2 if is_there else NO_REACH
    first = class_of(slot.maq)
    for column in range(ANY + 1):
        row[column] = reach_x2 if column >= first else NO_REACH
    row[DARK] = reach_x2 if slot.style >= _DARK_LIMIT else NO_REACH
    who = bit_of(slot.participant) | (0 if slot.adopts else NOT_ADOPTING)
    row[PARTICIPANTS] = who if is_there else 0
    row[ORDER_NUMBER] = order
    at >>= 1
    count = 1
    # Above a node that stays as it was, all do.
    while at > 0 and combine(tree, side, at):
        at >>= 1
        count += 1
    book.state[0].steps += count


@kernel
def combine(tree: IntArray, side: int, at: int) -> bool:
    """Take the values of a node from its children, and return whether that changed them."""
    node, left, right = tree[side, at], tree[side, 2 * at], tree[side, 2 * at + 1]
    changed = False
    for column in range(PARTICIPANTS + 1):
        most = max(left[column], right[column])
        if column == PARTICIPANTS:
            most = left[column] | right[column]
        changed |= node[column] != most
        node[column] = most
    return changed
