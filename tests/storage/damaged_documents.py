"""Configuration, cases, manifests and receipts, damaged at random: how commands may end on them.

Every command line is the real one, in this process; files of others beside the damaged one, and
outside the folder, may not be touched by any of them.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

import yaml
from damage import mutated, with_value_changed
from markets import plain_market
from running import invoke, run_here
from worked_cases.case_files import OWN

from sweep_dask.storage.atomic import bytes_digest
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import write_manifest

CONFIGURATION = {
    "output": "out",
    "system": {"workers": 2, "chunk_size": 50_000, "blocksize": "32MiB", "enable_parallel": False},
    "performance": {"memory_limit_gb": 4, "progress_bars": False, "monitoring": "off"},
    "cluster": {"worker_wait_seconds": 30, "dashboard_address": "127.0.0.1:9000"},
    "select": {"dates": ["2024-10-04"], "securities": [101, 102], "ignore": "*.bak"},
    "models": ["time-priority", "centre-point"],
    "scenarios": ["dark-only", "as-entered"],
    "centre_point": {
        "preferencing": [72, 23],
        "ticks": [[0, 1], [100, 5]],
        "block_min_value": {101: 1_000_000},
        "rules_off": ["half-tick", "dual_post"],
    },
    "choices": {"lifetimes": ["recorded", "clock:5min"], "adoption_groups": 3},
    "trading_day": "calendar",
    "bad_rows": {"on_bad_rows": "fail", "max_bad_fraction": 0.05},
    "checks": {"on_contradiction": "warn"},
    "columns": {"orders": {"order_id": "order_id"}, "trades": {"orderid": "orderid"}},
    "units": {"orders": {"time": "nanosecond", "price": "tenth_cent"}},
    "delimiter": {"orders": ",", "trades": "comma"},
}
#: Files of a user's below the output folder and beside it.
MINE = (
    "../outside/mine.txt",
    "notes.txt",
    "raw/orders.csv",
    "tables/mine.parquet",
    "outputs/2024-10-04/mine.csv",
)


@dataclass(frozen=True)
class Sound:
    """What there is before the damage; nothing changes it."""

    market: Path
    output: Path
    """What a run makes of the market."""

    @classmethod
    def make(cls, folder: Path) -> Sound:
        market = plain_market().write(folder / "input")
        run_here(market, folder / "output", enable_parallel=False)
        return cls(market, folder / "output")


def _ended(*arguments, may=(0, 2, 3)) -> str:
    """Its exit code, which is among those it may have, and nothing is called a defect."""
    done = invoke(*arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    told = f"{arguments}: {done.exit_code}: {done.output[-1500:]}"
    assert done.exit_code in may, told
    assert "a defect of" not in done.output, told
    assert "Traceback" not in done.output, told
    return f"exit code {done.exit_code}"


def configuration(seed: int, folder: Path, sound: Sound) -> str:
    """`config`, `plan` or `check` with a damaged configuration file."""
    chance = Random(seed)
    path = folder / "config.yaml"
    if chance.random() < 0.5:
        content = yaml.safe_dump(CONFIGURATION, sort_keys=False).encode()
        path.write_bytes(mutated(chance, content))
    else:
        changed = with_value_changed(chance, CONFIGURATION)
        path.write_text(yaml.safe_dump(changed, sort_keys=False), "utf-8", "surrogatepass")
    command = chance.choice([["config"], ["plan", sound.market], ["check", sound.market]])
    return _ended(*command, "--config", path)


def case(seed: int, folder: Path, sound: Sound) -> str:
    """`match` of a damaged file of cases."""
    chance = Random(seed)
    path = folder / "case.json"
    content = chance.choice(OWN).read_bytes()
    if chance.random() < 0.5:
        path.write_bytes(mutated(chance, content))
    else:
        path.write_text(json.dumps(with_value_changed(chance, json.loads(content))))
    return _ended("match", path, *chance.choice([(), ("--json",), ("--check",)]), may=(0, 1, 3))


def manifest(seed: int, folder: Path, sound: Sound) -> str:
    """A command on a folder with a damaged manifest, most of them with a digest that is right."""

    def damage(chance: Random, output: Path) -> None:
        path = output / "manifest.json"
        if chance.random() < 0.3:
            path.write_bytes(mutated(chance, path.read_bytes()))
        else:
            changed = with_value_changed(chance, json.loads(path.read_bytes()))
            write_manifest(OutputLayout(output), changed)

    return _on_folder(seed, folder, sound, damage)


def receipt(seed: int, folder: Path, sound: Sound) -> str:
    """A command on a folder with a damaged receipt, most of them with a digest that is right."""

    def damage(chance: Random, output: Path) -> None:
        path = chance.choice(sorted(output.glob("processed/*/*/receipt.json")))
        if chance.random() < 0.3:
            path.write_bytes(mutated(chance, path.read_bytes()))
        else:
            changed = with_value_changed(chance, json.loads(path.read_bytes()))
            changed.pop("digest", None)
            content = json.dumps(changed, sort_keys=True).encode()
            path.write_text(json.dumps(changed | {"digest": bytes_digest(content)}))

    return _on_folder(seed, folder, sound, damage)


def _on_folder(seed: int, folder: Path, sound: Sound, damage) -> str:
    chance = Random(seed)
    root = folder / "root"
    output = root / "output"
    shutil.copytree(sound.output, output)
    try:
        damage(chance, output)
        for name in MINE:
            (output / name).parent.mkdir(parents=True, exist_ok=True)
            (output / name).write_text("mine")
        ended = _ended(*_command(chance, sound.market, output), may=(0, 1, 2, 3))
        for name in MINE:
            assert (output / name).read_text() == "mine", name
        assert {path.name for path in root.iterdir()} == {"output", "outside"}
        return ended
    finally:
        shutil.rmtree(root)


def _command(chance: Random, market: Path, output: Path) -> list[object]:
    run = ["run", market, "-o", output, "--no-parallel", "--no-progress"]
    return chance.choice(
        [
            *[["verify", output]] * 6,
            *[["report", output]] * 2,
            ["forget", output, "--dates", "2024-10-04"],
            [*run, "--dates", "2024-10-07"],
        ]
    )


KINDS = {"configurations": configuration, "cases": case, "manifests": manifest, "receipts": receipt}
