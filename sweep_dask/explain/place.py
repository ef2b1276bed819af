"""Where an order is in an output folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.terms.files import ROW_FILES

if TYPE_CHECKING:
    from pathlib import Path

    from sweep_dask.explain.files import Files

#: The column of ids in the files of order rows.
ORDER_ID = "order_id"


def order_rows(layout: OutputLayout, partition: Partition) -> Path:
    """The file with the rows of a partition's orders."""
    return layout.processed(*partition) / f"{ROW_FILES['orders']}.parquet"


def finished_partitions(layout: OutputLayout) -> list[Partition]:
    """Those whose results lie in the folder, by date and security, whatever run they are of.

    A run that is at work puts each in place as it is finished, its receipt first.
    """
    found = [
        Partition(receipt.parent.parent.name, int(receipt.parent.name))
        for receipt in (layout.root / "processed").glob("*/*/receipt.json")
        if receipt.parent.name.isdecimal()
    ]
    return sorted(found)


def partitions_with(files: Files, order_id: int) -> list[Partition]:
    """The partitions that have rows of an order; several if it stayed for days.

    Raises
    ------
    InputError
        The rows of a partition cannot be read.
    """
    return [
        partition
        for partition in finished_partitions(files.layout)
        if len(files.rows(order_rows(files.layout, partition), ORDER_ID, (order_id,), [ORDER_ID]))
    ]
