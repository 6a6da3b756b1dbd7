"""Tabulate the synapses of a cell: where on the dendrite each lies, and on which branch."""

from neurodepth import cells, jobs
from neurodepth.cells import branches, definition


def tabulate_synapses(cell_path, variant, table_path):
    cell = cells.build(definition.read(cell_path, variant), simulator="neuron")  # nothing is simulated: no tables
    branches.tabulate(cell).to_csv(table_path, index=False)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        tabulate_synapses(
            snakemake.params.cell_path,
            snakemake.wildcards.variant,
            snakemake.output[0],
        )
