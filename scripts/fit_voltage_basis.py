"""Find the principal components of a cell's dendritic voltages on pilot trials."""

from neurodepth import dataset, jobs, simulation


def fit_voltage_basis(protocol, n_trials, n_components, n_workers, basis_path):
    dataset.write_basis(basis_path, simulation.fit_voltage_basis(protocol, n_trials, n_components, n_workers))


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        fit_voltage_basis(
            simulation.Protocol(**snakemake.params.protocol),
            snakemake.params.pilot_trials,
            snakemake.params.components,
            snakemake.threads,
            snakemake.output[0],
        )
