"""Asking a web service: time-outs, another try where that helps, nothing secret in words.

An answer is text that came whole, in time, with status 200, from the host that was asked.
Everything else is a ``ProviderError`` whose text holds neither the key nor the query.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from quant_tui.domain.errors import ProviderError, ProviderUnreachable, TooManyRequests

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
WHOLE_SECONDS = 120.0
"""For an answer as a whole, however steadily it trickles."""

LARGEST_ANSWER = 200_000_000
MOST_REDIRECTS = 3
ATTEMPTS = 4
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before the second try, and the most before a later one; each doubles, with jitter."""

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait and how often to try; seconds. Tests shorten it."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    whole: float = WHOLE_SECONDS
    attempts: int = ATTEMPTS
    first_pause: float = FIRST_PAUSE
    longest_pause: float = LONGEST_PAUSE


class HttpSource:
    """One service.

    Parameters
    ----------
    base_url
        Its address, http or https.
    who
        Its name, for messages.
    secret
        Never shown: wherever it stands in a text, asterisks do.
    turn
        Awaited before every request, repeated ones too: the limiter.
    unsent
        Called in a thread when a request could not even be sent: nobody has counted it.
    patience
        How long to wait.
    """

    def __init__(
        self,
        base_url: str,
        who: str,
        secret: str,
        turn: Callable[[], Awaitable[None]],
        unsent: Callable[[], None],
        patience: Patience | None = None,
    ) -> None:
        self._base_url = base_url
        self._who = who
        self._secret = secret
        self._turn = turn
        self._unsent = unsent
        self._patience = patience or Patience()
        self._client: httpx2.AsyncClient | None = None
        self.sent = 0

    async def get(self, parameters: Mapping[str, str], understand: Callable[[str], T]) -> T:
        """Ask, and return what ``understand`` makes of the answer.

        Parameters
        ----------
        parameters
            Of the query.
        understand
            From the answer's text to what it means, called in a thread; it may raise
            :class:`~quant_tui.domain.errors.TooManyRequests`, and the question is asked
            again after a pause. Other errors are final.

        Raises
        ------
        ProviderUnreachable
            Nobody answered, or the answer broke off, every time.
        ProviderError
            The answer is of no use.
        """
        from tenacity import (
            AsyncRetrying,
            retry_if_exception_type,
            stop_after_attempt,
            wait_exponential_jitter,
        )

        patience = self._patience
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(patience.attempts),
            wait=wait_exponential_jitter(
                multiplier=patience.first_pause,
                max=patience.longest_pause,
                jitter=patience.first_pause,
            ),
            retry=retry_if_exception_type((ProviderUnreachable, TooManyRequests)),
            reraise=True,
        ):
            with attempt:
                await self._turn()
                return await asyncio.to_thread(understand, await self._ask(parameters))
        raise AssertionError("the last attempt raises")

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def without_secret(self, text: str) -> str:
        """Return a text with asterisks for the secret."""
        return text.replace(self._secret, HIDDEN) if self._secret else text

    async def _ask(self, parameters: Mapping[str, str]) -> str:
        import httpx2

        client = await self._open()
        url = self._address().copy_merge_params(dict(parameters))
        self.sent += 1
        try:
            async with asyncio.timeout(self._patience.whole):
                for _ in range(MOST_REDIRECTS + 1):
                    async with client.stream("GET", url) as response:
                        onward = self._redirect(response)
                        if onward is None:
                            return await self._read(response)
                        url = onward
        except TimeoutError:
            raise ProviderUnreachable(
                f"{self._who} took longer than {self._patience.whole:g} s to answer.",
                hint="Try again later.",
            ) from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            self.sent -= 1
            await asyncio.to_thread(self._unsent)
            said = self.without_secret(str(error))
            raise ProviderUnreachable(
                f"{self._who} cannot be reached: {said or type(error).__name__}.",
                hint="Check the connection, and try again later.",
            ) from None
        except httpx2.TimeoutException as error:
            raise ProviderUnreachable(
                f"{self._who} did not answer in time ({type(error).__name__}).",
                hint="Check the connection, and try again later.",
            ) from None
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            said = self.without_secret(str(error))
            raise ProviderUnreachable(
                f"{self._who} cannot be reached, or broke off: {said or type(error).__name__}.",
                hint="Check the connection, and try again later.",
            ) from None
        raise ProviderError(f"{self._who} sends from one address to the next without end.")

    async def _open(self) -> httpx2.AsyncClient:
        if self._client is None:
            import httpx2

            # They print whole addresses, and the key is part of one.
            for name in ("httpx2", "httpcore2"):
                logging.getLogger(name).setLevel(logging.WARNING)
            patience = self._patience
            self._client = await asyncio.to_thread(
                httpx2.AsyncClient,
                timeout=httpx2.Timeout(patience.read, connect=patience.connect),
                headers={"User-Agent": "quant-tui", "Accept": "application/json, text/csv"},
                follow_redirects=False,
            )
        return self._client

    def _address(self) -> httpx2.URL:
        import httpx2

        try:
            url = httpx2.URL(self._base_url)
        except (httpx2.InvalidURL, TypeError):
            url = httpx2.URL("")
        if url.scheme not in ("http", "https") or not url.host:
            raise ProviderError(
                f"The address {self._base_url!r} of {self._who} is none.",
                hint="Write it as https://host/path.",
            )
        return url

    def _redirect(self, response: httpx2.Response) -> httpx2.URL | None:
        """Return where an answer sends on to, None when it is one; only to the same host."""
        if not response.is_redirect:
            return None
        target = response.url.join(response.headers.get("location", ""))
        if target.host != response.url.host or (
            response.url.scheme == "https" and target.scheme != "https"
        ):
            raise ProviderError(
                f"{self._who} sends on to {target.host}, which was not asked.",
                hint="If it has moved, set its base_url; a network's sign-in page does this too.",
            )
        return target

    async def _read(self, response: httpx2.Response) -> str:
        status = response.status_code
        if status == 429:
            raise TooManyRequests(f"{self._who} asks for fewer requests.", hint="Try later.")
        if status >= 500:
            raise ProviderUnreachable(
                f"{self._who} has a fault of its own ({status}).", hint="Try again later."
            )
        if status != 200:
            raise ProviderError(
                f"{self._who} answered with status {status}.",
                hint="Check base_url in the settings.",
            )
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > LARGEST_ANSWER:
                raise ProviderError(f"{self._who} answered with more than 200 MB.")
            parts.append(part)
        try:
            return b"".join(parts).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ProviderError(f"{self._who} answered with something that is no text.") from None
