"""A real SLURM on this machine, for the tests: Debian's packages, no systemd, emulated nodes, gone when the test ends.

It lives in a folder of its own; outside it there is only the link /etc/slurm/slurm.conf, because the plugin's nested
`srun` runs without SLURM_CONF.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from string import Template

import psutil

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
LINK = Path("/etc/slurm/slurm.conf")
CONFIGURATION = Template((Path(__file__).parent / "slurm.conf").read_text())
OURS = CONFIGURATION.template.splitlines()[0]
PARTITION = "lab"
START_S = 30
STOP_S = 15
CALL_S = 20  # of any SLURM command


def reason_not_to_run() -> str:
    """Why SLURM cannot be started on this machine; an empty string if it can."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        return "a real SLURM is installed and started by root on Debian alone"
    if LINK.exists() and not _is_left_over():
        return f"{LINK} is another SLURM's, or that of a test that is running"
    return ""


def install() -> None:
    """Install Debian's packages where they are missing."""
    if all(shutil.which(program) for program in ("slurmctld", "slurmd", "sbatch", "munged")):
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        subprocess.run(
            ["apt-get", "-qq", *command], check=True, timeout=240, env=environment, stdout=subprocess.DEVNULL
        )


class Slurm:
    """A running SLURM.

    Attributes:
        environment: What programs need to find it.
        nodes: Names of the emulated nodes.
    """

    def __init__(self, folder: Path, n_nodes: int, cores: int, memory_mb: int):
        self.folder = folder
        self.nodes = [f"n{number}" for number in range(1, n_nodes + 1)]
        self.configuration = folder / "slurm.conf"
        self.environment = os.environ | {"SLURM_CONF": str(self.configuration)}
        self._daemons: dict[str, subprocess.Popen] = {}
        for name in ("state", "log", "munge", *(f"spool/{node}" for node in self.nodes)):
            (folder / name).mkdir(parents=True)
        (folder / "munge").chmod(
            0o711
        )  # munged refuses a folder that others can write to, and a key that they can read
        key = folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(1024))
        host, (port, *node_ports) = socket.gethostname().split(".")[0], _free_ports(1 + n_nodes)
        text = CONFIGURATION.substitute(folder=folder, host=host, port=port, partition=PARTITION)
        for node, node_port in zip(self.nodes, node_ports, strict=True):
            text += f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={node_port} "
            text += f"CPUs={cores} RealMemory={memory_mb} State=UNKNOWN\n"
        self.configuration.write_text(text)

    def start(self) -> None:
        """Start the daemons and wait until all nodes are idle."""
        LINK.parent.mkdir(exist_ok=True)
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(self.configuration)
        munge = self.folder / "munge"
        self._start(
            "munged",
            *("--foreground", "--force", "--num-threads=2", f"--key-file={self.folder}/munge.key"),
            *(f"--socket={munge}/munge.socket", f"--pid-file={munge}/munged.pid"),
            *(f"--log-file={munge}/munged.log", f"--seed-file={munge}/munged.seed"),
        )
        wait_for((munge / "munge.socket").exists, "munge's socket", START_S)
        self._start("slurmctld", "-D")
        for node in self.nodes:
            self.start_node(node)
        wait_for(lambda: self.call("sinfo", "-hN", "-o", "%T").split() == ["idle"] * len(self.nodes), "nodes", START_S)

    def start_node(self, node: str) -> None:
        """Start the daemon of one node."""
        self._start("slurmd", "-D", "-N", node, name=node)

    def kill_node(self, node: str) -> None:
        """End a node without a word, as a power cut would: its daemon, then what watches its jobs, then the jobs."""
        daemon = self._daemons.pop(node)
        daemon.kill()
        daemon.wait()
        _kill_jobs_on(node)

    def call(self, *command: str) -> str:
        """What a SLURM command prints; an empty string if it fails."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=CALL_S)
        return done.stdout if done.returncode == 0 else ""

    def jobs(self, name: str = "") -> dict[str, str]:
        """Running jobs whose name or comment holds a text: their number and their node."""
        lines = self.call("squeue", "-h", "--states=RUNNING", "-o", "%i|%N|%j %k").splitlines()
        return {job: node for job, node, named in (line.split("|", 2) for line in lines) if name in named}

    def stop(self) -> None:
        """End all jobs and daemons; what does not end within seconds is killed."""
        self.call("scancel", "--user=root")
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: not self.call("squeue", "-h").strip(), "end of the jobs", STOP_S)
        for daemon in reversed(self._daemons.values()):
            daemon.terminate()
            try:
                daemon.wait(STOP_S)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for node in self.nodes:
            _kill_jobs_on(node)
        if LINK.is_symlink() and LINK.readlink() == self.configuration:
            LINK.unlink()

    def _start(self, program: str, *arguments: str, name: str = "") -> None:
        with (self.folder / "log" / f"{name or program}.txt").open("a") as output:
            self._daemons[name or program] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", program, *arguments],  # so that a killed test leaves none
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )


def processes_of(job: str, text: str) -> list[psutil.Process]:
    """Processes of a SLURM job whose command line holds a text."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if _variable(process, "SLURM_JOB_ID") == job and any(text in part for part in process.cmdline()):
                found.append(process)
    return found


def wait_for(condition, what: str, seconds: float):
    """Wait until a condition holds, and give back what it found."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} after {seconds} s")
        time.sleep(0.2)
    return found


def _is_left_over() -> bool:
    """Whether the link is to a configuration of ours that no program runs with: that of a test that was killed."""
    configuration = LINK.resolve()
    if not LINK.is_symlink() or OURS not in configuration.read_text().splitlines():
        return False
    return not any(_variable(one, "SLURM_CONF") == str(configuration) for one in psutil.process_iter())


def _kill_jobs_on(node: str) -> None:
    """Kill what SLURM runs on a node: first what watches the jobs and would report their end."""
    jobs = [process for process in psutil.process_iter() if _variable(process, "SLURMD_NODENAME") == node]
    with contextlib.suppress(psutil.NoSuchProcess):
        jobs[:0] = {above for process in jobs for above in process.parents() if above.name().startswith("slurmstepd")}
    for process in jobs:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _variable(process: psutil.Process, name: str) -> str | None:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return process.environ().get(name)
    return None


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
