"""The local account: which names can be used."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator

import pytest

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import InvalidInput
from quant_tui.services.composition import Services, open_services


@pytest.fixture
async def nobody(settings: Settings) -> AsyncIterator[Services]:
    """Open services before the first start's welcome."""
    opened = await open_services(settings)
    yield opened
    await opened.stores.metadata.database.client.drop_database(opened.stores.metadata.database.name)
    await opened.close()


@pytest.mark.parametrize(
    "name", ["kim", "김민준_트레이더", "हिन्दी", "J.-P", "_x", "e\u0301lodie", "日本", "a" * 64]
)
async def test_a_name_in_any_script_can_be_used(nobody: Services, name: str) -> None:
    user = await nobody.accounts.create_local(name)
    assert user.username == unicodedata.normalize("NFC", name)
    assert await nobody.accounts.local() == user


@pytest.mark.parametrize(
    "name",
    ["김 민준", "[/foo]", "a/b", "-rf", ".hidden", "👩\u200d👧", "a\u202eb", "\u0301a", "a@b"],
)
async def test_a_name_that_cannot_be_used_is_named(nobody: Services, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be used.*without blanks"):
        await nobody.accounts.create_local(name)
    assert await nobody.accounts.local() is None


async def test_a_name_that_is_too_long_is_not_repeated_in_the_answer(nobody: Services) -> None:
    with pytest.raises(InvalidInput, match=r"^The name is longer than 64 characters\."):
        await nobody.accounts.create_local("x" * 500)
