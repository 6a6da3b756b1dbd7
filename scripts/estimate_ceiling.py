"""Estimate how well a cell with unreliable synapses can be predicted at all, from repeated test trials."""

import json
from dataclasses import asdict
from pathlib import Path

from neurodepth import ceiling, jobs, simulation


def estimate_ceiling(protocol, n_trials, n_repeats, n_workers, engine, ceiling_path):
    repeated = simulation.simulate_repeats(protocol, "test", range(n_trials), n_repeats, n_workers, engine)
    Path(ceiling_path).write_text(json.dumps(asdict(ceiling.estimate(*repeated)), indent=1) + "\n")


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        estimate_ceiling(
            simulation.Protocol(**snakemake.params.protocol),
            snakemake.params.trials,
            snakemake.params.repeats,
            snakemake.threads,
            simulation.from_configuration(snakemake.config["parallel"]),
            snakemake.output[0],
        )
