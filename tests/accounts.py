"""Signing up and in, for tests that need somebody to work as."""

from __future__ import annotations

from quant_tui.domain.user import User
from quant_tui.services.composition import Services

PASSWORD = "correct horse battery"


async def sign_up(services: Services, username: str) -> User:
    """Make an account at the shared store of the tests, and work as it."""
    user = await services.accounts.sign_up(username, f"{username}@example.org", PASSWORD)
    await services.sign_in(user)
    return user
