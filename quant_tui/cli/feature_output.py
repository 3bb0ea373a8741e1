"""What ``quant-tui feature`` prints: documents for programs, tables for people."""

from __future__ import annotations

import math
from dataclasses import asdict

from quant_tui.cli.output import percent, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.services.feature_cards import FeatureCard
from quant_tui.services.feature_leaks import LeakReport
from quant_tui.services.feature_records import FeatureHistory

_NOTHING = "–"


def figure(value: float | None) -> str:
    """Write a figure of any size with four significant digits."""
    return _NOTHING if value is None else f"{value:,.4g}"


def history_document(history: FeatureHistory) -> Document:
    """Return a feature with its versions."""
    feature = history.feature.model_dump(mode="json", exclude={"user_id"}, by_alias=True)
    versions = [
        one.model_dump(mode="json", exclude={"user_id", "feature_id"}, by_alias=True)
        for one in history.versions
    ]
    return {**feature, "status": str(history.used.status), "versions": versions}


def summary_row(history: FeatureHistory) -> tuple[object, ...]:
    """Return the line of a feature in the list."""
    feature, used = history.feature, history.used
    runs = used.statistics.get("runs") or [{}]
    run = runs[0]
    return (
        feature.name,
        used.version + (" pinned" if feature.pinned else ""),
        str(used.status),
        feature.expression,
        figure(run.get("rank_ic")),
        figure(run.get("mean")),
        figure(run.get("std")),
        feature.updated_at.date().isoformat(),
    )


def print_history(history: FeatureHistory) -> None:
    """Print a feature and its versions."""
    feature, used = history.feature, history.used
    schema = used.schema_
    outside = ", ".join(schema.get("outside") or [])
    rows = {
        "id": feature.id,
        "name": feature.name,
        "description": feature.description,
        "type": str(feature.feature_type),
        "expression": feature.expression,
        "version": used.version + (", pinned" if feature.pinned else ""),
        "status": str(used.status),
        "values": f"{schema.get('kind')}, first after {schema.get('warm_up')} bars",
        "from outside": outside,
    }
    for key, value in rows.items():
        if value:
            print(f"{key:<13} {plain(value)}")
    leakage = used.statistics.get("leakage")
    if leakage:
        print(f"{'leakage':<13} {'looks ahead' if leakage['leaks'] else 'none found'}")
    print_table(
        ("version", "status", "made", "expression", "why"),
        [
            (one.version, str(one.status), one.created_at.date().isoformat(), one.expression,
             one.note)
            for one in history.versions
        ],
        "",
    )  # fmt: skip
    _print_runs(used.statistics.get("runs") or [])


def _print_runs(runs: list[Document]) -> None:
    if runs:
        print_table(
            ("symbols", "from", "to", "count", "missing", "mean", "std", "median", "rank IC"),
            [
                (
                    run["symbol_count"], run["start"], run["end"], run["count"], run["missing"],
                    figure(run["mean"]), figure(run["std"]),
                    figure(run["quantiles"].get("p50")), figure(run["rank_ic"]),
                )
                for run in runs
            ],
            "",
        )  # fmt: skip


def leak_document(found: LeakReport) -> Document:
    """Return what the leakage check found."""
    return found.to_document()


def print_leak(found: LeakReport, name: str) -> None:
    """Print what the leakage check found."""
    tried = f"{found.compared:,} values of {found.symbols} symbols at {found.cuts} ends of the bars"
    if found.first is None:
        print(f"{plain(name)} does not look ahead: {tried} are the same without the later bars.")
        return
    one = found.first
    print(
        f"{plain(name)} looks ahead: {found.changed:,} of {tried} change without the later bars."
        f"\nFirst: {one.symbol} on {one.date} is {figure(one.whole)} with all bars, and "
        f"{figure(one.truncated)} with those to {one.cut}."
    )


def card_document(card: FeatureCard) -> Document:
    """Return a card as plain data; what does not exist is None."""
    says, course, drift = card.information, card.course, card.drift
    return {
        "feature_id": card.feature.id,
        "name": card.feature.name,
        "version": card.version.version,
        "expression": card.version.expression,
        "universe": {
            "symbols": list(card.symbols), "available": card.available,
            "start": card.first, "end": card.last, "fingerprint": card.fingerprint,
        },
        "summary": {
            **asdict(card.summary),
            "quantiles": {f"p{round(100 * key)}": value
                          for key, value in card.summary.quantiles.items()},
        },
        "over_time": {
            "unit": course.unit,
            "start": [str(one) for one in course.starts],
            **{name: [_plain(one) for one in getattr(course, name).tolist()]
               for name in ("low", "median", "high", "mean", "missing")},
        },
        "information": {
            "across_symbols": says.across,
            "decay": [
                {"horizon": horizon, "ic": asdict(pearson), "rank_ic": asdict(rank)}
                for horizon, pearson, rank in zip(
                    says.horizons, says.pearson, says.rank, strict=True
                )
            ],
        },
        "drift": {
            "split": str(drift.split), "verdict": drift.verdict, **asdict(drift.whole),
            "years": [{"year": year, **asdict(one)} for year, one in drift.years],
        },
        "leakage": leak_document(card.leak),
        "too_good": card.too_good,
        "correlations": [asdict(one) for one in card.neighbours],
        "models": [asdict(one) for one in card.models],
    }  # fmt: skip


def print_card(card: FeatureCard) -> None:
    """Print a card."""
    summary, says = card.summary, card.information
    name = f"{card.feature.name} {card.version.version}"
    print(f"{name}: {card.version.expression}")
    print(
        f"{len(card.symbols)} of {card.available} symbols, {card.first} to {card.last}; "
        f"{summary.count:,} values, {summary.missing:,} missing"
    )
    print(f"mean {figure(summary.mean)}, deviation {figure(summary.std)}; from "
          f"{figure(summary.least)} to {figure(summary.greatest)}")  # fmt: skip
    shown = ", ".join(f"{key:.0%} {figure(value)}" for key, value in summary.quantiles.items())
    print(f"quantiles: {shown or _NOTHING}")
    print_table(
        ("bars ahead", "IC", "rank IC", "ratio", "t", "above 0",
         "dates" if says.across else "symbols"),
        [
            (horizon, figure(plain_.mean), figure(rank.mean), figure(rank.ratio),
             figure(rank.t_statistic), percent(rank.positive), rank.count)
            for horizon, plain_, rank in zip(says.horizons, says.pearson, says.rank, strict=True)
        ],
        "",
    )  # fmt: skip
    drift = card.drift
    print(f"drift from {drift.split} on: {drift.verdict}; PSI {figure(drift.whole.psi)}, "
          f"KS {figure(drift.whole.ks)}")  # fmt: skip
    print_leak(card.leak, name)
    if card.too_good:
        print("Its rank IC is better than features honestly have: look at where it comes from.")
    print_table(
        ("feature", "version", "correlation", "of ranks", "why not"),
        [
            (one.name, one.version, figure(one.pearson), figure(one.rank), one.why)
            for one in card.neighbours
        ],
        "There is no other feature to compare it with.",
    )
    for use in card.models:
        print(f"used by {use.name} {use.version} ({use.status}), at {use.feature_version}")


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
