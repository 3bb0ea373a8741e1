"""How many tokens an answer took, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass

from quant_tui.config.chat import ChatSettings
from quant_tui.domain.base import Document
from quant_tui.genai.endpoint import Usage


@dataclass(slots=True)
class TokenCount:
    """The tokens of all requests that an answer took.

    Attributes
    ----------
    settings
        The endpoint, for its prices.
    estimated
        Whether some were not counted by the endpoint.
    """

    settings: ChatSettings
    input: int = 0
    output: int = 0
    estimated: bool = False

    def add(self, usage: Usage | None, sent: int, written: int) -> None:
        """Add a request: what the endpoint counted, and without that what is estimated."""
        if usage is None:
            usage = Usage(sent, written)
            self.estimated = True
        self.input += usage.input
        self.output += usage.output

    @property
    def tokens(self) -> Document:
        """As a message keeps them."""
        return {"input": self.input, "output": self.output, "estimated": self.estimated}

    @property
    def cost(self) -> float | None:
        """In the currency of the prices, which are of a million tokens; None without them."""
        price_in, price_out = self.settings.price_input, self.settings.price_output
        if not price_in and not price_out:
            return None
        return (self.input * price_in + self.output * price_out) / 1e6
