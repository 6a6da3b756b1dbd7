"""How often a depth whose true AUC is exactly the criterion is said to meet it, or to be ruled out, by the number of test spikes.

Two training seeds that vary in nothing, two amounts of data that give the same. "Meets" should be wrong in 5 % at a
confidence of 95 %. In "by chance" the error sits in few spikes: at 0.991 one in a hundred is predicted by chance, and makes
half of it. With --true-auc above the criterion, "meets" is how often a good network is recognised. With --depths a study has
several depths of that AUC, and "meets" is how often one or another does.

    python benchmarks/verdict.py --table verdict.md
    python benchmarks/verdict.py --depths 8 --spikes 530
"""

from pathlib import Path

import click
import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from neurodepth import criterion, metrics, provenance, scores
from neurodepth.criterion import Criterion
from neurodepth.scores import Evaluation

CONFIDENCE = 0.95
SILENT_MS = 5500  # of a trial, without the warm-up
# Test trials, and spikes in all of them.
SETTINGS = [(400, 530), (200, 300), (100, 150), (200, 100), (10, 100), (5, 300), (200, 99), (4, 300)]
BY_CHANCE = {"": 0.0, ", by chance": 5 / 9}  # share of the error that sits in spikes predicted by chance


@click.command()
@click.option("--auc", default=0.991, show_default=True, help="The criterion.")
@click.option("--true-auc", type=float, help="What the networks truly have; the criterion if left out.")
@click.option("--studies", default=400, show_default=True, help="Synthetic studies of each setting.")
@click.option("--depths", default=1, show_default=True, help="Of a study, all with the same true AUC.")
@click.option(
    "--shared", default=0.9, show_default=True, help="Share of the predictions' variance that depths have in common."
)
@click.option("--spikes", "n_only", type=click.Choice([str(n) for _, n in SETTINGS]), help="Only this setting.")
@click.option("--table", "table_path", type=click.Path(path_type=Path), help="Write the table to this file.")
def main(
    auc: float,
    true_auc: float | None,
    studies: int,
    depths: int,
    shared: float,
    n_only: str | None,
    table_path: Path | None,
) -> None:
    """Judge networks whose true AUC is known."""
    asked = Criterion(auc, CONFIDENCE, resamples=400, further_doublings=3)
    true_auc = true_auc or auc
    rows = []
    for n_trials, n_spikes in SETTINGS:
        if n_only and n_spikes != int(n_only):
            continue
        row: dict[str, float] = {"test trials": n_trials, "spikes": n_spikes}
        for name, share in BY_CHANCE.items():
            by_chance = share * 2 * (1 - true_auc)
            judged = [
                judge(asked, true_auc, n_trials, n_spikes, by_chance, draw, depths, shared) for draw in range(studies)
            ]
            columns = (f"meets{name}", f"ruled out{name}", f"correlation{name}")
            row |= dict(zip(columns, np.mean(judged, axis=0), strict=True))
        rows.append(row)
    table = pd.DataFrame(rows).round(3).to_markdown(index=False)
    click.echo(table)
    if table_path:
        command = f"python benchmarks/verdict.py --auc {auc:g} --true-auc {true_auc:g} --studies {studies} --depths {depths} --shared {shared:g}"
        table_path.write_text(f"# Verdict\n\nCommit {provenance.commit()}: `{command}`\n\n{table}\n")


def judge(
    asked: Criterion,
    true_auc: float,
    n_trials: int,
    n_spikes: int,
    by_chance: float,
    draw: int,
    depths: int,
    shared: float,
) -> tuple[bool, bool, float]:
    """Whether one study finds that a depth meets, and that one is out of reach; how the first and the last depth's errors correlate.

    The correlation is that of the logarithms of resampled errors, 1 of a single depth.
    """
    rng = np.random.default_rng(draw)
    positives = np.bincount(rng.integers(n_trials, size=n_spikes), minlength=n_trials)
    separation = np.sqrt(2) * ndtri((true_auc - by_chance / 2) / (1 - by_chance))  # of two unit Gaussians with that AUC
    means = np.where(rng.random(n_spikes) < by_chance, 0, separation)
    noise = np.sqrt(shared) * rng.normal(size=n_spikes) + np.sqrt(1 - shared) * rng.normal(size=(depths, n_spikes))
    silent_ms = np.full(n_trials, SILENT_MS)
    voltage = metrics.VoltageSums(np.full(n_trials, 0.1), np.zeros(n_trials), np.ones(n_trials))
    networks = []
    for depth, predicted in enumerate(means + noise, start=1):
        # Milliseconds without a spike are many: what a spike wins against them is their distribution function.
        won = np.array([ndtr(one).sum() for one in np.split(predicted, np.cumsum(positives)[:-1])])
        counts = metrics.PairCounts(won[:, None] * silent_ms, positives, silent_ms)
        # Two seeds, for one rules nothing out.
        networks += [Evaluation(depth, size, seed, counts, voltage) for size in (10, 20) for seed in (1, 2)]
    resampled = scores.resample(networks, asked.resamples, asked.confidence, draw)
    standing = criterion.classify(resampled, asked)
    first, last = (np.log(resampled.resampled["auc"][depth, 20]) for depth in (1, depths))
    return bool(standing.meets), bool(standing.ruled_out), float(np.corrcoef(first, last)[0, 1])


if __name__ == "__main__":
    main()
