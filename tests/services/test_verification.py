"""One-time codes, by mail over a real SMTP server, and shown at a store of one's own."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from quant_tui.config.settings import Settings, SmtpSettings
from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import InvalidInput, MailNotSent, TooManyTries
from quant_tui.domain.user import User
from quant_tui.services.composition import Services, open_services
from quant_tui.services.throttle import FREE_TRIES
from quant_tui.services.verification import TRIES, Verification
from tests.accounts import sign_up


class MailBox:
    """Takes every message, or refuses them."""

    def __init__(self) -> None:
        self.letters: list[Envelope] = []
        self.refuses = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        if self.refuses:
            return "554 no"
        self.letters.append(envelope)
        return "250 OK"


@pytest.fixture
def box() -> MailBox:
    return MailBox()


@pytest.fixture
def server(box: MailBox) -> Iterator[Controller]:
    def check(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        right = LoginPassword(b"mailer", b"mail password 1")
        return AuthResult(success=data == right)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        box, hostname="127.0.0.1", port=port, authenticator=check, auth_require_tls=False
    )
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
async def mailing(
    settings: Settings, server: Controller, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Services]:
    """Open services of a shared store with a mail server."""
    monkeypatch.setenv("QUANT_TUI_SMTP_PASSWORD", "mail password 1")
    smtp = SmtpSettings(
        host="127.0.0.1",
        port=server.port,
        user="mailer",
        sender="desk@example.org",
        security="none",
    )
    opened = await open_services(replace(settings, smtp=smtp))
    yield opened
    await opened.close()


@pytest.fixture
def shown(services: Services) -> Verification:
    """The codes of a store that is of this machine's person alone."""
    services.accounts.verification._private = True
    return services.accounts.verification


def me(services: Services) -> User:
    assert services.user is not None
    return services.user


def code_in(letter: Envelope) -> str:
    text = letter.content.decode() if isinstance(letter.content, bytes) else ""
    found = re.search(r"^(\d{6}) is the code", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


async def test_a_code_comes_by_mail_and_works_once(mailing: Services, box: MailBox) -> None:
    user = await sign_up(mailing, "kim")
    verification = mailing.accounts.verification
    sent = await verification.send(user)
    assert sent.code == "", "it is for the reader of the mail alone"
    (letter,) = box.letters
    assert letter.rcpt_tos == ["kim@example.org"]
    verified = await verification.confirm(user, f" {code_in(letter)} ")
    assert verified.is_verified
    assert (await mailing.stores.repositories.users.get(user.id)).is_verified
    with pytest.raises(InvalidInput, match="no code"):
        await verification.confirm(user, code_in(letter))
    with pytest.raises(InvalidInput, match="verified already"):
        await verification.send(verified)


async def test_mail_that_is_refused_leaves_no_code(mailing: Services, box: MailBox) -> None:
    user = await sign_up(mailing, "kim")
    box.refuses = True
    with pytest.raises(MailNotSent, match="554 no"):
        await mailing.accounts.verification.send(user)
    mine = mailing.stores.repositories.for_user(user.id)
    assert await mine.verification_codes.current() is None


async def test_a_wrong_mail_password_is_not_repeated(
    mailing: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await sign_up(mailing, "kim")
    monkeypatch.setenv("QUANT_TUI_SMTP_PASSWORD", "wrong mail password")
    with pytest.raises(MailNotSent) as caught:
        await mailing.accounts.verification.send(user)
    assert "wrong mail password" not in str(caught.value)
    assert "smtp_password" in caught.value.hint


async def test_a_server_that_is_away_is_named(services: Services) -> None:
    from quant_tui.services.mail import Mail

    mail = Mail(SmtpSettings(host="127.0.0.1", port=1, security="none"), services.secrets)
    with pytest.raises(MailNotSent, match=r"127\.0\.0\.1:1 did not take"):
        await mail.send("kim@example.org", "x", "y")


async def test_a_server_without_tls_gets_nothing_when_tls_is_asked_for(
    mailing: Services, box: MailBox
) -> None:
    from quant_tui.services.mail import Mail

    settings = replace(mailing.settings.smtp, security="starttls")
    with pytest.raises(MailNotSent):
        await Mail(settings, mailing.secrets).send("kim@example.org", "x", "y")
    assert box.letters == []


async def test_no_line_of_a_name_becomes_a_header(mailing: Services, box: MailBox) -> None:
    from quant_tui.services.mail import Mail

    mail = Mail(mailing.settings.smtp, mailing.secrets)
    with pytest.raises((MailNotSent, ValueError)):
        await mail.send("kim@example.org\nBcc: all@example.org", "x", "y")
    assert box.letters == []


async def test_at_a_shared_store_no_code_is_shown(services: Services) -> None:
    with pytest.raises(InvalidInput, match="shared") as caught:
        await services.accounts.verification.send(me(services))
    assert "[smtp]" in caught.value.hint


async def test_a_code_has_few_tries(services: Services, shown: Verification) -> None:
    sent = await shown.send(me(services))
    wrong = "000000" if sent.code != "000000" else "000001"
    for left in range(TRIES - 1, -1, -1):
        said = f"Tries left: {left}" if left else "Ask for a new one"
        with pytest.raises(InvalidInput, match=said):
            await shown.confirm(me(services), wrong)
    with pytest.raises(InvalidInput, match="tries are over"):
        await shown.confirm(me(services), sent.code)


async def test_new_codes_do_not_give_new_tries_without_end(
    services: Services, shown: Verification
) -> None:
    for _ in range(FREE_TRIES):
        sent = await shown.send(me(services))
        wrong = "000000" if sent.code != "000000" else "000001"
        with pytest.raises(InvalidInput):
            await shown.confirm(me(services), wrong)
    sent = await shown.send(me(services))
    with pytest.raises(TooManyTries):
        await shown.confirm(me(services), sent.code)


async def test_a_code_expires_and_a_new_one_ends_the_one_before(
    services: Services, shown: Verification, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await shown.send(me(services))
    second = await shown.send(me(services))
    if first.code != second.code:
        with pytest.raises(InvalidInput, match="not the code"):
            await shown.confirm(me(services), first.code)
    later = utc_now() + timedelta(minutes=16)
    monkeypatch.setattr("quant_tui.services.verification.utc_now", lambda: later)
    with pytest.raises(InvalidInput, match="time or tries"):
        await shown.confirm(me(services), second.code)


async def test_a_code_is_for_the_address_it_was_sent_to(
    services: Services, shown: Verification
) -> None:
    sent = await shown.send(me(services))
    moved = await services.accounts.change_names(me(services), "trader", "new@example.org")
    with pytest.raises(InvalidInput, match="no code"):
        await shown.confirm(moved, sent.code)


async def test_the_store_has_no_code(services: Services, shown: Verification) -> None:
    sent = await shown.send(me(services))
    mine = services.stores.repositories.for_user(me(services).id)
    kept = await mine.verification_codes.current()
    assert kept is not None
    assert kept.code_hash.startswith("$argon2id$")
    assert sent.code not in str(kept.model_dump(exclude={"id", "code_hash", "user_id"}))
