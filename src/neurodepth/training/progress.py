"""What a user sees of a training: lines, so that trainings side by side and log files stay readable."""

import logging
import time
from typing import Any

log = logging.getLogger(__name__)
LINE_EVERY_S = 15


class Progress:
    """Logs every epoch, and marks a line every `LINE_EVERY_S` seconds for the screen.

    Attributes:
        label: Of the training.
        n_epochs: At most.
    """

    def __init__(self, label: str, n_epochs: int, n_before: int):
        self.label, self.n_epochs, self._n_before = label, n_epochs, n_before
        self._started_s = self._shown_s = time.monotonic()

    def add(self, history: list[dict[str, Any]]) -> None:
        """Say what the last epoch gave.

        Args:
            history: A row an epoch, those before an interruption included.
        """
        now_s, n_done = time.monotonic(), len(history)
        left_s = (now_s - self._started_s) / (n_done - self._n_before) * (self.n_epochs - n_done)
        is_due = now_s - self._shown_s >= LINE_EVERY_S
        self._shown_s = now_s if is_due else self._shown_s
        text = f"epoch {n_done} of {self.n_epochs}, {_validation(history[-1])}, at most {_minutes(left_s)} left"
        log.info("%s: %s", self.label, text, extra={"on_screen": is_due and n_done < self.n_epochs})

    def end(self, history: list[dict[str, Any]]) -> None:
        """Say how the training ended."""
        best = min(history, key=lambda row: row["validation_spike_loss"])
        early = "" if len(history) == self.n_epochs else f" of {self.n_epochs}, no longer improving"
        text = f"{len(history)} epochs{early}; best is epoch {best['epoch']}, {_validation(best)}"
        log.info("%s: %s", self.label, text, extra={"on_screen": True})


def _validation(row: dict[str, Any]) -> str:
    return f"validation AUC {row['validation_auc']:.4f}"


def _minutes(seconds: float) -> str:
    """`0:40`, `12:05`, `3:00:20`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
