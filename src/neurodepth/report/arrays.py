"""NPZ files that the report is drawn from, checked where they are opened. docs/analysis.md says what they hold."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurodepth.report.results import CURE

Arrays = dict[str, np.ndarray]
TREE = (
    *("segment_start_um", "segment_end_um", "segment_diameter_um", "segment_region", "segment_distance_um"),
    "segment_area_um2",
    *("density_names", "density_units", "density_s_per_cm2", "synapse_segment", "synapse_excitatory", "rate_hz"),
)
PLAYED = (
    *("trial_index", "duration_ms", "event_trial", "event_time_ms", "event_synapse", "soma_voltage_mv"),
    *("spike_trial", "spike_time_ms", "depths", "probability", "predicted_voltage_mv"),
    *("predicted_spike_depth", "predicted_spike_trial", "predicted_spike_time_ms"),
)
DENDRITE = (
    *("segment_voltage_mv", "segment_voltage_offset_mv", "segment_voltage_step_mv"),
    *("segment_voltage_sample_ms", "segment_voltage_segment"),
)
LEARNED = (
    *("depth", "lag_ms", "effect", "template", "type_names", "effect_by_type", "template_by_type"),
    *("sparsity_depth", "sparsity_layer", "silent_fraction", "lifetime_sparseness"),
    *("ablation_depth", "ablation_region", "ablation_auc", "ablation_variance_explained"),
    *("ablation_auc_low", "ablation_auc_high"),
    *("roc_depth", "roc_false_positive_rate", "roc_hit_rate"),
)
STATISTICS = (
    *("split_names", "type_names", "hours", "n_spikes", "interval_coefficient_of_variation"),
    *("interval_edges_ms", "interval_count", "voltage_edges_mv", "voltage_count"),
    *("trial_split", "output_rate_hz", "input_rate_hz"),
)
EXPERIMENTS = (
    *("experiment", "series", "x", "background", "depth", "n_backgrounds", "cell_linear_sum_mv"),
    *(
        f"{who}_{what}{end}"
        for who in ("cell", "surrogate")
        for what in ("epsp_mv", "spikes")
        for end in ("", "_error")
    ),
)
NEEDED = {"tree": TREE, "played": PLAYED, "learned": LEARNED, "statistics": STATISTICS, "experiments": EXPERIMENTS}


def read(path: Path, names: Sequence[str]) -> Arrays:
    """Read an NPZ file that has at least some arrays.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If an array is missing.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the report is made from it; run snakemake, which makes it first")
    with np.load(path, allow_pickle=False) as stored:
        missing = [name for name in names if name not in stored.files]
        if missing:
            raise ValueError(f"{path}: {', '.join(missing)} expected, found {', '.join(stored.files)}: {CURE}")
        return {name: stored[name] for name in stored.files}
