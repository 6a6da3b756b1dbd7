"""Exported trials: shards written again in the formats that the field exchanges. docs/export.md says what is where.

`export_shards` is all that is needed; the libraries behind a format are imported when it is asked for.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from neurodepth.export import recording

FORMATS = ("nwb", "sonata")


def export_shards(
    shard_paths: Sequence[str | Path],
    file_format: str,
    output_path: str | Path,
    cell_path: str | Path | None = None,
    data_path: str | Path = "data",
    overwrite: bool = False,
) -> recording.Recording:
    """Write the trials of some shards as NWB or as SONATA.

    Args:
        shard_paths: Shards of one cell, variant, split and seed.
        file_format: One of `FORMATS`.
        output_path: The NWB file or the SONATA folder to make.
        cell_path: Folder of the cell's definition, to say where each synapse sits; None leaves that out.
        data_path: The user's data folder, searched for the cell's morphology.
        overwrite: Replace an earlier export.

    Returns:
        What was written.

    Raises:
        DatasetError: If a shard is damaged, foreign or does not fit the others.
        FileExistsError: If the output exists and may not be replaced.
        ValueError: If the format is unknown, or the cell is not the one of the shards.
    """
    output_path = Path(output_path)
    if file_format not in FORMATS:
        raise ValueError(f"format '{file_format}' is unknown; expected one of {', '.join(FORMATS)}")
    if output_path.exists() and not overwrite:
        raise FileExistsError(f"{output_path} exists; choose another --output or give --overwrite")
    writer = import_module(f"neurodepth.export.{file_format}")  # here: pynwb takes a second to import
    writer.check_output(output_path)
    content = recording.read(shard_paths, cell_path, data_path)
    writer.write(output_path, content)
    return content
