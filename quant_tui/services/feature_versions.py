"""Versions of features: their numbers, which one a name means, and what differs.

A version's number is semantic (semver.org): the third figure is raised when only the
description changed, the second when the expression did, and the first when models that
were trained on the old values cannot take the new ones: when a number becomes a condition
or the other way round, or an expression of the rule language a package's function.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.domain.ml_platform import Feature, FeatureVersion
from quant_tui.domain.vocabulary import FeatureVersionStatus
from quant_tui.services.feature_definitions import FeatureDefinition

FIRST = "0.1.0"
"""Number of a feature's first version."""

_NUMBER = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})")


@dataclass(frozen=True, slots=True)
class FeatureDifference:
    """What one version has that another has not.

    Attributes
    ----------
    field
        ``expression``, ``description``, ``status``, or a part of the schema.
    older, newer
        What the two say.
    """

    field: str
    older: str
    newer: str


def number_of(version: str) -> tuple[int, int, int]:
    """Return a version's three figures.

    Raises
    ------
    InvalidInput
        It is not written as ``1.2.0``.
    """
    found = _NUMBER.fullmatch(version.strip())
    if found is None:
        raise InvalidInput(
            f"{version!r} is not the number of a version.",
            field="version",
            hint="Write it as 1.2.0.",
        )
    first, second, third = (int(part) for part in found.groups())
    return first, second, third


def split_reference(reference: str) -> tuple[str, str]:
    """Return name and version of ``name@1.2.0``; the version is empty where none is given.

    Raises
    ------
    InvalidInput
        The version is not written as a version is.
    """
    name, at, version = reference.strip().partition("@")
    if at:
        number_of(version)
    return name.strip(), version.strip()


def next_version(
    versions: Sequence[FeatureVersion], before: FeatureVersion, after: FeatureDefinition
) -> str:
    """Return the number of the version that changes ``before`` into ``after``.

    Parameters
    ----------
    versions
        All that the feature has; the new number is above each of theirs.
    """
    first, second, third = max(number_of(one.version) for one in versions)
    same_kind = before.schema_.get("kind") == after.kind
    if before.feature_type is not after.feature_type or not same_kind:
        return f"{first + 1}.0.0"
    if before.expression != after.expression:
        return f"{first}.{second + 1}.0"
    return f"{first}.{second}.{third + 1}"


def newest_first(versions: Sequence[FeatureVersion]) -> list[FeatureVersion]:
    """Return versions by their numbers, the highest first."""
    return sorted(versions, key=lambda one: number_of(one.version), reverse=True)


def in_use(feature: Feature, versions: Sequence[FeatureVersion]) -> FeatureVersion:
    """Return the version that the bare name means.

    That is the one it is pinned to, else the one in production, else the newest draft.
    """
    if feature.pinned:
        return find(feature.name, versions, feature.version)
    for wanted in (FeatureVersionStatus.PRODUCTION, FeatureVersionStatus.DRAFT):
        found = [one for one in versions if one.status is wanted]
        if found:
            return newest_first(found)[0]
    return newest_first(versions)[0]


def find(name: str, versions: Sequence[FeatureVersion], version: str) -> FeatureVersion:
    """Return one version.

    Raises
    ------
    NotFound
        There is none of that number.
    """
    wanted = number_of(version)
    for one in versions:
        if number_of(one.version) == wanted:
            return one
    there = ", ".join(one.version for one in newest_first(versions)[:8])
    raise NotFound(f"{name} has no version {version}.", hint=f"It has {there}.")


def difference(older: FeatureVersion, newer: FeatureVersion) -> list[FeatureDifference]:
    """Return what differs between two versions; empty when they say the same."""
    rows = [
        ("type", str(older.feature_type), str(newer.feature_type)),
        ("expression", older.expression, newer.expression),
        ("description", older.description, newer.description),
        ("status", str(older.status), str(newer.status)),
    ]
    keys = sorted({*older.schema_, *newer.schema_})
    rows += [(key, _text(older.schema_.get(key)), _text(newer.schema_.get(key))) for key in keys]
    return [FeatureDifference(*row) for row in rows if row[1] != row[2]]


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
