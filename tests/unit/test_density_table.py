"""Densities from a table are those of a cell.yaml that says the same."""

import pytest

from neurodepth.cells import definition
from neurodepth.validation import InvalidFileError

HEADER = "region,from_um,to_um,mechanism,parameter,value\n"
TABLE = """\
# densities of a test
region,from_um,to_um,mechanism,parameter,value
soma,,,membrane,capacitance_uf_per_cm2,1.5
soma,,,leak,reversal_mv,-70
soma,,,k,reversal_mv,-85
soma,,,NaTs2,gbar_s_per_cm2,0.5
apical,0,100,Ih,gbar_s_per_cm2,0.001
apical,100,1500,Ih,gbar_s_per_cm2,0.004
,,,Ih,vshift_mv,-5
"""


@pytest.fixture
def cell(project, tmp_path):
    """A cell whose table and other keys are given."""

    def make(table, more=""):
        (tmp_path / "densities.csv").write_text(table)
        base = project / "models" / "cells" / "l5pc" / "cell.yaml"
        (tmp_path / "cell.yaml").write_text(f"extends: {base}\ndensities_path: densities.csv\n{more}")
        return definition.read(tmp_path).values

    return make


def test_a_row_sets_its_value_and_leaves_the_others(cell):
    values = cell(TABLE)
    soma = values["regions"]["soma"]
    assert (soma["capacitance_uf_per_cm2"], soma["axial_resistance_ohm_cm"]) == (1.5, 100)
    assert soma["leak"] == {"conductance_s_per_cm2": 3.0e-5, "reversal_mv": -70}
    assert soma["channels_s_per_cm2"]["NaTs2"] == 0.5
    assert soma["channels_s_per_cm2"]["Im"] == 0.000008
    assert values["mechanism_parameters"] == {"Ih": {"vshift_mv": -5}}


def test_a_table_saved_by_a_spreadsheet_is_read(cell):
    assert cell("\ufeff" + TABLE.replace("# densities of a test\n", "").replace("\n", "\r\n")) == cell(TABLE)


def test_rows_with_distances_become_steps(cell):
    expected = [{"from_um": 0, "to_um": 100, "density": 0.001}, {"from_um": 100, "to_um": 1500, "density": 0.004}]
    assert cell(TABLE)["regions"]["apical"]["channels_s_per_cm2"]["Ih"] == expected


def test_what_cell_yaml_says_itself_counts_more_than_its_table(cell):
    values = cell(TABLE, "regions: { soma: { channels_s_per_cm2: { NaTs2: 0.7 } } }\n")
    assert values["regions"]["soma"]["channels_s_per_cm2"]["NaTs2"] == 0.7


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("soma,,,NaTs2,gbar_s_per_cm2,much", "row 1 below the header: expected a number as value, found 'much'"),
        ("soma,,,Ih,vshift_mv,-5", "expected parameter gbar_s_per_cm2 of a channel in a region, found 'vshift_mv'"),
        ("apical,0,,Ih,gbar_s_per_cm2,1", "expected a number as to_um, found ''"),
        (
            "soma,,,Ih,gbar_s_per_cm2,1\nsoma,,,Ih,gbar_s_per_cm2,2",
            "row 2 below the header: expected one density of Ih",
        ),
        ("soma,,,leak,reversal,-5", "unknown key 'regions.soma.leak.reversal'"),
        ("dendrite,,,Ih,gbar_s_per_cm2,1", "unknown key 'regions.dendrite'"),
        ("soma,,,Ih,gbar_s_per_cm2,-1", "regions.soma.channels_s_per_cm2.Ih: expected"),
    ],
)
def test_a_wrong_row_is_named(cell, row, complaint):
    with pytest.raises(InvalidFileError) as error:
        cell(HEADER + row + "\n")
    assert complaint in str(error.value)


def test_other_columns_are_refused(cell):
    with pytest.raises(InvalidFileError, match="expected region, from_um, to_um, mechanism, parameter, value"):
        cell("region,value\nsoma,1\n")
