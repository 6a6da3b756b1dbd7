"""Find or fetch the archive of a published NEURON model and check that it is the published one."""

from pathlib import Path

from neurodepth import jobs, project
from neurodepth.cells import definition
from neurodepth.cells.foreign import files


def fetch_model(file_name, output_path):
    owners = [definition.read(folder) for folder in project.cells().values()]
    owner = next(one for one in owners if one.values.get("model", {}).get("archive", {}).get("file") == file_name)
    files.obtain_archive(owner, Path(output_path))


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        fetch_model(Path(snakemake.output[0]).name, snakemake.output[0])
