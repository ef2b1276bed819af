"""Damage drawn at random, to the bytes of a file or to a value in a document."""

from __future__ import annotations

import copy
import random


def _flip(chance, data):
    for _ in range(chance.choice([1, 1, 2, 8])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(chance, data):
    del data[chance.randrange(len(data)) :]


def _insert(chance, data):
    position = chance.randrange(len(data) + 1)
    odd = [b"\0", b"\n", b"\r", b'"', b",", b"\xff", b"\xef\xbb\xbf", bytes(64), b"9" * 40]
    data[position:position] = chance.choice(odd)


def _remove(chance, data):
    position = chance.randrange(len(data))
    del data[position : position + chance.choice([1, 2, 50])]


def _repeat(chance, data):
    position = chance.randrange(len(data))
    data[position:position] = data[position : position + chance.choice([8, 200])]


def _fill(chance, data):
    position = chance.randrange(len(data))
    end = min(len(data), position + chance.choice([4, 100]))
    data[position:end] = bytes([chance.choice([0, 255])]) * (end - position)


def _head(chance, data):
    """Within the header of a CSV file, the footer of a Parquet one."""
    position = chance.randrange(min(200, len(data)))
    data[position if chance.random() < 0.5 else -1 - position] = chance.randrange(256)


MUTATIONS = (_flip, _cut, _insert, _remove, _repeat, _fill, _head)


def mutated(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 3])):
        if changed:
            chance.choice(MUTATIONS)(chance, changed)
    return bytes(changed)


#: Values where others belong: of another type, out of range, or a way out of a folder.
HOSTILE = (
    *(None, True, -1, 0, 2**63, 10**400, 1e308, float("nan"), float("-inf"), 0.5),
    *("", "x", "2024-13-45", "2024-10-04", "../../outside", "/outside", "outputs/../../outside"),
    *("a\0b", "\ud800", "\x1b[2J", "tables/mine.parquet", "<script>", "9" * 5_000),
    *([], {}, [[]], [None], {"": {}}, {"value": None}, [{"run": 1}]),
)


def with_value_changed(chance, document):
    """A copy in which a value is hostile, gone, twice, another of the document, or renamed."""
    document = copy.deepcopy(document)
    for _ in range(chance.choice([1, 1, 1, 3])):
        places = list(_places(document))
        if places:
            _change(chance, *chance.choice(places), places)
    return document


def _places(value):
    """Each list or mapping and each key in it, those of large ones not more often than others."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
        for key in keys:
            yield from _places(value[key])


def _change(chance, holder, key, places):
    way = chance.randrange(8)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, dict):
        holder[chance.choice(("", "x", "digest", "files", "../x"))] = holder.pop(key)
    elif way == 1:
        holder.append(copy.deepcopy(holder[key]))
    elif way == 2:
        other, there = chance.choice(places)
        holder[key] = copy.deepcopy(other[there]) if there in _keys(other) else None
    else:
        holder[key] = copy.deepcopy(chance.choice(HOSTILE))


def _keys(holder):
    return holder if isinstance(holder, dict) else range(len(holder))
