"""Decide which depth each cell requires; tabulate accuracy against depth and the data that each depth would need."""

import dataclasses
import json
from pathlib import Path

import pandas as pd

from neurodepth import ceiling, criterion_dependence, data_needed, depth, evaluation, jobs, project, provenance, scores
from neurodepth.cells import definition
from neurodepth.configuration import sampling


def decide_depth(conditions, inputs, configuration, verdict_path, accuracy_path, data_needed_path, dependence_path):
    criterion = depth.Criterion(**configuration["verdict"])
    trial_h = configuration["simulation"]["duration_ms"] / evaluation.MS_PER_H
    cells, accuracies, needs, dependences = [], [], [], []
    for condition, table_path, counts_path in zip(conditions, inputs.tables, inputs.counts, strict=True):
        names = {"cell": condition["cell"], "variant": condition["variant"]}
        folder = "/{cell}/{variant}/networks/".format(**names)
        histories = [path for path in inputs.histories if folder in f"/{path}"]
        sampled = sampling(configuration, condition["network"])
        table, evaluations = evaluation.read_evaluations(
            table_path, counts_path, histories, condition["updates"], sampled, criterion
        )
        resampled = scores.resample(evaluations, criterion.resamples, criterion.confidence, configuration["seed"])
        accuracy = evaluation.tabulate_accuracy(scores.tabulate(resampled, criterion.confidence), table)
        needed = data_needed.tabulate(resampled, criterion, trial_h)
        verdict = depth.decide(resampled, criterion, trial_h)
        sentence, predictable = _ceiling(names, inputs.ceilings, criterion)
        verdict = dataclasses.replace(verdict, reason=verdict.reason + sentence)
        described = definition.read(project.find_cell(names["cell"]), names["variant"]).values
        cells.append(names | {"description": described.get("description", "")})
        cells[-1] |= evaluation.summarise(verdict, accuracy, table, needed) | predictable
        dependence = criterion_dependence.tabulate(resampled, criterion, trial_h, configuration["depths"])
        for tables, table in ((accuracies, accuracy), (needs, needed), (dependences, dependence)):
            tables.append(pd.concat([pd.DataFrame([names] * len(table)), table], axis=1))
    pd.concat(accuracies).to_csv(accuracy_path, index=False)
    pd.concat(needs).to_csv(data_needed_path, index=False)
    pd.concat(dependences).to_csv(dependence_path, index=False)
    result = {"criterion": configuration["verdict"], "cells": cells, "configuration": configuration}
    result |= {"versions": provenance.versions(), "commit": provenance.commit(), "processor": provenance.processor()}
    result |= {"study_folder": Path.cwd().name, "own_definitions": _own_definitions(conditions)}
    with open(verdict_path, "w") as file:
        json.dump(result, file, indent=1)


def _own_definitions(conditions):
    """Cells and networks that the study's folder holds itself."""
    networks = [name for one in conditions for name in (one["network"], *one.get("baselines", []))]
    return project.own_definitions([one["cell"] for one in conditions], networks)


def _ceiling(names, paths, criterion):
    """What unreliable synapses leave to predict of a cell, in a sentence and as numbers; nothing where there are none."""
    found = [path for path in paths if "/{cell}/{variant}/".format(**names) in f"/{path}"]
    if not found:
        return "", {}
    sentence, numbers = ceiling.explain(json.loads(Path(found[0]).read_text()), criterion.auc)
    return f" {sentence}", numbers


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        decide_depth(
            snakemake.params.configuration["conditions"],
            snakemake.input,
            snakemake.params.configuration,
            snakemake.output.verdict,
            snakemake.output.accuracy,
            snakemake.output.data_needed,
            snakemake.output.dependence,
        )
