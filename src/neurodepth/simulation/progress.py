"""What a user sees of running trials, and of other long work: progress with the time left, a line in the log for each, a summary."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO, TypeVar

from tqdm import tqdm

from neurodepth.cells.trial import Trial
from neurodepth.jobs import Lines
from neurodepth.simulation.engine import Timed
from neurodepth.simulation.protocol import Protocol

log = logging.getLogger(__name__)
Item = TypeVar("Item")
LINE_EVERY_S = 15  # between two lines of progress where the output is no terminal
# A cell of 0.5 Hz, half the rate that the shipped inputs aim at, is silent for so long once in 20,000 times.
SILENT_AFTER_S = 20
# Layer-5 pyramidal cells do not sustain such a rate; at it a tenth of all milliseconds holds a spike.
HIGHEST_RATE_HZ = 100
COUNTS = "{n_fmt}/{total_fmt} {unit}s [{elapsed}, {remaining} left, {rate_noinv_fmt}{postfix}]"


def follow(
    timed: Iterable[Timed[Trial]], indices: Sequence[int], label: str, protocol: Protocol, split: str
) -> Iterator[Trial]:
    """Pass trials on while showing and logging them.

    Args:
        timed: Trials in the order of `indices`.
        indices: Numbers of the trials within their split.
        label: What the progress bar calls them.
        protocol: How they are simulated.
        split: Their split.
    """
    started_s = time.monotonic()
    seconds, n_trials, n_spikes = protocol.duration_ms / 1000, 0, 0
    with bar(len(indices), label) as shown:
        for index, one in zip(indices, timed, strict=True):
            n_trials, n_spikes = n_trials + 1, n_spikes + len(one.value.spike_time_ms)
            where = f"{one.host} (process {one.process_id})"
            log.info(
                *("%s trial %d: seed %d, %s, %.2f s, %d spikes", split, index, protocol.seed, where, one.seconds),
                len(one.value.spike_time_ms),
            )
            speed = n_trials * seconds / (time.monotonic() - started_s)
            shown.set_postfix_str(f"{speed:.2f} bio-s/s, {n_spikes / (n_trials * seconds):.2f} Hz", refresh=False)
            shown.update()
            yield one.value
    log.info("%s: %s", label, summary(n_trials, seconds, n_spikes, time.monotonic() - started_s))
    if complaint := rate_complaint(n_spikes, n_trials * seconds):
        log.warning("%s: %s", label, complaint)


def each(items: Iterable[Item], n_items: int, label: str, unit: str = "trial") -> Iterator[Item]:
    """Pass items on while showing how many are done.

    Args:
        items: What takes time, before or after it is passed on.
        n_items: How many there are.
        label: What the progress bar calls the work.
        unit: What it calls an item.
    """
    with bar(n_items, label, unit=unit) as shown:
        for item in items:
            yield item
            shown.update()


def bar(n_items: int, label: str, file: TextIO | None = None, unit: str = "trial") -> tqdm:
    """A progress bar on a terminal; elsewhere one line every `LINE_EVERY_S` seconds."""
    file = file or sys.stderr
    if file.isatty():
        return tqdm(total=n_items, desc=label, unit=unit, file=file, bar_format="{desc}: {bar} " + COUNTS)
    return tqdm(
        total=n_items,
        desc=label,
        unit=unit,
        file=Lines(file),
        bar_format="{desc}: " + COUNTS,
        mininterval=LINE_EVERY_S,
        maxinterval=LINE_EVERY_S,
    )


def summary(n_trials: int, trial_s: float, n_spikes: int, wall_s: float) -> str:
    """One line on some trials.

    Args:
        n_trials: How many.
        trial_s: Length of one.
        n_spikes: Output spikes of all.
        wall_s: How long they took.
    """
    biology_s = n_trials * trial_s
    return (
        f"{n_trials} trials, {biology_s:g} bio-s in {wall_s:.1f} s ({biology_s / wall_s:.2f} bio-s/s), "
        f"mean output rate {n_spikes / biology_s:.2f} Hz"
    )


def rate_complaint(n_spikes: int, biology_s: float) -> str:
    """What is wrong with the output rate of a cell; an empty string if nothing is."""
    rate_hz = n_spikes / biology_s
    advice = "a network learns nothing from that; look at the cell's `input` and conductances"
    if n_spikes == 0 and biology_s >= SILENT_AFTER_S:
        return f"the cell never spikes: 0 Hz over {biology_s:g} s; {advice}"
    if rate_hz > HIGHEST_RATE_HZ:
        return (
            f"the cell always spikes: {rate_hz:.0f} Hz over {biology_s:g} s, expected below {HIGHEST_RATE_HZ}; {advice}"
        )
    return ""
