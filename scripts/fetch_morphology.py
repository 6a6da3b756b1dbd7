"""Find or fetch a published morphology and check that it is the published one."""

from pathlib import Path

from neurodepth import jobs, project
from neurodepth.cells import definition, morphology


def fetch_morphology(file_name, output_path):
    owners = [definition.read(folder) for folder in project.cells().values()]
    owner = next(one for one in owners if one.values.get("morphology", {}).get("path") == file_name)
    morphology.obtain(owner, Path(output_path))


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        fetch_morphology(Path(snakemake.output[0]).name, snakemake.output[0])
