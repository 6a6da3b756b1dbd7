"""The jobs of a study and the work that each has to do, counted as the workflow does, before anything is simulated."""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurodepth import configuration, networks, project
from neurodepth.cells.definition import CellDefinition, no_experiments, releases_at_random, simulation_settings
from neurodepth.networks import cost
from neurodepth.plan.rates import Rates

MS_PER_S = 1000
PREDICTION_PER_TRAINING = (
    0.5  # time of predicting a second over that of training on it: 0.3 to 0.7 in the default study
)
# Test trials that networks predict again for the report, on input without each type of synapses, and what is played.
N_ABLATION_TRIALS, N_TYPES = 50, {"point": 2, "compartmental": 8}
N_PLAYED_TRIALS = 4
TUNED_FACTORS = 3  # ASSUME a search for an output rate takes as long as three factors with all their trials
N_REPEATED_TRIALS = 8 * 10  # of the rule estimate_ceiling: trials and repeats
# Of classical experiments: stimuli and parts of stimuli on l5pc, with none, and the length of a trial of one of them.
N_STIMULI, EXPERIMENT_S = 110, 0.72
STAGES = ("simulation", "training", "evaluation", "report")


@dataclass(frozen=True)
class Job:
    """One job of the workflow.

    Attributes:
        stage: One of STAGES.
        name: Of its benchmark file below the study's `benchmarks/`, without suffix; its first part is the rule.
        work: Amount of each kind of work, as `rates.yaml` names and counts them, that one core does.
        shared_work: The same for what the job's cores share.
        cores: That it is given.
        size_bytes: Of what it leaves on disk.
    """

    stage: str
    name: str
    work: dict[str, float]
    shared_work: dict[str, float] = field(default_factory=dict)
    cores: int = 1
    n_at_once: int = 1
    size_bytes: float = 0

    def amounts(self) -> dict[str, float]:
        """Work as it counts for the time that passes: what is shared, divided by the cores that share it."""
        n_sharing = min(self.cores, self.n_at_once)
        return self.work | {kind: amount / n_sharing for kind, amount in self.shared_work.items()}


def jobs_of(study: dict[str, Any], rates: Rates, cores: int, models_path: str | Path = project.MODELS) -> list[Job]:
    """Every job of a study that starts with no results, but those that only fetch a morphology or name the targets.

    Networks are trained to their last update and all depths are trained: the most that can be needed.

    Args:
        study: A checked configuration.
        rates: What is known of cells and networks.
        cores: Of a job that simulates a cell with dendrites.
        models_path: The study's own cells and networks; the project's are known as well.
    """
    counter = _Counter(study, rates, cores, Path(models_path))
    found = [job for condition in study["conditions"] for job in counter.of_condition(condition)]
    unusual = {(one["cell"], name): one for one in study["conditions"] for name in one.get("test_on", [])}
    own = {(one["cell"], one["variant"]) for one in study["conditions"]}
    for key, condition in unusual.items():
        if key not in own:
            found += counter.shards(*key, "test", condition["trials"]["test"], n_components=0)
    n_conditions = len(study["conditions"])
    for rule in ("decide_depth", "compare_networks", "rank_neurons", "tabulate_data", "make_report"):
        found.append(Job("report", rule, {"report_start": 1, f"report_{rule}": n_conditions}))
    return found


class _Counter:
    """Counts the jobs of a study."""

    def __init__(self, study: dict[str, Any], rates: Rates, cores: int, models: Path):
        self.study, self.rates, self.cores, self.models = study, rates, cores, models
        self.simulation, self.training = study["simulation"], study["training"]
        # A large study asks for the same again in thousands of jobs.
        self._architecture = functools.cache(self._read_architecture)
        self._definition = functools.cache(self._read_cell)
        self._cost = functools.cache(self._count_cost)
        self.trial_s = self.simulation["duration_ms"] / MS_PER_S

    def of_condition(self, condition: dict[str, Any]) -> list[Job]:
        """Jobs of one condition, without its unusual input."""
        cell, variant, trials = condition["cell"], condition["variant"], condition["trials"]
        is_point = self._is_point(cell, variant)
        n_components = 0 if is_point else self.simulation["dendrite_components"]
        found = [self._basis(cell, variant)] if n_components else []
        if "target_output_rate_hz" in condition:
            found.append(self._tuning(cell, variant, trials["train"]))
        for split, n_trials in trials.items():
            found += self.shards(cell, variant, split, n_trials, n_components)
        found += self._repeats(cell, variant) + self._experiments(cell, variant)
        return found + self._trainings(condition) + self._evaluations(condition) + self._descriptions(condition)

    def shards(self, cell: str, variant: str, split: str, n_trials: int, n_components: int) -> list[Job]:
        """Simulation of the trials of one split."""
        per_shard = self.simulation["trials_per_shard"]
        sizes = [min(per_shard, n_trials - first) for first in range(0, n_trials, per_shard)]
        known = self.rates.cell(cell, self._is_point(cell, variant))
        bytes_per_bio_s = known["bytes_per_bio_s"] + n_components * self.rates.bytes_per_component_bio_s
        return [
            self._simulation(
                f"simulate_trials/{cell}/{variant}/{split}_{number:04d}", cell, variant, size, bytes_per_bio_s
            )
            for number, size in enumerate(sizes)
        ]

    def _basis(self, cell: str, variant: str) -> Job:
        return self._simulation(f"fit_voltage_basis/{cell}/{variant}", cell, variant, self.simulation["pilot_trials"])

    def _tuning(self, cell: str, variant: str, n_train: int) -> Job:
        from neurodepth.simulation.target_rate import MOST_MS  # here: it loads all that simulates

        n_trials = int(TUNED_FACTORS * min(MOST_MS / self.simulation["duration_ms"], n_train))
        return self._simulation(f"tune_input/{cell}/{variant}", cell, variant, n_trials)

    def _repeats(self, cell: str, variant: str) -> list[Job]:
        """Repeated trials of a cell with unreliable synapses."""
        if not releases_at_random(self._cell(cell, variant)):
            return []
        return [self._simulation(f"estimate_ceiling/{cell}/{variant}", cell, variant, N_REPEATED_TRIALS)]

    def _experiments(self, cell: str, variant: str) -> list[Job]:
        """Classical experiments, where the study asks for them: trials of the cell; the networks' answers take seconds."""
        n_backgrounds = self.study.get("experiment_backgrounds", 0)
        values = self._cell(cell, variant)
        if not n_backgrounds or "morphology" not in values or no_experiments(values):
            return []
        n_trials = N_STIMULI * (1 + n_backgrounds)
        return [self._simulation(f"run_experiments/{cell}/{variant}", cell, variant, n_trials, trial_s=EXPERIMENT_S)]

    def _simulation(
        self,
        name: str,
        cell: str,
        variant: str,
        n_trials: int,
        bytes_per_bio_s: float = 0,
        trial_s: float | None = None,
    ) -> Job:
        is_point = self._is_point(cell, variant)
        biology_s = n_trials * (trial_s or self.trial_s)
        settings = simulation_settings(self._definition(cell, variant), self.simulation)
        steps = 1.0 if is_point else self.rates.step_ms / settings["step_ms"]
        slowness = 1.0 if is_point else self.rates.simulators[settings["simulator"]]
        kind = "point" if is_point else "compartmental"
        known = self.rates.cell(cell, is_point)
        return Job(
            "simulation",
            name,
            {f"simulation_start_{kind}": 1},
            {f"simulation_{known['name']}": biology_s * steps * slowness},
            cores=1 if is_point else self.cores,
            n_at_once=n_trials,
            size_bytes=biology_s * bytes_per_bio_s,
        )

    def _trainings(self, condition: dict[str, Any]) -> list[Job]:
        where = f"{condition['cell']}/{condition['variant']}"
        seeds = self.study["training_seeds"]
        sizes = self._sizes(condition)
        found = [
            self._training(
                f"train_network/{where}/depth_{depth}_trials_{size}_seed_{seed}",
                condition,
                condition["network"],
                depth,
                size,
            )
            for depth in self.study["depths"]
            for size in sizes
            for seed in seeds
        ]
        baselines = condition.get("baselines", [])
        if any(networks.grouped_by(self._architecture(one)) for one in [condition["network"], *baselines]):
            found.append(Job("simulation", f"tabulate_synapses/{where}", {"simulation_start_compartmental": 1}))
        for network in baselines:
            depth = self._baseline_depth(network)
            found += [
                self._training(
                    f"train_baseline/{where}/{network}_depth_{depth}_trials_{sizes[-1]}_seed_{seed}",
                    condition,
                    network,
                    depth,
                    sizes[-1],
                )
                for seed in seeds
            ]
        return found

    def _training(self, name: str, condition: dict[str, Any], network: str, depth: int, n_trials: int) -> Job:
        n_updates = condition["updates"]
        biology_s = n_updates * self.training["batch_size"] * self.training["window_ms"] / MS_PER_S
        n_epochs = -(-n_updates // self.training["updates_per_epoch"])
        validation_s = condition["trials"]["validation"] * self.trial_s
        data_s = n_trials * self.trial_s + validation_s
        work = {"training_start": 1.0, "training_layer": depth}
        work["training_data_synapse_second"] = data_s * self._n_synapses(condition)
        biology_s += n_epochs * validation_s * PREDICTION_PER_TRAINING
        work |= self._of_network("training", condition, network, depth, biology_s)
        size_bytes = self.rates.bytes_per_network + depth * self.rates.bytes_per_layer
        if self._architecture(network)["type"] in networks.STACKS:
            size_bytes += 4 * self._cost(network, depth, self._n_synapses(condition)).parameters  # float32
        return Job("training", name, work, size_bytes=size_bytes)

    def _evaluations(self, condition: dict[str, Any]) -> list[Job]:
        where = f"{condition['cell']}/{condition['variant']}"
        n_seeds, n_sizes = len(self.study["training_seeds"]), len(self.study["training_fractions"])
        test_s = condition["trials"]["test"] * self.trial_s
        stacks = [(condition["network"], depth) for depth in self.study["depths"]]
        others = [(network, self._baseline_depth(network)) for network in condition.get("baselines", [])]
        found = [
            self._evaluation(f"evaluate_networks/{where}", condition, stacks, n_seeds * n_sizes, test_s),
        ]
        if others:
            found.append(self._evaluation(f"evaluate_baselines/{where}", condition, others, n_seeds, test_s))
        if unusual_s := test_s * len(condition.get("test_on", [])):
            name = f"evaluate_out_of_distribution/{where}"
            found.append(self._evaluation(name, condition, stacks, n_seeds * n_sizes, unusual_s))
        if self.study["search"] == "sequential":  # of every depth but the deepest, which ends the search anyway
            for depth in sorted(self.study["depths"])[:-1]:
                name = f"judge_depth/{where}/depth_{depth}"
                found.append(self._evaluation(name, condition, [(condition["network"], depth)], n_seeds, test_s))
        return found

    def _descriptions(self, condition: dict[str, Any]) -> list[Job]:
        """What the report shows beside the scores: the tree, the data, what networks have learned, how far to trust them, trials to play."""
        cell, variant, trials = condition["cell"], condition["variant"], condition["trials"]
        where = f"{cell}/{variant}"
        test_s, data_s = trials["test"] * self.trial_s, sum(trials.values()) * self.trial_s
        n_types = N_TYPES["point" if self._is_point(cell, variant) else "compartmental"]
        ablation_s = (1 + n_types) * min(trials["test"], N_ABLATION_TRIALS) * self.trial_s
        stacks = [(condition["network"], depth) for depth in sorted(self.study["depths"])]
        played_s = N_PLAYED_TRIALS * self.trial_s
        n_seeds, familiar_s = len(self.study["training_seeds"]), trials["validation"] * self.trial_s
        return [
            Job("evaluation", f"describe_tree/{where}", {"evaluation_start": 1, "evaluation_data": test_s}),
            Job("evaluation", f"describe_data/{where}", {"evaluation_start": 1, "evaluation_data": data_s}),
            self._evaluation(f"inspect_networks/{where}", condition, stacks, 1, test_s + ablation_s),
            self._evaluation(f"play_trials/{where}", condition, [stacks[0], stacks[-1]], 1, played_s),
            self._evaluation(f"learn_trust/{where}", condition, stacks, n_seeds, familiar_s),
        ]

    def _evaluation(
        self, name: str, condition: dict[str, Any], chosen: list[tuple[str, int]], n_each: int, test_s: float
    ) -> Job:
        work = {"evaluation_start": 1.0, "evaluation_data": test_s}
        for network, depth in chosen:
            parts = self._of_network("evaluation", condition, network, depth, test_s * n_each)
            parts |= {"evaluation_layer": depth * n_each, "evaluation_network": n_each}
            for kind, amount in parts.items():
                work[kind] = work.get(kind, 0) + amount
        return Job("evaluation", name, work)

    def _of_network(
        self, stage: str, condition: dict[str, Any], network: str, depth: int, biology_s: float
    ) -> dict[str, float]:
        """Work on so much biology, in or out of training."""
        kind = self._architecture(network)["type"]
        if kind not in networks.STACKS:
            return {f"{stage}_{kind}": biology_s}
        counted = self._cost(network, depth, self._n_synapses(condition))
        giga_multiply_adds = counted.multiply_adds_per_ms * MS_PER_S / 1e9
        return {
            f"{stage}_second": biology_s,
            f"{stage}_layer_second": biology_s * depth,
            f"{stage}_synapse_second": biology_s * self._n_synapses(condition),
            f"{stage}_giga_multiply_add": biology_s * giga_multiply_adds,
        }

    def _count_cost(self, network: str, depth: int, n_synapses: int) -> cost.Cost:
        architecture = networks.in_use(self._architecture(network))  # groups are computed like any other input
        return cost.count(architecture, depth, n_synapses, event_rate_hz=0)

    def _n_synapses(self, condition: dict[str, Any]) -> int:
        values = self._cell(condition["cell"], condition["variant"])
        if values["type"] == "point":
            return values["neuron"]["excitatory_synapses"] + values["neuron"]["inhibitory_synapses"]
        return self.rates.cell(condition["cell"], is_point=False)["synapses"]

    def _sizes(self, condition: dict[str, Any]) -> list[int]:
        return configuration.training_sizes(condition["trials"]["train"], self.study["training_fractions"])

    def _baseline_depth(self, network: str) -> int:
        return networks.baseline_depth(self._architecture(network), self.study["depths"])

    def _read_architecture(self, network: str) -> dict[str, Any]:
        return configuration.read_network(project.find_network(network, self.models))

    def _read_cell(self, cell: str, variant: str) -> CellDefinition:
        return configuration.read_cell(project.find_cell(cell, self.models), variant)

    def _cell(self, cell: str, variant: str) -> dict[str, Any]:
        return self._definition(cell, variant).values

    def _is_point(self, cell: str, variant: str) -> bool:
        return self._cell(cell, variant)["type"] == "point"
