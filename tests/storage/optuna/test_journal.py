"""A study's journal: private, whole after a kill, and readable by Optuna itself."""

from __future__ import annotations

import stat
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from quant_tui.storage.optuna.journal import StudyJournal


def test_what_was_flushed_is_there_and_optuna_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "studies" / "one.log"
    journal = StudyJournal(path, writable=True)
    study = optuna.create_study(storage=JournalStorage(journal), study_name="one")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    journal.flush()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    read = optuna.load_study(
        study_name="one", storage=JournalStorage(JournalFileBackend(str(path)))
    )
    assert [one.values for one in read.trials] == [one.values for one in study.trials]
    journal.close()


def test_a_line_that_was_not_finished_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    journal = StudyJournal(path, writable=True)
    journal.append_logs([{"a": 1}, {"b": 2}])
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"c": 3')
    assert list(StudyJournal(path, writable=False).read_logs(0)) == [{"a": 1}, {"b": 2}]
    assert path.read_bytes() != whole  # a reader changes nothing
    again = StudyJournal(path, writable=True)
    again.append_logs([{"d": 4}])
    again.close()
    assert list(StudyJournal(path, writable=False).read_logs(1)) == [{"b": 2}, {"d": 4}]
