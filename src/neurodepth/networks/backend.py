"""Keras, imported without the start-up chatter of TensorFlow's native code, nor what it merely tries to import."""

import logging
import os
import sys
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported: errors only
# TensorFlow keeps the memory that it worked in. Else it goes back to the system after every step and comes again page by
# page, zeroed, which takes up to half of a prediction (docs/training.md).
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
# Some messages come before TensorFlow reads that variable: they go nowhere. Python's own errors still show.
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of every new shape of trials
# Keras tries these for wrappers and galleries that nobody here uses, which takes up to half as long again.
_tried: dict[str, Any] = {name: None for name in ("matplotlib", "sklearn") if name not in sys.modules}
sys.modules.update(_tried)  # None makes an import fail
sys.stderr.flush()
_terminal = os.dup(2)
with open(os.devnull, "w") as _nowhere:
    os.dup2(_nowhere.fileno(), 2)
    try:
        import keras
    finally:
        os.dup2(_terminal, 2)
        os.close(_terminal)
        for _name in _tried:
            del sys.modules[_name]

__all__ = ["keras", "use_threads"]


def use_threads(n_threads: int) -> None:
    """Limit the cores that this process computes on; call it before the first model is built."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(n_threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(n_threads)
