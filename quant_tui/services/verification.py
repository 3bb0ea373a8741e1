"""One-time codes that prove an address: sent by mail, or shown at a store of one's own."""

from __future__ import annotations

import secrets as randomness
from dataclasses import dataclass
from datetime import timedelta

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import InvalidInput, QuantError
from quant_tui.domain.user import User, VerificationCode
from quant_tui.services.mail import Mail
from quant_tui.services.passwords import Passwords
from quant_tui.services.throttle import Throttle
from quant_tui.storage.mongo.repositories import Repositories

DIGITS = 6
TRIES = 5
LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class CodeSent:
    """Where a new code went.

    Attributes
    ----------
    email
        The address that it proves.
    code
        The code itself, when it is to be shown here; "" when it was sent by mail.
    """

    email: str
    code: str = ""


class Verification:
    """Makes and confirms codes.

    Parameters
    ----------
    private
        Whether the store is of this machine's person alone, who may see a code here.
    """

    def __init__(
        self,
        repositories: Repositories,
        passwords: Passwords,
        throttle: Throttle,
        mail: Mail,
        *,
        private: bool,
    ) -> None:
        self._repositories = repositories
        self._passwords = passwords
        self._throttle = throttle
        self._mail = mail
        self._private = private

    @property
    def by_mail(self) -> bool:
        """Whether codes are sent by mail."""
        return self._mail.is_configured

    async def send(self, user: User) -> CodeSent:
        """Make a new code, which ends the one before, and send it; or return it to be shown.

        Raises
        ------
        InvalidInput
            The address is verified already, or there is no way to give the code to its
            owner alone.
        MailNotSent
            The mail server does not take it.
        """
        if user.is_verified:
            raise InvalidInput(f"{user.email} is verified already.", field="email")
        if not self._mail.is_configured and not self._private:
            raise InvalidInput(
                "No mail server is configured, and this store is shared.",
                field="smtp.host",
                hint="Set host and sender under [smtp] in config.toml.",
            )
        code = f"{randomness.randbelow(10**DIGITS):0{DIGITS}d}"
        codes = self._repositories.for_user(user.id).verification_codes
        await codes.replace(
            VerificationCode(
                user_id=user.id,
                email=user.email,
                code_hash=await self._passwords.hash(code),
                tries_left=TRIES,
                expires_at=utc_now() + LIFETIME,
            )
        )
        if not self._mail.is_configured:
            return CodeSent(user.email, code)
        try:
            await self._mail.send(user.email, *_letter(user, code))
        except QuantError:
            await codes.drop()
            raise
        return CodeSent(user.email)

    async def confirm(self, user: User, code: str) -> User:
        """Compare a code; return the verified user when it is the right one.

        Raises
        ------
        InvalidInput
            It is wrong, expired, used up or for another address.
        TooManyTries
            Several codes in a row were wrong.
        """
        if user.is_verified:
            return user
        mine = self._repositories.for_user(user.id).verification_codes
        wanted = await mine.current()
        if (
            wanted is None
            or wanted.tries_left <= 0
            or wanted.expires_at <= utc_now()
            or wanted.email != user.email
        ):
            raise InvalidInput(
                "There is no code to confirm, or its time or tries are over.",
                field="code",
                hint="Ask for a new one.",
            )
        counted = f"code:{user.id}"
        await self._throttle.begin(counted)
        taken = await mine.take_try(wanted)
        typed = "".join(code.split())
        if not (taken and await self._passwords.matches(wanted.code_hash, typed)):
            left = wanted.tries_left - 1
            more = "Ask for a new one." if left <= 0 else f"Tries left: {left}."
            raise InvalidInput("That is not the code.", field="code", hint=more)
        if not await mine.use_up(wanted):
            raise InvalidInput(
                "The code was used already.", field="code", hint="Ask for a new one."
            )
        await self._throttle.succeeded(counted)
        stored = await self._repositories.users.get(user.id)
        if stored.email != wanted.email:
            raise InvalidInput(
                "The address was changed meanwhile.", field="code", hint="Ask for a new code."
            )
        return await self._repositories.users.update(
            stored.model_copy(update={"is_verified": True})
        )


def _letter(user: User, code: str) -> tuple[str, str]:
    minutes = int(LIFETIME.total_seconds() // 60)
    return (
        f"{code} is your quant-tui code",
        f"Hello {user.username},\n\n{code} is the code that proves this address to quant-tui. "
        f"It works once, for {minutes} minutes.\n\nIf you did not ask for it, leave it be: "
        "without the code nothing happens.\n",
    )
