"""The page of a study: what it says first, and that nothing which bears on trust is left out."""

import math
import re
import subprocess
import sys

import pytest

from automl.evaluation.intervals import Interval
from automl.report.markdown import page
from automl.tracking.record import Record
from automl.trial import Completed

EVEN = Interval(0.003, -0.01, 0.016)
BEHIND = Interval(-0.05, -0.06, -0.04)


def section(text, title):
    match = re.search(rf"^## {re.escape(title)}\n\n(.*?)(?=\n\n?## |\Z)", text, flags=re.DOTALL | re.MULTILINE)
    assert match, f"the page has no section {title!r}"
    return match[1]


def first_line(text):
    return text.splitlines()[2]


def test_a_judged_study_opens_with_its_value_interval_and_verdicts(write_study, judge):
    record = write_study()
    judge(record)
    assert first_line(page(record)) == (
        "**Test accuracy 0.8500** [0.8300, 0.8700] (95 % interval, 200 rows), validation accuracy 0.8600 by trial 4. "
        "The network is better than majority beyond chance; better than linear beyond chance."
    )


@pytest.mark.parametrize("lead", [EVEN, Interval(math.nan, math.nan, math.nan)])
def test_a_network_that_does_not_beat_linear_beyond_chance_says_so_first(write_study, judge, lead):
    record = write_study()
    judge(record, lead=lead)
    opening = "**The network does not beat the linear model beyond chance.** Test accuracy 0.8500 [0.8300, 0.8700]"
    assert first_line(page(record)).startswith(opening)


def test_a_network_that_loses_to_linear_beyond_chance_says_so_first(write_study, judge):
    record = write_study()
    judge(record, lead=BEHIND)
    opening = "**The network loses to the linear model beyond chance.** Test accuracy 0.8500 [0.8300, 0.8700]"
    assert first_line(page(record)).startswith(opening)


def test_a_network_that_loses_to_boosted_trees_alone_says_so_first(write_study, judge):
    record = write_study()
    judge(record, trees=BEHIND)
    text = page(record)
    assert first_line(text).startswith("**The network loses to boosted trees beyond chance.** Test accuracy 0.8500")
    result = section(text, "Result")
    assert "- The network is worse than boosted trees beyond chance: accuracy -0.050 [-0.060, -0.040]." in result
    assert re.search(r"\| boosted trees +\| +0.9000 \| \[0.8900, 0.9100\] +\| +-0.0500 \| ", result)


def test_a_study_that_is_not_judged_says_so_first(write_study):
    assert first_line(page(write_study())) == (
        "**Not judged yet**: validation accuracy 0.8600 by trial 4, the best of 6 trials."
    )


def test_a_study_of_which_only_the_plan_is_written_has_a_page(tmp_path):
    text = page(Record.create(tmp_path, "early", {"data": "digits"}))
    assert first_line(text) == "No trial has completed yet."
    assert "automl resume early" in text


def test_the_result_has_every_verdict_and_the_gap(write_study, judge):
    record = write_study()
    judge(record, lead=EVEN)
    result = section(page(record), "Result")
    assert "- The network is better than majority beyond chance: accuracy +0.25 [+0.19, +0.31]." in result
    assert "- The network is not distinguishable from linear: accuracy +0.003 [-0.010, +0.016]." in result
    assert "- The gap: validation accuracy 0.8600, test 0.8500: validation looked better by 0.0100." in result
    assert re.search(r"\| linear +\| +0.8470 \| \[0.8100, 0.8600\] \| +0.0030 \| \[-0.0100, 0.0160\] ", result)


def test_a_search_that_was_told_no_budget_has_the_default_one(write_study):
    assert re.search(r"\| budget +\| 30 trials, 2 min 30 s +\|", page(write_study(trials=None, timeout=None)))


def test_the_search_has_its_budget_and_counts(write_study):
    search = section(page(write_study()), "Search")
    assert re.search(r"\| budget +\| 6 trials, 10 min 0 s +\|", search)
    assert re.search(r"\| spent +\| 6 trials, 42.2 s +\|", search)
    assert re.search(r"\| trials +\| 3 completed, 1 pruned, 2 failed +\|", search)


def test_the_ten_best_trials_are_shown_in_order(write_study):
    outcomes = [({"family": "mlp"}, Completed(n / 100, 0.3, 1, 1, 1.0, 1, "epochs")) for n in range(13)]
    table = section(page(write_study(outcomes=outcomes)), "Best trials")
    assert [int(number) for number in re.findall(r"^\| +(\d+) \|", table, flags=re.MULTILINE)] == [*range(12, 2, -1)]
    assert "3 more trials completed or pruned." in table


def test_the_winner_stands_beside_the_default_with_its_differences_marked(write_study):
    record = write_study()
    record.trial(4).write_config({"family": "mlp", "family.mlp.layers": 5, "optimizer": "sgd", "optimizer.sgd.lr": 0.1})
    beside = section(page(record), "The winner beside the default")
    assert "Validation accuracy: 0.8600 against 0.8400 for the default." in beside
    assert re.search(r"\| family +\| mlp +\| mlp +\|", beside)
    assert re.search(r"\| family.mlp.layers +\| \*\*5\*\* +\| 3 +\|", beside)
    assert re.search(r"\| optimizer.sgd.lr +\| \*\*0.1\*\* +\| +\|", beside)
    assert re.search(r"\| optimizer.adamw.lr +\| +\| 0.001 +\|", beside)


def test_a_default_that_won_is_shown_once(write_study):
    outcomes = [({"family": "mlp", "clip": None}, Completed(0.9, 0.3, 1, 1, 1.0, 1, "epochs"))]
    beside = section(page(write_study(outcomes=outcomes)), "The winner beside the default")
    assert beside.startswith("The default config, trial 0, is the winner:")


def test_failures_are_counted_by_kind_with_the_first_line_of_the_first(write_study):
    failures = section(page(write_study()), "Failures")
    assert re.search(r"\| diverged +\| +1 \| 3 +\| the loss of epoch 2 is not finite +\|", failures)
    assert re.search(r"\| out_of_memory +\| +1 \| 5 +\| a batch needs 9 GB +\|", failures)


def test_pruned_trials_are_shown_at_their_rung(write_study):
    pruning = section(page(write_study()), "Pruning")
    assert re.search(r"\| +6 \| +4 \| +1 \| +\| 2 +\|", pruning)
    assert re.search(r"\| +12 \| +2 \| +0 \| +\|", pruning)


def test_the_data_has_sizes_hashes_and_findings(write_study):
    data = section(page(write_study()), "Data")
    assert re.search(r"\| train +\| +600 \| +60.0 % \|", data)
    assert f"SHA-256 of test rows: `{'cd' * 32}`." in data
    assert "- column 'id' names rows and was dropped." in data


def test_the_seal_of_a_study_that_is_not_judged_is_closed(write_study):
    assert section(page(write_study()), "The sealed test rows") == "The test rows have not been opened."


def test_every_opening_of_the_seal_is_listed(write_study, judge):
    record = write_study()
    judge(record, continued=True)
    seal = section(page(record), "The sealed test rows")
    assert seal.startswith("Opened 1 time.\n")
    assert f"- Opening 1, 2026-01-02T03:04:05+00:00: trial 4, weights `{'ab' * 32}`." in seal
    assert (
        "- Continued after an interruption, 2026-01-02T03:04:05+00:00: the same opening for the same weights." in seal
    )


def test_a_broken_seal_is_shown_with_its_reason(write_study, judge):
    record = write_study()
    judge(record)
    judge(record, reason="the first run used the wrong metric")
    seal = section(page(record), "The sealed test rows")
    assert "- Opening 2, " in seal
    assert seal.startswith("Opened 2 times, the seal **broken 1 time**.\n")
    assert "; the seal was broken because: the first run used the wrong metric." in seal


def test_notes_of_the_judgement_are_shown(write_study, judge):
    record = write_study()
    judge(record, notes=["study 2 judged on these rows: houses-1 was the first"])
    assert "- Note: study 2 judged on these rows: houses-1 was the first." in section(
        page(record), "The sealed test rows"
    )


def test_a_judgement_of_an_earlier_winner_is_shown_as_such(write_study, judge):
    record = write_study()
    judge(record, trial=0)
    text = page(record)
    assert first_line(text).startswith("**Not judged yet**")
    assert (
        "- Note: trial 0 was judged (accuracy 0.8500 [0.8300, 0.8700]) before trial 4 became the best, "
        "which has not been judged."
    ) in section(text, "The sealed test rows")


def test_the_environment_is_listed(write_study):
    assert re.search(r"\| libraries.torch +\| 2.9 +\|", section(page(write_study()), "Environment"))


def test_the_next_commands_of_a_study_that_is_not_judged_resume_it(write_study):
    commands = section(page(write_study()), "What next")
    assert "automl resume houses  " in commands
    assert "automl resume houses --trials 12  " in commands
    assert "automl export houses --output DIR  " in commands
    assert "automl judge houses  " in commands


def test_the_next_commands_of_a_judged_study_do_not_hide_the_seal(write_study, judge):
    record = write_study()
    judge(record)
    commands = section(page(record), "What next")
    assert "automl resume houses --trials 12 --break-seal REASON  " in commands


def test_a_runs_folder_of_another_name_is_named_in_the_commands(tmp_path):
    record = Record.create(tmp_path / "my runs", "early", {"data": "digits"})
    assert f"automl show early --runs-dir '{tmp_path}/my runs'" in page(record)


def test_every_table_has_as_many_cells_in_each_line(write_study, judge):
    record = write_study(data="a|b.csv")
    judge(record)
    widths = None
    for line in page(record).splitlines():
        if line.startswith("|"):
            cells = len(re.findall(r"(?<!\\)\|", line))
            assert widths in (None, cells), line
            widths = cells
        else:
            widths = None


def test_the_same_folder_gives_the_same_page(write_study, judge):
    record = write_study()
    judge(record)
    assert page(record) == page(Record(record.run_dir))


def test_reading_a_report_needs_no_heavy_library():
    heavy = ("torch", "mlflow", "optuna", "pandas", "sklearn", "numpy")
    code = f"import sys, automl.report.markdown, automl.report.trials; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_what_was_seen_in_the_layers_is_told_once_with_its_trials(write_study):
    record = write_study()
    for number, share in ((0, "60%"), (1, "75% to 90%")):
        record.trial(number).write_health({"findings": [f"{share} of the units of layer 1 of 2 (relu) are dead"]})
    record.trial(2).write_health({"findings": ["gradients vanish in layers 1-3 of 4 (sigmoid)"]})
    text = page(record)
    assert "| most of the units of layer 1 of 2 (relu) are dead |      2 | 0, 1  |" in text
    assert "| gradients vanish in layers 1-3 of 4 (sigmoid)     |      1 | 2     |" in text


def test_a_study_of_healthy_networks_says_nothing_of_layers(write_study):
    assert "## Health" not in page(write_study())


IMPORTANCE = {"method": "PED-ANOVA", "trials": 40, "best_share": 0.125, "parameters": {"family": 0.7, "absent": 0.3}}


def test_important_parameters_stand_beside_the_winners_and_the_defaults_values(write_study):
    record = write_study()
    record.write_json("search.json", {"random": [], "importance": IMPORTANCE})
    parameters = section(page(record), "Parameters")
    assert re.search(r"\| family +\| +70 % \| mlp +\| mlp +\|", parameters)
    assert re.search(r"\| absent +\| +30 % \| +\| +\|", parameters)


def test_importance_comes_with_what_it_does_not_see(write_study):
    record = write_study()
    record.write_json("search.json", {"random": [], "importance": IMPORTANCE})
    caveat = section(page(record), "Parameters").splitlines()[-1]
    assert caveat.startswith("PED-ANOVA compares the values of the best 5 of 40 trials with those of all of")
    assert caveat.endswith("of so few trials it is a hint at most.")


def test_a_study_whose_search_did_not_end_says_nothing_of_importance(write_study):
    assert "## Parameters" not in page(write_study())


def test_leaks_come_first_among_the_findings(write_study):
    record = write_study()
    split = record.read_json("split.json")
    leak = {"kind": "leak", "column": "paid", "sentence": "column 'paid' alone predicts the target"}
    record.write_json("split.json", {**split, "findings": [*split["findings"], leak]})
    data = section(page(record), "Data")
    assert "- **Leak:** column 'paid' alone predicts the target.\n- column 'id' names rows" in data


def test_the_study_once_more_is_one_command(write_study):
    record = write_study(timeout=None)
    (record.run_dir / "space.yaml").write_text("name: small\n")
    environment = section(page(record), "Environment")
    assert "on the same CPU with these versions it comes out the same, bit for bit:" in environment
    assert environment.splitlines()[-2] == (
        "automl search data/adult.csv.gz --trials 6 --seed 0 --sampler tpe --pruner asha --space runs/houses/space.yaml"
    )


def test_a_study_limited_by_time_may_come_out_otherwise(write_study):
    record = write_study()
    (record.run_dir / "space.yaml").write_text("name: small\n")
    assert "so that it may come out otherwise:" in section(page(record), "Environment")


def test_a_table_from_memory_has_no_command(write_study):
    record = write_study(data="dataframe")
    (record.run_dir / "space.yaml").write_text("name: small\n")
    assert "automl search" not in page(record)
