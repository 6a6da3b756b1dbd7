import logging

import pytest

from neurodepth.training import progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def on_screen(caplog):
    caplog.set_level(logging.INFO, "neurodepth")
    return lambda: [record.getMessage() for record in caplog.records if record.on_screen]


def epochs(n, best=2):
    return [
        {"epoch": i, "validation_spike_loss": abs(i - best) + 0.1, "validation_auc": 0.9 + 0.01 * i}
        for i in range(1, n + 1)
    ]


def test_quick_epochs_share_a_line_and_the_log_has_them_all(clock, on_screen, caplog):
    shown = progress.Progress("lif, depth 3", 10, 0)
    for n in range(1, 5):
        clock[0] += 8
        shown.add(epochs(n))
    assert on_screen() == [
        "lif, depth 3: epoch 2 of 10, validation AUC 0.9200, at most 1:04 left",
        "lif, depth 3: epoch 4 of 10, validation AUC 0.9400, at most 0:48 left",
    ]
    assert len(caplog.records) == 4


def test_time_left_of_a_resumed_training_counts_its_own_epochs(clock, on_screen):
    shown = progress.Progress("lif", 400, 190)
    clock[0] += 600
    shown.add(epochs(200))
    assert on_screen()[0].endswith("at most 3:20:00 left")


@pytest.mark.parametrize(("n_epochs", "said"), [(4, "4 epochs;"), (10, "4 epochs of 10, no longer improving;")])
def test_the_end_names_the_epoch_whose_weights_are_kept(on_screen, n_epochs, said):
    progress.Progress("lif", n_epochs, 0).end(epochs(4))
    assert on_screen() == [f"lif: {said} best is epoch 2, validation AUC 0.9200"]
