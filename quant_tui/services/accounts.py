"""Who works here: signing up, in and out, passwords, and leaving."""

from __future__ import annotations

from quant_tui.domain.errors import Conflict, InvalidInput, WrongPassword
from quant_tui.domain.user import User, UserSession, folded
from quant_tui.services.account_rules import (
    clean_email,
    clean_username,
    email_problem,
    password_problem,
    suggested_username,
    username_problem,
)
from quant_tui.services.passwords import Passwords
from quant_tui.services.sessions import Sessions
from quant_tui.services.throttle import Throttle
from quant_tui.services.verification import Verification
from quant_tui.storage.mongo.repositories import Repositories


class AccountService:
    """The accounts of one store.

    Parameters
    ----------
    private
        Whether the store is of this machine's person alone: its one account opens without
        a password until one is set. At a shared store nobody is signed in unasked.
    """

    def __init__(
        self,
        repositories: Repositories,
        *,
        passwords: Passwords,
        throttle: Throttle,
        sessions: Sessions,
        verification: Verification,
        private: bool,
    ) -> None:
        self._repositories = repositories
        self._users = repositories.users
        self._passwords = passwords
        self._throttle = throttle
        self.sessions = sessions
        self.verification = verification
        self.private = private
        self.unkept = ""
        """Why the last sign-in does not outlast this process; "" when it does."""

    # -- who is here

    async def recognise(self) -> User | None:
        """Return who may work here without being asked, or None.

        That is the account of a private store without a password, or whose session was
        kept on this machine.
        """
        if self.private:
            active = await self._users.active()
            if not active:
                return None
            if len(active) == 1 and not active[0].password_hash:
                return active[0]
        return await self.sessions.resume()

    async def is_new(self) -> bool:
        """Return whether nobody has an account yet."""
        return not await self._users.count({"is_active": True})

    async def local(self) -> User | None:
        """Return the first account of a private store, or None before its welcome."""
        if not self.private:
            return None
        found = await self._users.active()
        return found[0] if found else None

    async def create_local(self, username: str = "") -> User:
        """Make the account of a private store, or return it when another instance was faster.

        Parameters
        ----------
        username
            Letters with their marks, digits, ``_``, ``.`` and ``-``, any script, 1 to 64;
            empty for the name of the person at this machine.

        Raises
        ------
        InvalidInput
            When the name cannot be used, or the store is shared.
        """
        if not self.private:
            raise InvalidInput("This store is shared.", hint="Sign up for an account at it.")
        if (existing := await self.local()) is not None:
            return existing
        name = clean_username(username) or suggested_username()
        _require("username", username_problem(name))
        try:
            return await self._users.create(
                User(username=name, email=clean_email(f"{name}@localhost"))
            )
        except Conflict:
            existing = await self.local()
            if existing is None:
                raise
            return existing

    # -- in and out

    async def sign_up(self, username: str, email: str, password: str) -> User:
        """Make an account and begin a session of it.

        An account that an earlier version made at a shared store, alone there and without
        a password, is taken over with all it has.

        Raises
        ------
        InvalidInput
            Name, address or password cannot be used, or is taken; ``field`` says which.
        """
        name, address = clean_username(username), clean_email(email)
        _require("username", username_problem(name))
        _require("email", email_problem(address))
        _require("password", password_problem(password, name, address))
        before = None if self.private else await self._left_open()
        await self._require_free(name, address, but=before)
        password_hash = await self._passwords.hash(password)
        values = {"username": name, "email": address, "password_hash": password_hash}
        try:
            if before is not None:
                user = await self._users.update(before.model_copy(update=values))
            else:
                user = await self._users.create(User(**values))
        except Conflict:
            await self._require_free(name, address)
            raise
        await self._begin(user)
        return user

    async def sign_in(self, name: str, password: str, *, keep: bool = True) -> User:
        """Begin a session.

        Parameters
        ----------
        name
            Username or address.
        keep
            Whether it outlasts this process.

        Raises
        ------
        WrongPassword
            They do not belong together, or there is no such account, or no longer; which
            of these is told neither by words nor by time.
        TooManyTries
            Several in a row were wrong.
        """
        name = folded(name.strip())
        await self._throttle.begin(name)
        user = await (self._users.by_email(name) if "@" in name else self._users.by_username(name))
        if user is not None and not user.is_active:
            user = None
        opens = await self._passwords.matches(user.password_hash if user else "", password)
        if user is not None and self.private and not user.password_hash:
            opens = password == ""
        if user is None or not opens:
            raise WrongPassword(
                "Name and password do not belong together.",
                field="password",
                hint="Check both.",
            )
        await self._throttle.succeeded(name)
        user = await self._with_fresh_hash(user, password)
        await self._begin(user, keep=keep)
        return user

    async def sign_out(self) -> None:
        """End the session of this machine."""
        await self.sessions.end()

    async def check_password(self, user: User, password: str) -> None:
        """Return when it is the user's password: to unlock the screen, or before a change.

        Raises
        ------
        WrongPassword
            It is not.
        TooManyTries
            Several in a row were wrong.
        """
        stored = await self._users.get(user.id)
        if not stored.password_hash:
            return
        counted = f"user:{user.id}"
        await self._throttle.begin(counted)
        if not await self._passwords.matches(stored.password_hash, password):
            raise WrongPassword("That is not your password.", field="password")
        await self._throttle.succeeded(counted)

    # -- changes

    async def change_password(self, user: User, current: str, new: str) -> User:
        """Set another password, or the first one; every session but this one ends.

        Raises
        ------
        WrongPassword
            ``current`` is not the present one.
        InvalidInput
            ``new`` cannot be used.
        """
        stored = await self._users.get(user.id)
        problem = password_problem(new, stored.username, stored.email)
        _require("new", problem)
        await self.check_password(stored, current)
        password_hash = await self._passwords.hash(new)
        changed = await self._users.update(
            stored.model_copy(update={"password_hash": password_hash})
        )
        await self.sessions.end_all(changed)
        await self._begin(changed)
        return changed

    async def change_names(self, user: User, username: str, email: str) -> User:
        """Change username or address; a new address has to be verified anew.

        Raises
        ------
        InvalidInput
            One of them cannot be used, or is taken.
        """
        stored = await self._users.get(user.id)
        name, address = clean_username(username), clean_email(email)
        _require("username", username_problem(name))
        _require("email", email_problem(address))
        await self._require_free(name, address, but=stored)
        values: dict[str, object] = {"username": name, "email": address}
        if address != stored.email:
            values["is_verified"] = False
            await self._repositories.for_user(user.id).verification_codes.drop()
        try:
            return await self._users.update(stored.model_copy(update=values))
        except Conflict:
            await self._require_free(name, address, but=stored)
            raise

    async def deactivate(self, user: User, password: str) -> None:
        """Close the account: nobody can sign in to it any more; what it has is kept.

        Raises
        ------
        WrongPassword
            It is not the account's password.
        """
        await self.check_password(user, password)
        stored = await self._users.get(user.id)
        await self._users.update(stored.model_copy(update={"is_active": False}))
        await self._repositories.for_user(user.id).verification_codes.drop()
        await self.sessions.end_all(stored)

    async def places(self, user: User) -> list[UserSession]:
        """Return where the user stays signed in, the newest first."""
        return await self._repositories.for_user(user.id).sessions.alive()

    async def end_place(self, user: User, session_id: str) -> None:
        """End one of the user's sessions.

        Raises
        ------
        NotFound
            It has ended, or is another user's.
        """
        await self._repositories.for_user(user.id).sessions.delete(session_id)

    async def _begin(self, user: User, *, keep: bool = True) -> None:
        self.unkept = await self.sessions.begin(user, keep=keep)

    async def _with_fresh_hash(self, user: User, password: str) -> User:
        """Return the user with a hash of today's parameters, made while the password is here."""
        if not user.password_hash or not await self._passwords.is_outdated(user.password_hash):
            return user
        password_hash = await self._passwords.hash(password)
        try:
            return await self._users.update(
                user.model_copy(update={"password_hash": password_hash})
            )
        except Conflict:  # another sign-in did it at the same moment
            return await self._users.get(user.id)

    async def _left_open(self) -> User | None:
        active = await self._users.active()
        return active[0] if len(active) == 1 and not active[0].password_hash else None

    async def _require_free(self, name: str, address: str, *, but: User | None = None) -> None:
        own = "" if but is None else but.id
        taken = await self._users.by_username(name)
        if taken is not None and taken.id != own:
            raise InvalidInput(f"The name {name!r} is taken. Choose another.", field="username")
        taken = await self._users.by_email(address)
        if taken is not None and taken.id != own:
            raise InvalidInput("The address has an account already.", field="email")


def _require(field: str, problem: str) -> None:
    if problem:
        raise InvalidInput(problem, field=field)
