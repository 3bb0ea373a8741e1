"""Accounts: names and passwords that can be used, signing up, in and out, and leaving."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from quant_tui.config.settings import Settings
from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import (
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyTries,
    WrongPassword,
)
from quant_tui.domain.user import User
from quant_tui.services import passwords
from quant_tui.services.account_rules import password_problem, username_problem
from quant_tui.services.accounts import AccountService
from quant_tui.services.arrivals import BarsArrived
from quant_tui.services.composition import Services, open_services
from quant_tui.services.passwords import Passwords
from quant_tui.services.throttle import FREE_TRIES, wait_after
from tests.accounts import PASSWORD, sign_up

OTHER_PASSWORD = "another battery staple"


@pytest.fixture
async def nobody(settings: Settings) -> AsyncIterator[Services]:
    """Open services of a shared store without any account."""
    opened = await open_services(settings)
    yield opened
    await opened.close()


@pytest.fixture
def accounts(nobody: Services) -> AccountService:
    return nobody.accounts


@pytest.fixture
def private(accounts: AccountService) -> AccountService:
    """The accounts of a store that is of this machine's person alone."""
    accounts.private = accounts.verification._private = True
    return accounts


class OtherMachine:
    """The secrets of another machine."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self._kept.get(name)

    async def put(self, name: str, value: str) -> None:
        self._kept[name] = value

    async def remove(self, name: str) -> None:
        self._kept.pop(name, None)


@pytest.fixture
async def elsewhere(settings: Settings, nobody: Services) -> AsyncIterator[Services]:
    """Services of the same store on another machine."""
    opened = await open_services(settings)
    opened.accounts.sessions._secrets = OtherMachine()
    yield opened
    await opened.close()


class Clock:
    """The time that throttle, sessions, codes and repositories see."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta()
        for module in (
            "services.throttle",
            "services.sessions",
            "services.verification",
            "storage.mongo.accounts",
        ):
            monkeypatch.setattr(f"quant_tui.{module}.utc_now", lambda: utc_now() + self.ahead)

    def forward(self, **time: float) -> None:
        self.ahead += timedelta(**time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


# -- names


@pytest.mark.parametrize(
    "name", ["kim", "김민준_트레이더", "हिन्दी", "J.-P", "_x", "e\u0301lodie", "日本", "a" * 64]
)
async def test_a_name_in_any_script_can_be_used(private: AccountService, name: str) -> None:
    user = await private.create_local(name)
    assert user.username == unicodedata.normalize("NFC", name)
    assert not user.is_verified, "nobody has proved to read its mail"
    assert await private.local() == user


@pytest.mark.parametrize(
    "name",
    ["김 민준", "[/foo]", "a/b", "-rf", ".hidden", "👩\u200d👧", "a\u202eb", "\u0301a", "a@b",
     "\ufdfa", "kim\u200b", '{"$ne":""}'],
)  # fmt: skip
async def test_a_name_that_cannot_be_used_is_named(private: AccountService, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be used.*without blanks"):
        await private.create_local(name)
    assert await private.local() is None


async def test_a_name_that_is_too_long_is_not_repeated_in_the_answer(
    private: AccountService,
) -> None:
    with pytest.raises(InvalidInput, match=r"^The name is longer than 64 characters\."):
        await private.create_local("x" * 500)


@pytest.mark.parametrize("name", ["раypal", "kiмm", "αlpha"])
def test_a_name_of_two_scripts_that_look_alike_is_refused(name: str) -> None:
    assert "look alike" in username_problem(name)


@pytest.mark.parametrize(
    "other", ["KIM", "ｋｉｍ", "Ｋim", "K\u0131m".replace("\u0131", "i"), "\u212aim"]
)
async def test_names_that_read_alike_are_one(accounts: AccountService, other: str) -> None:
    await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    with pytest.raises(InvalidInput, match="taken") as caught:
        await accounts.sign_up(other, "other@example.org", PASSWORD)
    assert caught.value.field == "username"
    assert (await accounts.sign_in(other, PASSWORD)).username == "kim"


async def test_the_store_itself_refuses_a_second_name_that_reads_alike(nobody: Services) -> None:
    users = nobody.stores.repositories.users
    await users.create(User(username="straße", email="a@example.org"))
    with pytest.raises(Exception, match="exists already"):
        await users.create(User(username="STRASSE", email="b@example.org"))


@pytest.mark.parametrize(
    "email", ["", "kim", "@example.org", "kim@", "k im@example.org", "a@b@c", "kim@-x.org",
              "a" * 250 + "@example.org", "kim@example..org", "kim@example.org\nBcc: all@x.org"],
)  # fmt: skip
async def test_an_address_that_cannot_be_used(accounts: AccountService, email: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await accounts.sign_up("kim", email, PASSWORD)
    assert caught.value.field == "email"


async def test_an_address_belongs_to_one_account(accounts: AccountService) -> None:
    await accounts.sign_up("kim", "Kim@Example.org", PASSWORD)
    with pytest.raises(InvalidInput, match="has an account") as caught:
        await accounts.sign_up("lee", "kim@example.ORG", PASSWORD)
    assert caught.value.field == "email"


# -- passwords


@pytest.mark.parametrize(
    ("password", "said"),
    [("", "At least 8"), ("short7c", "At least 8"), ("x" * 1_000_000, "At most 256"),
     ("aaaaaaaaaa", "Too few"), ("KimMinJun1", "may not be name"),
     ("1nujnimmik", "may not be name"), ("kim@example.org", "may not be name")],
)  # fmt: skip
async def test_a_password_that_cannot_be_used(
    accounts: AccountService, password: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        await accounts.sign_up("kimminjun1", "kim@example.org", password)
    assert caught.value.field == "password"
    assert password[:20] not in str(caught.value) or not password


def test_any_script_and_length_between_makes_a_password() -> None:
    for password in ("비밀번호는 길게", "correct horse", "x1y" * 80, "пароль пароль"):
        assert password_problem(password, "kim", "kim@example.org") == ""


async def test_a_password_is_the_same_however_it_was_composed(accounts: AccountService) -> None:
    password = "비밀번호는 길게"
    await accounts.sign_up("kim", "kim@example.org", password)
    assert await accounts.sign_in("kim", unicodedata.normalize("NFD", password))


async def test_the_hash_is_argon2id_with_the_recommended_cost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    hashed = await Passwords().hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await Passwords().matches(hashed, PASSWORD)
    assert not await Passwords().matches(hashed, PASSWORD + ".")


async def test_the_made_up_hash_costs_what_a_real_one_does() -> None:
    from argon2 import extract_parameters

    real, made_up = await Passwords().hash(PASSWORD), passwords._made_up_hash()
    assert extract_parameters(real) == extract_parameters(made_up)
    assert not await Passwords().matches("", PASSWORD)


async def test_a_hash_of_other_parameters_is_made_anew(
    accounts: AccountService, nobody: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    monkeypatch.setattr(passwords, "TIME_COST", 2)
    await accounts.sign_in("kim", PASSWORD)
    now = await nobody.stores.repositories.users.get(made.id)
    assert ",t=2," in now.password_hash
    again = await accounts.sign_in("kim", PASSWORD)
    assert again.password_hash == now.password_hash


# -- signing in


class Counting(Passwords):
    """Counts what is computed."""

    def __init__(self) -> None:
        self.computed: list[str] = []

    async def hash(self, password: str) -> str:
        self.computed.append("hash")
        return await super().hash(password)

    async def matches(self, password_hash: str, password: str) -> bool:
        self.computed.append("matches")
        return await super().matches(password_hash, password)


async def test_unknown_user_and_wrong_password_are_answered_alike(
    nobody: Services, accounts: AccountService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    gone = await accounts.sign_up("gone", "gone@example.org", PASSWORD)
    await accounts.deactivate(gone, PASSWORD)
    verified: list[str] = []
    verify = passwords._verify

    def counted(password_hash: str, password: str) -> bool:
        verified.append(password_hash)
        return verify(password_hash, password)

    monkeypatch.setattr(passwords, "_verify", counted)
    accounts._passwords = counting = Counting()
    commands: list[list[str]] = []
    seen = []
    for name, password in (
        ("kim", "wrong password"),
        ("nobody", "wrong password"),
        ("gone", PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("kim", "x" * 1_000_000),
        ("nobody", "x" * 1_000_000),
        ('{"$ne": ""}', PASSWORD),
        ("$where", PASSWORD),
    ):
        counting.computed.clear()
        verified.clear()
        with pytest.raises(WrongPassword) as caught:
            await accounts.sign_in(name, password)
        seen.append(
            (str(caught.value), caught.value.field, tuple(counting.computed), len(verified))
        )
        commands.append(list(counting.computed))
    assert len(set(seen)) == 1, seen
    assert seen[0][2:] == (("matches",), 1)


async def test_one_signs_in_by_name_or_address_in_any_case(accounts: AccountService) -> None:
    made = await accounts.sign_up("김민준", "Kim@Example.org", PASSWORD)
    for name in ("김민준", unicodedata.normalize("NFD", "김민준"), "KIM@example.org", " 김민준 "):
        assert (await accounts.sign_in(name, PASSWORD)).id == made.id


@pytest.mark.parametrize("value", [{"$ne": ""}, ["kim"], None, 1])
async def test_a_name_that_is_no_text_never_reaches_the_store(
    accounts: AccountService, value: Any
) -> None:
    await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    with pytest.raises((InvalidInput, TypeError, AttributeError)):
        await accounts.sign_in(value, PASSWORD)
    with pytest.raises((InvalidInput, TypeError, AttributeError)):
        await accounts.sign_in("kim", value)


async def test_failures_slow_down_and_lock_for_known_and_unknown_alike(
    accounts: AccountService, clock: Clock
) -> None:
    await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    for name in ("kim", "nobody"):
        for _ in range(FREE_TRIES):
            with pytest.raises(WrongPassword):
                await accounts.sign_in(name, "wrong password")
        with pytest.raises(TooManyTries, match=r"Wait (29|30) seconds"):
            await accounts.sign_in(name, PASSWORD)
    clock.forward(seconds=31)
    with pytest.raises(WrongPassword):
        await accounts.sign_in("kim", "wrong password")
    with pytest.raises(TooManyTries, match="Wait 60 seconds"):
        await accounts.sign_in("kim", PASSWORD)
    clock.forward(seconds=61)
    assert await accounts.sign_in("kim", PASSWORD)
    with pytest.raises(WrongPassword):
        await accounts.sign_in("kim", "wrong password")  # counted from the beginning again


async def test_every_spelling_of_a_name_has_one_count(accounts: AccountService) -> None:
    await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    for name in ("kim", "KIM", "ｋｉｍ", " kim", "Kim"):
        with pytest.raises(WrongPassword):
            await accounts.sign_in(name, "wrong password")
    with pytest.raises(TooManyTries):
        await accounts.sign_in("kIM", PASSWORD)


async def test_the_count_holds_for_other_processes_and_many_at_once(
    elsewhere: Services, accounts: AccountService
) -> None:
    await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    tries = [
        one.sign_in("kim", f"wrong password {number}")
        for number in range(12)
        for one in (accounts, elsewhere.accounts)
    ]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, WrongPassword) for one in answers) == FREE_TRIES
    assert sum(isinstance(one, TooManyTries) for one in answers) == len(tries) - FREE_TRIES


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(n).total_seconds() for n in range(4, 13)]
    assert waits == [0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert wait_after(10**9).total_seconds() == 900


# -- sessions


async def test_a_shared_store_never_signs_anybody_in_silently(
    settings: Settings, nobody: Services, elsewhere: Services
) -> None:
    assert nobody.user is None
    assert await nobody.accounts.is_new()
    user = await sign_up(nobody, "kim")
    assert await elsewhere.accounts.recognise() is None
    with pytest.raises(InvalidInput, match="shared"):
        await elsewhere.accounts.create_local("kim")
    again = await open_services(settings)
    assert again.user == user, "the kept session does"
    await again.accounts.sign_out()
    await again.close()
    once_more = await open_services(settings)
    assert once_more.user is None
    await once_more.close()


async def test_a_kept_session_signs_in_until_it_ends(
    accounts: AccountService, clock: Clock
) -> None:
    made = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    assert await accounts.recognise() == made
    clock.forward(days=29)
    assert await accounts.recognise() == made
    clock.forward(days=2)
    assert await accounts.recognise() is None


async def token_of(accounts: AccountService) -> str:
    return await accounts.sessions._secrets.get(accounts.sessions._name) or ""


async def keep_token(accounts: AccountService, token: str) -> None:
    await accounts.sessions._secrets.put(accounts.sessions._name, token)


async def test_the_store_has_the_hash_of_the_token_alone(
    accounts: AccountService, nobody: Services
) -> None:
    made = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    token = await token_of(accounts)
    assert token.startswith(made.id)
    database = nobody.stores.metadata.database
    for name in await database.list_collection_names():
        for document in await database[name].find({}).to_list():
            assert token.partition(".")[2] not in str(document)
            assert PASSWORD not in str(document)


async def test_the_token_of_another_user_opens_nothing(accounts: AccountService) -> None:
    kim = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    secret = (await token_of(accounts)).partition(".")[2]
    lee = await accounts.sign_up("lee", "lee@example.org", PASSWORD)
    secret_of_lee = (await token_of(accounts)).partition(".")[2]
    for token in (f"{kim.id}.{secret_of_lee}", f"{lee.id}.{secret}", f"{kim.id}.", kim.id,
                  f"{kim.id}.{secret}", ".", "$ne.x", "x" * 1000):  # fmt: skip
        await keep_token(accounts, token)
        assert await accounts.recognise() is None, token
    await keep_token(accounts, f"{lee.id}.{secret_of_lee}")
    assert await accounts.recognise() == lee


async def test_sign_out_ends_the_session_in_the_store_too(
    accounts: AccountService, nobody: Services
) -> None:
    user = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    token = await token_of(accounts)
    await accounts.sign_out()
    assert await token_of(accounts) == ""
    await keep_token(accounts, token)
    assert await accounts.recognise() is None
    assert await nobody.stores.repositories.for_user(user.id).sessions.alive() == []


async def test_another_sign_in_on_this_machine_ends_the_session_before(
    accounts: AccountService,
) -> None:
    kim = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    await accounts.sign_up("lee", "lee@example.org", PASSWORD)
    assert await accounts.places(kim) == []


async def test_a_changed_password_ends_every_other_session(
    elsewhere: Services, accounts: AccountService
) -> None:
    user = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    there = await elsewhere.accounts.sign_in("kim", PASSWORD)
    assert len(await accounts.places(user)) == 2
    changed = await accounts.change_password(user, PASSWORD, OTHER_PASSWORD)
    assert len(await accounts.places(user)) == 1
    assert await accounts.recognise() == changed
    assert await elsewhere.accounts.recognise() is None
    with pytest.raises(NotSignedIn, match="from elsewhere"):
        await elsewhere.accounts.sessions.check(there)
    with pytest.raises(WrongPassword):
        await elsewhere.accounts.sign_in("kim", PASSWORD)
    assert await elsewhere.accounts.sign_in("kim", OTHER_PASSWORD)


async def test_a_session_kept_for_one_command_leaves_none(accounts: AccountService) -> None:
    user = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    await accounts.sign_out()
    assert (await accounts.sign_in("kim", PASSWORD, keep=False)).id == user.id
    assert await accounts.places(user) == []


async def test_a_session_that_cannot_be_kept_says_why(accounts: AccountService) -> None:
    async def locked(name: str, value: str) -> None:
        raise InvalidInput("The keyring is locked.")

    accounts.sessions._secrets.put = locked  # type: ignore[method-assign]
    user = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    assert accounts.unkept == "The keyring is locked."
    assert await accounts.places(user) == []


# -- changes


async def test_changing_the_password_needs_the_present_one(accounts: AccountService) -> None:
    user = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    with pytest.raises(WrongPassword):
        await accounts.change_password(user, "not the password", OTHER_PASSWORD)
    with pytest.raises(InvalidInput, match="At least") as caught:
        await accounts.change_password(user, PASSWORD, "short")
    assert caught.value.field == "new"
    for _ in range(FREE_TRIES - 1):
        with pytest.raises(WrongPassword):
            await accounts.check_password(user, "not the password")
    with pytest.raises(TooManyTries):
        await accounts.check_password(user, PASSWORD)


async def test_a_deactivated_account_is_closed_and_its_name_stays_taken(
    accounts: AccountService,
) -> None:
    user = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    with pytest.raises(WrongPassword):
        await accounts.deactivate(user, "not the password")
    token = await token_of(accounts)
    await accounts.deactivate(user, PASSWORD)
    await keep_token(accounts, token)
    assert await accounts.recognise() is None
    with pytest.raises(WrongPassword):
        await accounts.sign_in("kim", PASSWORD)
    with pytest.raises(InvalidInput, match="taken"):
        await accounts.sign_up("kim", "new@example.org", PASSWORD)


async def test_names_change_and_a_new_address_is_unproved(
    accounts: AccountService, nobody: Services
) -> None:
    user = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    await nobody.stores.repositories.users.update(user.model_copy(update={"is_verified": True}))
    renamed = await accounts.change_names(user, "Kim", "kim@example.org")
    assert (renamed.username, renamed.is_verified) == ("Kim", True)
    moved = await accounts.change_names(user, "kim2", "kim@example.net")
    assert (moved.email, moved.is_verified) == ("kim@example.net", False)
    await accounts.sign_up("lee", "lee@example.org", PASSWORD)
    with pytest.raises(InvalidInput, match="taken"):
        await accounts.change_names(user, "LEE", "kim@example.net")
    with pytest.raises(InvalidInput, match="has an account"):
        await accounts.change_names(user, "kim2", "LEE@example.org")
    assert (await accounts.sign_in("KIM2", PASSWORD)).id == user.id


async def test_a_place_of_another_user_cannot_be_ended(accounts: AccountService) -> None:
    kim = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    (place,) = await accounts.places(kim)
    lee = User(id="64b7f0c2a1b2c3d4e5f60799", username="lee", email="lee@example.org")
    with pytest.raises(NotFound):
        await accounts.end_place(lee, place.id)
    await accounts.end_place(kim, place.id)
    assert await accounts.recognise() is None


# -- stores of one's own, and of earlier versions


async def test_a_private_account_opens_without_a_password_until_one_is_set(
    private: AccountService,
) -> None:
    user = await private.create_local("kim")
    assert await private.recognise() == user
    assert (await private.sign_in("kim", "")).id == user.id
    with pytest.raises(WrongPassword):
        await private.sign_in("kim", "anything")
    changed = await private.change_password(user, "", PASSWORD)
    assert await private.recognise() == changed
    await private.sign_out()
    assert await private.recognise() is None
    with pytest.raises(WrongPassword):
        await private.sign_in("kim", "")
    assert await private.sign_in("kim", PASSWORD)


async def test_two_accounts_at_one_machine_are_asked_for(private: AccountService) -> None:
    await private.create_local("kim")
    await private.sign_up("lee", "lee@example.org", PASSWORD)
    await private.sign_out()
    assert await private.recognise() is None


async def test_an_account_without_password_does_not_open_a_shared_store(
    accounts: AccountService, nobody: Services
) -> None:
    await nobody.stores.repositories.users.create(User(username="kim", email="kim@localhost"))
    await nobody.stores.repositories.users.create(User(username="lee", email="lee@localhost"))
    assert await accounts.recognise() is None
    for password in ("", "anything"):
        with pytest.raises(WrongPassword):
            await accounts.sign_in("kim", password)


async def test_the_lone_account_of_an_earlier_version_is_taken_over_with_what_it_has(
    accounts: AccountService, nobody: Services
) -> None:
    old = await nobody.stores.repositories.users.create(User(username="kim", email="kim@localhost"))
    await nobody.sign_in(old)
    made = await nobody.strategies.create("Golden cross", "SMA_CROSSOVER", {})
    user = await accounts.sign_up("kim", "kim@example.org", PASSWORD)
    await nobody.sign_in(user)
    assert [one.id for one in await nobody.strategies.list()] == [made.id]
    with pytest.raises(InvalidInput, match="taken"):
        await accounts.sign_up("kim", "second@example.org", PASSWORD)


async def test_signing_out_leaves_nothing_of_the_user(nobody: Services) -> None:
    await sign_up(nobody, "kim")
    mine, feed = nobody.mine, nobody.arrivals
    for one in (nobody.alerts, nobody.portfolios, nobody.learning, nobody.retrieval):
        assert one is not None
    listening = len(feed._listeners)

    async def work(_context: object) -> None:
        await asyncio.sleep(3600)

    job = nobody.jobs.start("backtest", "of kim", work)
    await asyncio.sleep(0)
    job.token.cancel()
    assert job.task is not None
    job.task.cancel()
    await nobody.sign_out()
    assert nobody.jobs.jobs == []
    assert listening - len(feed._listeners) >= 4, "whoever listened for the user"
    assert mine.retrieval._task is None
    assert nobody.user is None
    with pytest.raises(NotSignedIn, match="Nobody is signed in"):
        _ = nobody.mine


async def test_the_first_new_bars_wake_what_acts_on_them(nobody: Services) -> None:
    await sign_up(nobody, "kim")
    assert not nobody.mine.has("alerts")
    assert not nobody.mine.has("learning")
    nobody.arrivals.publish(BarsArrived(("SPX",), "1d"))
    heard = [nobody.mine.alerts._arrivals, nobody.mine.learning.scoring._arrivals]
    assert [one._arrived for one in heard] == [{"1d": {"SPX"}}] * 2
    nobody.arrivals.publish(BarsArrived(("IXIC",), "1d"))
    assert [one._arrived for one in heard] == [{"1d": {"SPX", "IXIC"}}] * 2
