"""The card of a feature as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.ml.features.drift import LITTLE, MUCH
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_listing import figure, schema_lines
from quant_tui.ui.widgets.page import heading

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.ml.features.information import Coefficient
    from quant_tui.ml.statistics import SampleDifference
    from quant_tui.services.feature_cards import FeatureCard
    from quant_tui.services.feature_records import FeatureHistory

WORDS = {
    "stable": ("✓ stable", "$text-success"),
    "some": ("! some drift", "$text-warning"),
    "much": ("✗ much drift", "$text-error"),
    "unknown": ("– too little to say", "$text-muted"),
}
NAME = 15


def overview_lines(
    history: FeatureHistory, card: FeatureCard | None, state: str, width: int
) -> Iterator[Content]:
    """Write what the feature is, and what is known of it.

    Parameters
    ----------
    state
        What is going on while there is no card yet.
    """
    feature, used = history.feature, history.used
    if feature.description:
        yield Content(feature.description)
    yield Content.styled(feature.expression, "bold")
    yield from schema_lines(used)
    yield Content("")
    if card is None:
        yield Content.styled(state, "$text-muted")
        yield from _known_before(used.statistics.get("runs") or [], width)
        return
    yield heading("Judgement", width)
    yield from _judgement(card)
    yield Content("")
    yield heading("Values", width)
    yield from _values(card)
    yield Content("")
    yield heading("Models that use it", width)
    for use in card.models:
        yield Content.assemble(
            (use.name, "bold"), f" {use.version} ", (use.status, "$text-muted"),
            (f"  at {use.feature_version}", "$text-muted"),
        )  # fmt: skip
    if not card.models:
        yield Content.styled("None yet.", "$text-muted")


def _judgement(card: FeatureCard) -> Iterator[Content]:
    if card.leak.leaks:
        yield _row(
            "leakage",
            ("✗ looks ahead", "$text-error"),
            f"{fmt.integer(card.leak.changed)} values change without the later bars",
        )
    else:
        yield _row(
            "leakage",
            ("✓ none found", "$text-success"),
            f"{fmt.integer(card.leak.compared)} values need no later bars",
        )
    if card.too_good:
        yield _row("rank IC", ("! too good", "$text-warning"),
                   "better than features honestly are: where does it come from?")  # fmt: skip
    rank = card.information.rank[0]
    if rank.mean is None:
        yield _row("rank IC", ("– not defined", "$text-muted"), "too few values that vary")
    else:
        over = "dates" if card.information.across else "symbols"
        sure = "" if rank.t_statistic is None else f", t {fmt.signed(rank.t_statistic, 1)}"
        yield _row(
            "rank IC",
            (f"{fmt.arrow(rank.mean)} {fmt.signed(rank.mean, 4)}", ""),
            f"next bar, mean of {fmt.integer(rank.count)} {over}{sure}",
        )
    drift = card.drift
    yield _row(
        "drift",
        WORDS[drift.verdict],
        f"PSI {figure(drift.whole.psi)}, KS {figure(drift.whole.ks)} from {drift.split} on",
    )


def _values(card: FeatureCard) -> Iterator[Content]:
    summary = card.summary
    total = summary.count + summary.missing
    share = fmt.percent(summary.missing / total, 1) if total else fmt.NOTHING
    symbols = f"{len(card.symbols)} of {fmt.integer(card.available)} symbols"
    yield _row("bars", (symbols, ""), f"{card.first[:10]} to {card.last[:10]}")
    yield _row(
        "values",
        (fmt.integer(summary.count), ""),
        f"{fmt.integer(summary.missing)} missing, {share}",
    )
    yield _row("mean", (figure(summary.mean), ""), f"deviation {figure(summary.std)}")
    yield _row("range", (figure(summary.least), ""), f"to {figure(summary.greatest)}")
    for shown in ((0.01, 0.05, 0.25), (0.5, 0.75, 0.95, 0.99)):
        text = "  ".join(
            f"{fmt.percent(key, 0)} {figure(summary.quantiles[key])}"
            for key in shown if key in summary.quantiles
        )  # fmt: skip
        if text:
            yield _row("quantiles" if shown[0] < 0.1 else "", (text, ""), "")


def _known_before(runs: list[Document], width: int) -> Iterator[Content]:
    if not runs:
        return
    yield Content("")
    yield heading("Worked out before", width)
    for run in runs:
        yield Content.assemble(
            (f"{run['start'][:10]} to {run['end'][:10]}".ljust(26), ""),
            (f"{run['symbol_count']} symbols".ljust(14), "$text-muted"),
            f"mean {figure(run['mean'])}  rank IC {figure(run['rank_ic'])}",
        ).truncate(width, ellipsis=True)


def information_lines(card: FeatureCard, width: int) -> Iterator[Content]:
    """Write IC and rank IC by horizon."""
    says = card.information
    counted = "dates" if says.across else "symbols"
    yield Content.styled(
        f"{'Bars ahead':>10}{'IC':>10}{'Rank IC':>12}{'Ratio':>9}{'t':>8}{'Above 0':>9}"
        f"{counted:>9}".ljust(width),
        "bold $text-muted",
    )
    for horizon, plain, rank in zip(says.horizons, says.pearson, says.rank, strict=True):
        yield _decay(horizon, plain, rank)
    why = (
        "Correlation across the symbols with the return that follows, date by date."
        if says.across
        else "Fewer than 5 symbols: the correlation is over time, symbol by symbol."
    )
    yield Content.styled(why, "$text-muted")


def _decay(horizon: int, plain: Coefficient, rank: Coefficient) -> Content:
    role = fmt.direction(rank.mean)
    shown = fmt.NOTHING if rank.mean is None else f"{fmt.arrow(rank.mean)} {figure(rank.mean)}"
    return Content.assemble(
        f"{horizon:>10}{figure(plain.mean):>10}", (f"{shown:>12}", f"${role}" if role else ""),
        f"{fmt.number(rank.ratio):>9}{fmt.number(rank.t_statistic, 1):>8}"
        f"{fmt.percent(rank.positive, 1):>9}{fmt.integer(rank.count):>9}",
    )  # fmt: skip


def drift_lines(card: FeatureCard, width: int) -> Iterator[Content]:
    """Write how later years differ from the earlier period."""
    drift = card.drift
    word, style = WORDS[drift.verdict]
    yield Content.assemble(
        (word, f"bold {style}"), f"  from {drift.split} on, against all before"
    ).truncate(width, ellipsis=True)
    yield Content.styled(f"{'':14}{'PSI':>8}{'KS':>8}{'p':>9}{'values':>11}", "bold $text-muted")
    yield _difference("all of it", drift.whole)
    for year, one in drift.years:
        yield _difference(str(year), one)
    yield Content.styled(
        f"PSI below {LITTLE} little, above {MUCH} much. p takes bars to be independent, which "
        "they are not: it is a lower bound.", "$text-muted",
    )  # fmt: skip


def _difference(name: str, one: SampleDifference) -> Content:
    mark = "" if one.psi is None or one.psi < LITTLE else "!" if one.psi <= MUCH else "✗"
    return Content(
        f"{name:<12}{mark:<2}{fmt.number(one.psi, 3):>8}{fmt.number(one.ks, 3):>8}"
        f"{_p(one.p_value):>9}{fmt.integer(one.second):>11}"
    )


def _p(value: float | None) -> str:
    return "<0.001" if value is not None and value < 0.001 else fmt.number(value, 3)


def leakage_lines(card: FeatureCard, width: int) -> Iterator[Content]:
    """Write what the leakage check did and found."""
    leak = card.leak
    if leak.first is None:
        yield Content.styled("✓ It does not look ahead.", "bold $text-success")
    else:
        yield Content.styled("✗ It looks ahead.", "bold $text-error")
    yield Content("")
    yield _row("tried", (f"{leak.symbols} symbols, {leak.cuts} ends of the bars", ""), "")
    yield _row("compared", (f"{fmt.integer(leak.compared)} values", ""), "")
    yield _row("changed", (fmt.integer(leak.changed), ""), "")
    if leak.first is not None:
        one = leak.first
        yield _row("first", (f"{one.symbol} on {one.date}", "bold"), "")
        yield _row("", (figure(one.whole), ""), "with all bars")
        yield _row("", (figure(one.truncated), ""), f"with those to {one.cut}")
    yield Content("")
    yield heading("What the check does", width)
    yield Content.styled(
        "It takes the later bars away, at several places, and computes the feature again. What "
        "was known on a date cannot depend on bars after it, so every value must come out the "
        "same. An expression of the rule language cannot look ahead; a package's function can, "
        "and goes to production only after this check.", "$text-muted",
    )  # fmt: skip


def _row(title: str, value: tuple[str, str], more: str) -> Content:
    text, style = value
    return Content.assemble(
        (title.ljust(NAME), "$text-muted"), (text.ljust(16), f"bold {style}".strip()),
        ("  " + more if more else "", "$text-muted"),
    )  # fmt: skip
