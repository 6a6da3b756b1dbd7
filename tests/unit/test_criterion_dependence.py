import numpy as np
import pandas as pd

from neurodepth import criterion_dependence, depth
from tests.unit.synthetic import CRITERION, TRIAL_H, resample

AUC = {(one, size): auc for one, auc in ((1, 0.93), (3, 0.97), (7, 0.985)) for size in (10, 20, 40)}
DEPTHS = (1, 3, 7)


def test_a_higher_bar_asks_for_more_layers_and_one_too_high_for_an_impossible_number():
    scores = resample(AUC, n_trials=200)
    table = criterion_dependence.tabulate(scores, CRITERION, TRIAL_H, DEPTHS)
    assert table["criterion_auc"].is_monotonic_increasing
    found = table.set_index("criterion_auc")
    assert found.loc[0.9, "required_depth"] == 1
    assert found.loc[CRITERION.auc, "required_depth"] == 3
    assert found.loc[0.99, "status"] == "not reached"
    assert pd.isna(found.loc[0.99, "required_depth"])
    required = found["required_depth"].dropna()
    assert required.is_monotonic_increasing
    assert set(required) == {1, 3, 7}


def test_a_search_that_ended_does_not_say_what_depths_it_did_not_train_would_do():
    searched = {key: auc for key, auc in AUC.items() if key[0] < 7}  # 3 meets 0.95
    grid, search = (
        criterion_dependence.tabulate(resample(one, n_trials=200), CRITERION, TRIAL_H, DEPTHS).set_index(
            "criterion_auc"
        )
        for one in (AUC, searched)
    )
    answered = search.index[search["status"] != "not searched"]
    assert CRITERION.auc in answered
    pd.testing.assert_frame_equal(search.loc[answered], grid.loc[answered])
    assert answered.max() < search.index.max()
    assert (search.loc[search.index > answered.max(), "status"] == "not searched").all()
    assert (grid.loc[0.99, "status"], search.loc[0.99, "required_depth_low"]) == ("not reached", 7)


def test_at_the_criterion_of_the_study_stands_its_verdict():
    scores = resample(AUC)
    verdict = depth.decide(scores, CRITERION, TRIAL_H)
    row = (
        criterion_dependence.tabulate(scores, CRITERION, TRIAL_H, DEPTHS).set_index("criterion_auc").loc[CRITERION.auc]
    )
    assert (row["status"], row["required_depth"]) == (verdict.status, verdict.required_depth)
    assert (row["required_depth_low"], row["required_depth_high"]) == verdict.interval


def test_a_depth_is_written_as_a_whole_number(tmp_path):
    table = criterion_dependence.tabulate(resample(AUC), CRITERION, TRIAL_H, DEPTHS)
    table.to_csv(tmp_path / "table.csv", index=False)
    assert ",1,1,1\n" in (tmp_path / "table.csv").read_text()
    assert np.isnan(pd.read_csv(tmp_path / "table.csv")["required_depth"].iloc[-1])
