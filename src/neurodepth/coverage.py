"""How much of its training data a network has seen: what its random windows scored."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sampling:
    """How the windows of a training are drawn: from any trial, starting at any millisecond at which they fit.

    Attributes:
        batch_size: Windows an update.
        window_ms: Length of a window.
        history_ms: Of its start that is not scored, for there the network does not see its whole history.
        duration_ms: Length of a trial.
    """

    batch_size: int
    window_ms: int
    history_ms: int
    duration_ms: int

    @property
    def update_ms(self) -> int:
        """Time that an update scores, in all its windows together."""
        return self.batch_size * (self.window_ms - self.history_ms)

    def passes(self, updates: int, trials: int) -> float:
        """Time scored, in units of the training data."""
        return updates * self.update_ms / (trials * self.duration_ms)

    def seen(self, updates: int, trials: int) -> float:
        """Expected fraction of the milliseconds of the training data that were scored at least once.

        A millisecond is scored by the windows that start at most `window_ms` and more than `history_ms` before its end: few at
        either end of a trial. Without these ends and the history it is 1 - exp(-passes), 63 % in one pass, 98 % in four.
        """
        time_ms, last_start_ms = np.arange(self.duration_ms), self.duration_ms - self.window_ms
        first_ms = np.maximum(time_ms - self.window_ms + 1, 0)
        starts = np.maximum(np.minimum(time_ms - self.history_ms, last_start_ms) - first_ms + 1, 0)
        windows_per_trial = updates * self.batch_size / trials
        return float(np.mean(-np.expm1(-windows_per_trial * starts / (last_start_ms + 1))))
