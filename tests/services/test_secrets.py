"""Secrets by name: which place wins, when a person is asked, what may be shown."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from quant_tui.domain.errors import (
    InvalidInput,
    NotFound,
    QuantError,
    SecretsLocked,
    WrongPassphrase,
)
from quant_tui.domain.redaction import RedactingFilter, never_show, redact
from quant_tui.services.secrets import PassphraseQuestion, SecretService
from quant_tui.storage.secrets.store import SecretStore

PASSPHRASE = "correct horse battery"
KEY = "PLANTED-9f8e7d6c5b4a"


def secrets_of(home: Path, *, keyring: bool = False, **environment: str) -> SecretService:
    store = SecretStore(home / "secrets.sealed", "quant-tui test", use_keyring=keyring)
    return SecretService(store, environment)


class Person:
    """Answers questions about passphrases, and remembers them."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[PassphraseQuestion] = []

    async def __call__(self, question: PassphraseQuestion) -> str | None:
        self.asked.append(question)
        return self.answers.pop(0)


async def test_the_environment_wins_over_what_is_kept(tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, keyring=True)
    assert await secrets.put("openai_api_key", KEY) == "keyring"
    assert await secrets.get("openai_api_key") == KEY
    with_variable = secrets_of(tmp_path, keyring=True, OPENAI_API_KEY=" sk-from-environment ")
    assert await with_variable.get("openai_api_key") == "sk-from-environment"
    state = {one.name: one for one in await with_variable.overview()}["openai_api_key"]
    assert (state.source, state.last_four) == ("environment", "ment")
    await with_variable.remove("openai_api_key")
    with pytest.raises(NotFound, match="Unset OPENAI_API_KEY"):
        await with_variable.remove("openai_api_key")
    with pytest.raises(NotFound, match="not set"):
        await secrets.remove("openai_api_key")


async def test_a_person_is_asked_once_a_run(tmp_path: Path) -> None:
    first = secrets_of(tmp_path)
    first.asker = person = Person("short", PASSPHRASE)
    assert await first.put("smtp_password", "hush") == "file"
    assert [(one.new, bool(one.problem)) for one in person.asked] == [(True, False), (True, True)]
    await first.put("openai_api_key", KEY)
    assert len(person.asked) == 2

    later = secrets_of(tmp_path)
    later.asker = person = Person("wrong one", PASSPHRASE)
    found = await asyncio.gather(later.get("openai_api_key"), later.get("smtp_password"))
    assert found == [KEY, "hush"]
    assert [(one.new, one.problem) for one in person.asked] == [
        (False, ""),
        (False, "The passphrase is wrong."),
    ]


async def test_who_declines_is_not_asked_again_until_they_change_something(tmp_path: Path) -> None:
    await _keep_in_file(tmp_path)
    secrets = secrets_of(tmp_path)
    secrets.asker = person = Person(None, PASSPHRASE)
    for _ in range(2):
        with pytest.raises(SecretsLocked):
            await secrets.get("openai_api_key")
    assert len(person.asked) == 1
    await secrets.put("smtp_password", "hush")
    assert await secrets.get("openai_api_key") == KEY


async def test_nobody_is_asked_for_what_is_not_there(tmp_path: Path) -> None:
    await _keep_in_file(tmp_path)
    secrets = secrets_of(tmp_path)
    secrets.asker = person = Person()
    assert await secrets.get("session:abc") is None
    assert await secrets.get("smtp_password") is None
    with pytest.raises(SecretsLocked):
        await secrets.get("openai_api_key", ask=False)
    states = await secrets.overview()
    assert [(one.source, one.last_four, one.locked) for one in states] == [
        ("", "", False),
        ("file", "", True),
        ("", "", False),
    ]
    assert person.asked == []


async def test_the_environments_passphrase_opens_the_file(tmp_path: Path) -> None:
    await _keep_in_file(tmp_path)
    secrets = secrets_of(tmp_path, QUANT_TUI_PASSPHRASE=PASSPHRASE)
    assert await secrets.get("openai_api_key") == KEY
    wrong = secrets_of(tmp_path, QUANT_TUI_PASSPHRASE="something else")
    with pytest.raises(WrongPassphrase, match="QUANT_TUI_PASSPHRASE cannot be used"):
        await wrong.get("openai_api_key")
    with pytest.raises(SecretsLocked, match="need a passphrase"):
        await wrong.get("openai_api_key")


async def test_the_overview_uses_the_environments_passphrase(tmp_path: Path) -> None:
    await _keep_in_file(tmp_path)
    opened = await secrets_of(tmp_path, QUANT_TUI_PASSPHRASE=PASSPHRASE).overview()
    assert [(one.locked, one.last_four) for one in opened] == [
        (False, ""),
        (False, KEY[-4:]),
        (False, ""),
    ]
    wrong = secrets_of(tmp_path, QUANT_TUI_PASSPHRASE="something else")
    assert [one.locked for one in await wrong.overview()] == [False, True, False]
    with pytest.raises(WrongPassphrase, match="QUANT_TUI_PASSPHRASE cannot be used"):
        await wrong.get("openai_api_key")


async def test_the_passphrase_changes(tmp_path: Path) -> None:
    await _keep_in_file(tmp_path)
    secrets = secrets_of(tmp_path)
    assert await secrets.file_state() == "locked"
    with pytest.raises(WrongPassphrase):
        await secrets.change_passphrase("something else", "a brand new one")
    await secrets.change_passphrase(PASSPHRASE, "a brand new one")
    assert await secrets.file_state() == "open"
    assert await secrets.get("openai_api_key") == KEY
    assert await secrets_of(tmp_path, QUANT_TUI_PASSPHRASE="a brand new one").get(
        "openai_api_key"
    ) == (KEY)


@pytest.mark.parametrize("value", ["", "   ", "two\nlines", "x" * 10_000])
async def test_what_cannot_be_a_secret_is_refused(tmp_path: Path, value: str) -> None:
    secrets = secrets_of(tmp_path, keyring=True)
    with pytest.raises(InvalidInput) as caught:
        await secrets.put("openai_api_key", value)
    assert caught.value.field == "openai_api_key"
    assert await secrets.get("openai_api_key") is None


@pytest.mark.parametrize(("value", "shown"), [("abcdefghijk", ""), ("abcdefghijkl", "ijkl")])
async def test_short_secrets_show_nothing(tmp_path: Path, value: str, shown: str) -> None:
    secrets = secrets_of(tmp_path, keyring=True)
    await secrets.put("openai_api_key", value)
    assert [one.last_four for one in await secrets.overview()] == ["", shown, ""]


async def test_log_and_errors_never_hold_a_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = secrets_of(tmp_path, keyring=True)
    value = "PLANTED key/with+odd=letters"
    await secrets.put("alpha_vantage_api_key", value)
    await secrets_of(tmp_path, keyring=True).get("alpha_vantage_api_key")
    addresses = "GET /query?apikey=PLANTED%20key%2Fwith%2Bodd%3Dletters and PLANTED+key%2Fwith"
    assert value not in redact(f"call with {value}")
    assert "PLANTED%20key" not in redact(addresses)
    assert value not in str(QuantError(f"failed with {value}", hint=f"not {value}"))
    assert value not in repr(QuantError(f"failed with {value}"))
    with caplog.filtering(RedactingFilter()):
        try:
            raise RuntimeError(f"bad key {value}")
        except RuntimeError:
            logging.getLogger("some.library").exception("url %s", {"key": value})
    record = caplog.records[-1]
    assert value not in record.getMessage() + (record.exc_text or "")
    assert "RuntimeError" in (record.exc_text or "")


def test_ordinary_words_stay_readable() -> None:
    never_show("demo")
    assert redact("the demo home") == "the demo home"


async def _keep_in_file(home: Path) -> None:
    secrets = secrets_of(home)
    await secrets.unlock(PASSPHRASE)
    await secrets.put("openai_api_key", KEY)
