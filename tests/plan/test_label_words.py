"""Words of a label table: a misspelt one must not lose a class without a word."""

from workflow_scripts.plan import label_tables

HEAD = "file,grade\n"


def misfits(folder, cells, **finding):
    table = folder / "labels.csv"
    rows = [f"{number}.png,{cell}\n" for number, cell in enumerate(cells)]
    table.write_text(HEAD + "".join(rows))
    labels = {"table": "labels.csv", "image": "file"}
    labels |= dict.fromkeys(("patient", "split", "view", "sex", "age"))
    labels["findings"] = {"severe": {"column": "grade", **finding}}
    label_tables._rows.cache_clear()
    return label_tables.misfits("datasets.own.labels", folder, labels)


def test_words_of_any_case_that_rows_say_are_no_misfit(tmp_path):
    cells = ["mild", "Severe", "normal", ""]
    assert not misfits(tmp_path, cells, present=["severe"], absent=["Normal"])


def test_a_word_that_no_row_says_is_told_where_rows_say_others(tmp_path):
    cells = ["mild", "severe", "normal"]
    found = misfits(tmp_path, cells, present=["sever", "mild"], absent=["normal"])
    assert found == [
        "datasets.own.labels.findings.severe.present: labels.csv: no row of column "
        "'grade' says 'sever', and some rows say what is in neither list; misspelt? "
        "If not, leave it out"
    ]


def test_a_word_without_rows_is_no_misfit_where_every_row_is_named(tmp_path):
    cells = ["severe", "normal"]
    assert not misfits(tmp_path, cells, present=["severe"], absent=["normal", "mild"])


def test_a_word_cannot_mean_both(tmp_path):
    found = misfits(tmp_path, ["mild", "b"], present=["mild"], absent=["MILD", "b"])
    place = "datasets.own.labels.findings.severe"
    assert found == [f"{place}: 'mild' cannot mean both present and absent"]
