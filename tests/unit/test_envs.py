"""The environments beside the lock: conda for single rules, and the container."""

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

# What the jobs of an environment import. NEURON and TensorFlow are loaded late, so they are named where they belong.
SIMULATION = "dask.distributed dask_jobqueue neurodepth.simulation neurodepth.dataset neurodepth.jobs neurodepth.cells.compartmental"
SIMULATION += " neurodepth.cells.tabulated.kernel neurodepth.cells.branches neurodepth.cells.anatomy neuron"
TRAINING = (
    "neurodepth.training neurodepth.evaluation neurodepth.report neurodepth.depth neurodepth.baselines neurodepth.jobs"
)
TRAINING += " neurodepth.pareto neurodepth.dataset neurodepth.inspection neurodepth.playback"
TRAINING += " neurodepth.data_statistics neurodepth.synapse_types neurodepth.trust tensorflow"
EXPERIMENTS = f"{SIMULATION} neurodepth.experiments neurodepth.inspection neurodepth.training tensorflow"
LIST_MODULES = (
    "import importlib, json, sys; [importlib.import_module(name) for name in sys.argv[1:]];"
    "print(json.dumps([one.__file__ for name, one in sys.modules.items() if name.split('.')[0] == 'neurodepth']))"
)


def conda_pins(project, name):
    dependencies = yaml.safe_load((project / "envs" / f"{name}.yaml").read_text())["dependencies"]
    listed = next(one["pip"] for one in dependencies if isinstance(one, dict))
    return dict(one.split("==") for one in listed)


def locked(project):
    """Versions that the lock with all extras gives to the environments' Python; some packages have another for a later one."""
    lines = re.findall(r"^[a-z0-9].*==.*?(?=\s*\\?$)", (project / "requirements-dev.lock").read_text(), re.MULTILINE)
    python = {"python_version": "3.11", "python_full_version": "3.11.0"}
    wanted = [one for one in map(Requirement, lines) if one.marker is None or one.marker.evaluate(python)]
    return {one.name: str(one.specifier).removeprefix("==") for one in wanted}


def with_what_they_need(names):
    """Names of packages and, again and again, of those that they require here."""
    found, new = set(), {normal(name) for name in names}
    while new:
        found |= new
        required = {
            normal(re.match(r"[A-Za-z0-9._-]+", one)[0])
            for name in new
            for one in requirements(name)
            if "extra ==" not in one
        }
        new = required - found
    return found


def requirements(name):
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:  # for another system or Python
        return []


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["simulate", "train", "experiment"])
def test_a_conda_environment_pins_what_the_lock_pins(project, name):
    pins = conda_pins(project, name)
    lock = locked(project)
    assert pins == {package: lock.get(package) for package in pins}


def test_simulation_has_no_tensorflow_and_training_no_neuron(project):
    simulation, training = (with_what_they_need(conda_pins(project, name)) for name in ("simulate", "train"))
    assert not simulation & {"tensorflow", "tensorflow-cpu", "keras"}
    assert "neuron" not in training


@pytest.mark.parametrize(
    ("name", "modules"), [("simulate", SIMULATION), ("train", TRAINING), ("experiment", EXPERIMENTS)]
)
def test_a_conda_environment_holds_every_package_that_its_jobs_import(project, name, modules):
    listed = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, *modules.split()], capture_output=True, text=True, check=True
    )
    files = json.loads(listed.stdout.splitlines()[-1])
    imported = {name for file in files for name in imported_at_once(Path(file))} | set(modules.split())
    packages_of = importlib.metadata.packages_distributions()
    available = with_what_they_need(conda_pins(project, name)) | {"neurodepth"}
    used = {one.split(".")[0] for one in imported} & packages_of.keys()
    missing = {one: packages_of[one] for one in used if not available & set(map(normal, packages_of[one]))}
    assert missing == {}


def imported_at_once(path):
    """Names that a module imports when it is imported itself."""
    found = []
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Import):
            found += [one.name for one in statement.names]
        if isinstance(statement, ast.ImportFrom):
            found.append(statement.module)
    return found


def test_the_container_installs_the_lock_and_nothing_else(project):
    recipe = (project / "envs" / "Dockerfile").read_text()
    assert re.findall(r"pip install (.*)", recipe) == [
        "--no-cache-dir --require-hashes --requirement /tmp/requirements-dev.lock"
    ]
    assert "COPY requirements-dev.lock /tmp/requirements-dev.lock" in recipe
    assert "conda" not in recipe


def test_the_container_submits_to_a_cluster_and_has_all_of_the_lock(project):
    names = {"requirements.lock": set(), "requirements-dev.lock": set()}
    for name in names:
        names[name] = set(re.findall(r"^([a-z0-9-]+==[^ ;]+)", (project / name).read_text(), re.MULTILINE))
    assert names["requirements.lock"] <= names["requirements-dev.lock"]
    packages = {one.split("==")[0] for one in names["requirements-dev.lock"]}
    assert {"dask-jobqueue", "snakemake-executor-plugin-slurm", "snakemake-executor-plugin-cluster-generic"} <= packages


def test_the_container_has_the_python_of_the_makefile_and_what_the_readme_asks_for(project):
    recipe, makefile = ((project / name).read_text() for name in ("envs/Dockerfile", "Makefile"))
    assert re.search(r"^FROM (python)[:]([0-9.]+)", recipe, re.MULTILINE).groups() == tuple(
        re.search(r"^PYTHON \?= (python)([0-9.]+)", makefile, re.MULTILINE).groups()
    )
    readme = (project / "README.md").read_text()
    assert "a C++ compiler and make" in readme
    packages = re.search(r"--no-install-recommends (.*) \\", recipe)[1].split()
    assert {"g++", "make"} <= set(packages)


def test_the_documented_commands_use_the_container_that_is_there(project):
    page = (project / "docs" / "planning.md").read_text()
    recipe = (project / "envs" / "Dockerfile").read_text()
    build = re.search(r"^#\s+(docker build .*)$", recipe, re.MULTILINE)[1]
    assert build in page
    workplace = re.search(r"^WORKDIR (\S+)$", recipe, re.MULTILINE)[1]
    assert f'--volume "$PWD:{workplace}"' in page
    assert f'--bind "$PWD:{workplace}"' in page
    assert f"PYTHONPATH={workplace}/src" in recipe
