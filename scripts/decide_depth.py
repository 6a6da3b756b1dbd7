"""Decide which depth each cell requires, and tabulate accuracy against depth."""

import json

import pandas as pd

from neurodepth import depth, evaluation, jobs, provenance
from neurodepth.cells import definition


def decide_depth(conditions, table_paths, counts_paths, configuration, verdict_path, accuracy_path):
    criterion = depth.Criterion(**configuration["verdict"])
    cells, tables = [], []
    for (cell, variant), table_path, counts_path in zip(conditions, table_paths, counts_paths, strict=True):
        table, evaluations = evaluation.read_evaluations(table_path, counts_path)
        verdict = depth.decide(evaluations, criterion, configuration["seed"])
        accuracy = depth.tabulate(evaluations, criterion, configuration["seed"])
        accuracy = evaluation.tabulate_accuracy(accuracy, table)
        tables.append(accuracy.assign(cell=cell, variant=variant))
        entry = {"cell": cell, "variant": variant}
        entry["description"] = definition.read(f"models/cells/{cell}", variant).values.get("description", "")
        cells.append(entry | evaluation.summarise(verdict, accuracy, table))
    everything = pd.concat(tables)
    names = ["cell", "variant"]
    everything[[*names, *everything.columns.drop(names)]].to_csv(accuracy_path, index=False)
    result = {"criterion": configuration["verdict"], "cells": cells, "configuration": configuration}
    result |= {"versions": provenance.versions(), "commit": provenance.commit(), "processor": provenance.processor()}
    with open(verdict_path, "w") as file:
        json.dump(result, file, indent=1)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        decide_depth(
            snakemake.params.conditions,
            snakemake.input.tables,
            snakemake.input.counts,
            snakemake.params.configuration,
            snakemake.output.verdict,
            snakemake.output.accuracy,
        )
