"""State of a training after each epoch, so that an interrupted one goes on where it was."""

import json
import logging
import os
import shutil
from pathlib import Path

import numpy as np

from neurodepth.networks.backend import keras

log = logging.getLogger(__name__)


def save(model: keras.Model, history: list[dict[str, float]], checkpoint: Path, key: str) -> None:
    """Keep the state after the last epoch of the history and, if it was the best, its weights.

    Args:
        model: Compiled.
        history: One row an epoch.
        checkpoint: Folder.
        key: Digest of everything that the training depends on.
    """
    checkpoint.mkdir(parents=True, exist_ok=True)
    model.save_weights(checkpoint / f"state_{len(history)}.weights.h5")  # with the optimiser's and the dropout's state
    _sync(checkpoint / f"state_{len(history)}.weights.h5")
    if epochs_since_best(history) == 0:
        shutil.copy(checkpoint / f"state_{len(history)}.weights.h5", checkpoint / "next.weights.h5")
        _sync(checkpoint / "next.weights.h5")
        os.replace(checkpoint / "next.weights.h5", checkpoint / "best.weights.h5")
    # The history comes last: an interruption before this line goes back to the epoch before.
    (checkpoint / "next.json").write_text(json.dumps({"key": key, "history": history}))
    _sync(checkpoint / "next.json")
    os.replace(checkpoint / "next.json", checkpoint / "history.json")
    (checkpoint / f"state_{len(history) - 1}.weights.h5").unlink(missing_ok=True)


def restore(model: keras.Model, checkpoint: Path, key: str) -> list[dict[str, float]]:
    """Put the state of an interrupted training into the model.

    Returns:
        Its history; empty if there is no checkpoint, or one of another training (another key), which is discarded.
    """
    if not (checkpoint / "history.json").is_file():
        return []
    kept = json.loads((checkpoint / "history.json").read_text())
    if kept["key"] != key:
        log.info("%s is of another training: starting anew", checkpoint)
        discard(checkpoint)
        return []
    history = kept["history"]
    model.optimizer.build(model.trainable_variables)
    model.load_weights(checkpoint / f"state_{len(history)}.weights.h5")
    log.info("going on after epoch %d from %s", len(history), checkpoint)
    return history


def discard(checkpoint: str | Path) -> None:
    """Remove the state of a training whose result is safely written."""
    # The history first: without it what an interruption here leaves is no checkpoint.
    (Path(checkpoint) / "history.json").unlink(missing_ok=True)
    shutil.rmtree(checkpoint, ignore_errors=True)


def _sync(path: Path) -> None:
    """Put a file on the disk: a name that outlives a power cut must not belong to an empty file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def epochs_since_best(history: list[dict[str, float]]) -> int:
    """Epochs that passed without a better validation loss."""
    losses = [row["validation_spike_loss"] for row in history]
    return len(losses) - 1 - int(np.argmin(losses)) if losses else 0
