import numpy as np
import pandas as pd
import pytest

from neurodepth.convergence import improvement

UPDATES = 3000


def make_history(validation, training=None, updates=UPDATES):
    training = np.geomspace(1, 0.3, len(validation)) if training is None else training
    done = np.linspace(0, updates, len(validation) + 1)[1:]
    return pd.DataFrame({"updates": done, "training_loss": training, "validation_spike_loss": validation})


def falling(per_tenth, noise=0.0, n_epochs=30):
    tenths = 10 * np.arange(1, n_epochs + 1) / n_epochs
    return 0.01 * (1 - per_tenth) ** tenths * np.exp(noise * np.random.default_rng(0).normal(size=n_epochs))


@pytest.mark.parametrize("n_epochs", [4, 8, 12, 20])
def test_noise_seldom_passes_for_a_fall_in_few_epochs(n_epochs):
    found = [
        improvement(make_history(0.01 * np.exp(np.random.default_rng(draw).normal(0, 0.02, n_epochs))), UPDATES, 0.95)
        for draw in range(400)
    ]
    assert np.mean(np.array(found) > 0) < 0.07  # 1 / 24, the chance of four in falling order, and two and a half errors


@pytest.mark.parametrize("per_tenth", [0.01, 0.1])
def test_a_steady_fall_is_measured(per_tenth):
    assert improvement(make_history(falling(per_tenth)), UPDATES, 0.95) == pytest.approx(per_tenth)


def test_noise_and_one_bad_epoch_hardly_move_it():
    losses = falling(0.1, noise=0.02)
    losses[-2] *= 10
    assert improvement(make_history(losses), UPDATES, 0.95) == pytest.approx(0.1, abs=0.03)


def test_noise_alone_is_no_improvement():
    found = [
        improvement(make_history(0.01 * np.exp(np.random.default_rng(draw).normal(0, 0.02, 30))), UPDATES, 0.95)
        for draw in range(200)
    ]
    assert np.mean(np.array(found) > 0) < 0.06  # 0.025 is what the one side of the interval allows


def test_a_loss_that_fell_and_came_to_rest_is_at_its_end():
    losses = np.concatenate([falling(0.2, n_epochs=20), np.full(20, 0.001)])
    assert improvement(make_history(losses), UPDATES, 0.95) == 0


@pytest.mark.parametrize("ended_at", [1000, 2500])
def test_a_training_that_patience_ended_is_judged_since_its_best_epoch(ended_at):
    """One lucky epoch, twelve before the end, hides that the loss falls."""
    losses = falling(0.1, noise=0.01)
    losses[-13] = 0.5 * losses.min()
    found = improvement(make_history(losses, updates=ended_at), UPDATES, 0.95)
    assert found == pytest.approx(0.1, abs=0.03) if ended_at > 2000 else np.isnan(found)
    losses[-12:] = losses[-13] * 1.1 ** np.arange(1, 13)  # overfitting
    assert improvement(make_history(losses, updates=ended_at), UPDATES, 0.95) == 0


def test_a_patience_shorter_than_the_last_third_does_not_look_before_the_best_epoch():
    losses = falling(0.2, n_epochs=60)
    losses[48:] = losses[47] * 1.01 ** np.arange(1, 13)  # overfitting
    assert improvement(make_history(losses, updates=UPDATES / 2), UPDATES, 0.95) == 0


def test_a_loss_that_rests_while_the_learning_rate_is_high_tells_nothing():
    losses = np.concatenate([falling(0.2, n_epochs=20), 0.001 * np.exp(np.random.default_rng(0).normal(0, 0.01, 12))])
    assert np.isnan(improvement(make_history(losses, updates=1000), UPDATES, 0.95))
    assert improvement(make_history(losses, updates=2500), UPDATES, 0.95) == 0


def test_with_a_voltage_criterion_the_voltage_must_have_come_to_rest_too():
    history = make_history(falling(0.0, noise=0.01)).assign(validation_variance_explained=1 - 40 * falling(0.1))
    assert improvement(history, UPDATES, 0.95) == 0
    assert improvement(history, UPDATES, 0.95, ["auc", "variance_explained"]) == pytest.approx(0.1)


def test_a_validation_loss_that_falls_without_the_training_loss_is_chance():
    assert improvement(make_history(falling(0.1), training=np.linspace(0.3, 0.4, 30)), UPDATES, 0.95) == 0


def test_three_epochs_tell_nothing():
    assert np.isnan(improvement(make_history(np.array([0.03, 0.02, 0.01])), UPDATES, 0.95))


def test_four_epochs_that_all_improve_tell():
    assert improvement(make_history(np.array([0.08, 0.04, 0.02, 0.01])), UPDATES, 0.95) > 0.1
