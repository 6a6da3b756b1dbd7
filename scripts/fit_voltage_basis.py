"""Find the principal components of a cell's dendritic voltages on pilot trials."""

from neurodepth import dataset, jobs, simulation


def fit_voltage_basis(protocol, study, n_trials, n_components, n_workers, engine, basis_path):
    basis = simulation.fit_voltage_basis(protocol, n_trials, n_components, n_workers, engine)
    dataset.write_basis(basis_path, basis, study)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        fit_voltage_basis(
            simulation.Protocol(**snakemake.params.protocol),
            snakemake.params.study,
            snakemake.params.pilot_trials,
            snakemake.params.components,
            snakemake.threads,
            simulation.from_configuration(snakemake.config["parallel"]),
            snakemake.output[0],
        )
