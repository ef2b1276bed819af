"""What goes through the pipeline, or says what would: `run`, `replay`, `plan`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from sweep_dask.cli.ending import same_command
from sweep_dask.cli.shared import (
    announcer,
    command,
    input_argument,
    json_option,
    load,
    options_without,
    settings_options,
)
from sweep_dask.cli.terminal import is_quiet, open_report, remark, say_json, show, warn
from sweep_dask.dataflow.forkserver import start_importing
from sweep_dask.dataflow.listeners import Events, Listener
from sweep_dask.dataflow.progress import shown
from sweep_dask.study import TASK_MODULES
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep_dask.settings import Settings


@command("python -m sweep_dask run data/raw --output results --workers 2")
@input_argument
@settings_options
@click.option("--open", "opens", is_flag=True, help="Then show the report in a browser.")
@json_option
def run_command(inputs: tuple[str, ...], opens: bool, as_json: bool, **options: Any) -> int:
    """Simulate the sweeps of INPUT, compare with what happened, report.

    INPUT is a folder with orders/ and trades/ (and nbbo/, session/, reference/, participants/),
    a file or pattern of files (TABLE=PATH if their names do not tell their table), or an fsspec
    URL of these; several are read as one. Default: data/raw or, if there is none, the built-in
    sample market.
    """
    with _beginning(inputs, options) as (settings, progress):
        from sweep_dask.study.plan import choose_input
        from sweep_dask.study.run import run
        from sweep_dask.study.summary import describe_run

    folder, is_sample = choose_input(inputs)
    announce = announcer(as_json=as_json, is_sample=is_sample)
    result = run(settings, folder, is_sample=is_sample, announce=announce, progress=progress)
    if as_json:
        say_json(result.manifest)
    else:
        show(describe_run(result.record, result.output, same_command()))
    if opens and result.report.exists():
        open_report(result.report)
    return result.exit_code


@command("python -m sweep_dask replay data/raw --output results")
@input_argument
@options_without("models", "scenarios", "replay", "fresh")
@click.option(
    "--no-ablations", is_flag=True, help="Do not replay again without each rule: much faster."
)
@json_option
def replay_command(
    inputs: tuple[str, ...], no_ablations: bool, as_json: bool, **options: Any
) -> int:
    """Score the Centre Point book, and each of its rules, on the tape.

    The orders of INPUT are replayed through it, and its trades are compared with those of INPUT.
    Writes to OUTPUT/replay. If OUTPUT holds a finished run, its report shows the score from then
    on; nothing else there is touched.
    """
    with _beginning(inputs, options) as (settings, progress):
        from sweep_dask.study.plan import choose_input
        from sweep_dask.study.replay import replay
        from sweep_dask.study.replay_summary import describe_replay

    folder, is_sample = choose_input(inputs)
    result = replay(
        settings,
        folder,
        is_sample=is_sample,
        ablations=not no_ablations,
        announce=announcer(as_json=as_json, is_sample=is_sample),
        progress=progress,
    )
    if as_json:
        say_json(result.fidelity)
    else:
        show(describe_replay(result))
    return result.exit_code


@command("python -m sweep_dask plan data/raw --json")
@input_argument
@settings_options
@json_option
def plan_command(inputs: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Show what `run` would do: files, blocks, settings and memory. Writes nothing."""
    from sweep_dask.dataflow.remote_cluster import remote_cluster
    from sweep_dask.study.plan import choose_input, make_plan
    from sweep_dask.study.summary import describe_plan, plan_as_json

    settings = load(options)
    folder, is_sample = choose_input(inputs)
    announce = announcer(as_json=as_json, is_sample=is_sample)
    with remote_cluster(settings, None, announce) as cluster:
        plan = make_plan(settings, folder, is_sample=is_sample, cluster=cluster)
    for warning in plan.new_warnings:
        warn(warning)
    if as_json:
        say_json(plan_as_json(plan))
    else:
        show(describe_plan(plan))
    return 0


@contextmanager
def _beginning(
    inputs: tuple[str, ...], options: dict[str, Any]
) -> Iterator[tuple[Settings, Listener]]:
    """Words and something that moves, while a command imports what it needs for some seconds.

    What workers of this machine need is imported meanwhile, by the process they are copies of.
    Yields the settings in force, and who is to hear of stages.

    Raises
    ------
    InputError
        One of `inputs` is not there, on this machine; others are looked for later.
    """
    from sweep_dask.storage.address import InputAddresses
    from sweep_dask.storage.input_places import places_of

    settings = load(options)
    places_of(InputAddresses.of(inputs).local)
    if settings.has_own_workers:
        start_importing(*TASK_MODULES)
    remark(f"sweep_dask {VERSION}: results go to {settings.output}")
    progress = Listener() if is_quiet() else shown(settings.progress, settings.log_format)
    with Events(progress) as events, events.step("load the program"):
        yield settings, progress
