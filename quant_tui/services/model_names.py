"""What models are called: names, semantic versions, and references to one of them.

A version's second figure is raised when a model of the same signature is trained again, the
first when inputs or target changed, so that it cannot stand in for the others as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.vocabulary import DeploymentEnvironment
from quant_tui.services.feature_versions import FIRST, number_of

ALIASES = ("champion", "challenger")
"""What may be said of one version of a name."""

ENVIRONMENTS = tuple(str(one) for one in DeploymentEnvironment)

_NAME = re.compile(r"[^\W\d][\w-]{0,39}")
_VERSION = re.compile(r"\d+\.\d+\.\d+(\+[0-9a-f]{6})?")
"""Also of one that was not trained to the end, as :func:`given_back` writes it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Which model is meant.

    Attributes
    ----------
    name
        Of the model.
    version, alias, environment
        At most one of them: ``1.2.0``, ``champion``, ``prod``. Without any the newest
        version that was trained.
    """

    name: str
    version: str = ""
    alias: str = ""
    environment: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Return the reference of ``name``, ``name@1.2.0``, ``name@champion``, ``name@prod``.

        Raises
        ------
        InvalidInput
            It is none of these.
        """
        name, _, which = text.strip().partition("@")
        if "@" not in text:
            return cls(name)
        if which in ENVIRONMENTS:
            return cls(name, environment=which)
        if which in ALIASES:
            return cls(name, alias=which)
        if _VERSION.fullmatch(which):
            return cls(name, version=which)
        raise InvalidInput(
            f"{text!r} is no model.",
            field="model",
            hint=f"Write name, or name@ with a version or {', '.join((*ALIASES, *ENVIRONMENTS))}.",
        )


def checked_model_name(name: str) -> str:
    """Return a name that rules can use in quotes.

    Raises
    ------
    InvalidInput
        It is none.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot be the name of a model.",
            field="name",
            hint="Letters, digits, _ and -, a letter first, 40 at most.",
        )
    return name


def next_model_version(models: Sequence[MLModel], signature: dict[str, object]) -> str:
    """Return the version of a model with a signature, after those of the same name.

    One that failed or was cancelled has given its version back, see :func:`given_back`.
    """
    standing = [one for one in models if "+" not in one.version]
    if not standing:
        return FIRST
    newest = max(standing, key=model_number)
    first, second, _ = model_number(newest)
    if newest.signature == signature:
        return f"{first}.{second + 1}.0"
    return f"{first + 1}.0.0"


def given_back(model: MLModel) -> str:
    """Return the version of a model that was not trained to the end: ``0.2.0+1a2b3c``.

    Semantic versioning's build metadata, which does not count: the number is free again.
    """
    return model.version if "+" in model.version else f"{model.version}+{model.id[-6:]}"


def model_number(model: MLModel) -> tuple[int, int, int]:
    """Return the three figures of a model's version."""
    return number_of(model.version.partition("+")[0])
