"""A keyring of the tests' own: the tester's real one is never touched."""

from __future__ import annotations

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """Keeps secrets in this process until the test ends."""

    priority = 1  # type: ignore[assignment]
    kept: dict[tuple[str, str], str] = {}  # noqa: RUF012 -- one for the whole process, as a real one

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("there is none")
