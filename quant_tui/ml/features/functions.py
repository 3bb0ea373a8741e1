"""Functions of installed packages that compute a feature, and the registry of them.

A package adds one through the entry-point group ``quant_tui.feature_functions``::

    [project.entry-points."quant_tui.feature_functions"]
    order_flow = "my_package.features:OrderFlow"

where ``OrderFlow()`` has what :class:`FeatureFunction` says. Whoever installs the package
trusts its code: it runs as the program does. What it says of itself is not trusted: the
leakage check computes its values again on bars that were cut off.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, cast

from quant_tui.domain.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

ENTRY_POINTS = "quant_tui.feature_functions"
"""Entry-point group through which packages add a function."""


class FeatureBars(Protocol):
    """Bars as a function is given them; read-only.

    ``dates`` is (T,) datetime64, rising; prices and volume are (T, N), NaN where a symbol
    has no bar.
    """

    @property
    def symbols(self) -> tuple[str, ...]:
        """N names."""

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """Sessions, or UTC times of intraday bars."""

    @property
    def open(self) -> NDArray[np.float64]:
        """First prices."""

    @property
    def high(self) -> NDArray[np.float64]:
        """Highest prices."""

    @property
    def low(self) -> NDArray[np.float64]:
        """Lowest prices."""

    @property
    def close(self) -> NDArray[np.float64]:
        """Last prices."""

    @property
    def volume(self) -> NDArray[np.float64]:
        """Units traded."""


class FeatureFunction(Protocol):
    """A feature that a package computes.

    Attributes
    ----------
    version
        Raised by its author whenever the same bars could give another value; kept values
        of another version are not used.
    description
        What it is, in a sentence.
    warm_up
        Bars of a symbol that pass before its first value.
    across_symbols
        Whether it compares the symbols with one another. If not, it may be given any of
        them at a time.
    """

    version: str
    description: str
    warm_up: int
    across_symbols: bool

    def compute(self, bars: FeatureBars) -> NDArray[np.float64]:
        """Return the values, (T, N); the one in row t must rest on rows up to t alone.

        NaN where it is not known.
        """


def function_names() -> tuple[str, ...]:
    """Return the names of all functions, without importing any of them."""
    return tuple(sorted({point.name for point in entry_points(group=ENTRY_POINTS)}))


def feature_function(name: str) -> FeatureFunction:
    """Return a function, importing its package.

    Raises
    ------
    NotFound
        No installed package gives a function of this name.
    InvalidInput
        It cannot be imported, or lacks something that the protocol has.
    """
    for point in entry_points(group=ENTRY_POINTS, name=name):
        try:
            found = cast("Callable[[], FeatureFunction]", point.load())()
        except Exception as error:
            raise InvalidInput(
                f"The feature function {name} of {point.value} cannot be used: "
                f"{type(error).__name__}: {error}",
                field="expression",
                hint="Mend or update the package.",
            ) from error
        wanted = ("version", "description", "warm_up", "across_symbols", "compute")
        missing = [one for one in wanted if not hasattr(found, one)]
        if missing:
            raise InvalidInput(
                f"The feature function {name} of {point.value} has no {', '.join(missing)}.",
                field="expression",
                hint="See quant_tui.ml.features.functions.FeatureFunction.",
            )
        return found
    known = function_names()
    raise NotFound(
        f"No installed package has a feature function {name!r}.",
        hint=f"There are {', '.join(known)}." if known else "No package gives any.",
    )
