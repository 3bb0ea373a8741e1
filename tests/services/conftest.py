"""What the tests of services share."""

from __future__ import annotations

import pytest

from quant_tui.genai.embedding import OfflineEmbedder


@pytest.fixture(scope="session")
def encoder() -> OfflineEmbedder:
    """Return one encoder for all tests: it takes a second to load."""
    return OfflineEmbedder()
