"""When the jobs of a stage are done."""

import heapq
from collections.abc import Iterable


def makespan_s(jobs: Iterable[tuple[float, int]], n_slots: int) -> float:
    """Time until all jobs are done, the longest begun first, each as soon as enough slots are free.

    Args:
        jobs: Of each its seconds and the slots that it takes.
        n_slots: Of the machine, or of the queue; a job that wants more takes all.
    """
    running: list[tuple[float, int]] = []
    now_s, free = 0.0, n_slots
    for seconds, wanted in sorted(jobs, reverse=True):
        slots = min(wanted, n_slots)
        while free < slots:
            now_s, freed = heapq.heappop(running)
            free += freed
        heapq.heappush(running, (now_s + seconds, slots))
        free -= slots
    return max((end_s for end_s, _ in running), default=now_s)
