"""Financials of any shape: figures, statements, growth, and what was known when."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from quant_tui.services.financials import number_of, read_financials, words

QUARTERS = [
    {"fiscal_date_ending": "2023-12-31", "reported_date": "2024-02-01", "total_revenue": 120.0,
     "gross_margin": 0.41},
    {"fiscal_date_ending": "2023-09-30", "reported_date": "2023-11-02", "total_revenue": "100",
     "gross_margin": 0.40},
    {"fiscal_date_ending": "2023-06-30", "reported_date": None, "total_revenue": 90,
     "gross_margin": None},
]  # fmt: skip
DOCUMENT = {
    "currency": "USD",
    "MarketCapitalization": "1760000000000",
    "ProfitMargin": 0.24,
    "delisted": None,
    "overview": {"pe_ratio": 23.5, "description": "A company.", "nested": {"beta": 1.1}},
    "quarterly": QUARTERS,
    "annual": {"2021": {"revenue": 100, "net_income": -10}, "2022": {"revenue": 110,
               "net_income": 5}},
    "dividends": {"2021": 1.0, "2022": 0.5},
}  # fmt: skip


def test_figures_and_statements_are_told_apart() -> None:
    found = read_financials(DOCUMENT)
    groups = dict(found.groups)
    top = {one.name: (one.kind, one.value) for one in groups[""]}
    assert top == {
        "Currency": ("text", "USD"),
        "Market capitalization": ("amount", 1.76e12),
        "Profit margin": ("fraction", 0.24),
        "Delisted": ("text", None),
    }
    assert [one.name for one in groups["Overview"]] == ["PE ratio", "Description"]
    assert [one.value for one in groups["Overview: Nested"]] == [1.1]
    quarterly, annual, dividends = found.statements
    assert quarterly.periods == ("2023-06-30", "2023-09-30", "2023-12-31")
    revenue, margin = quarterly.rows
    assert (revenue.name, revenue.figures) == ("Total revenue", (90.0, 100.0, 120.0))
    assert revenue.growth == pytest.approx(0.2)
    assert (margin.kind, margin.figures) == ("fraction", (None, 0.40, 0.41))
    assert [row.growth for row in annual.rows] == pytest.approx([0.1, 1.5])
    assert dividends.rows[0].growth == pytest.approx(-0.5)
    assert not found.hidden


@pytest.mark.parametrize(
    ("day", "periods"),
    [
        (date(2024, 2, 1), ("2023-06-30", "2023-09-30", "2023-12-31")),
        (date(2024, 1, 31), ("2023-06-30", "2023-09-30")),
        # nothing says when June was reported: ninety days after its end
        (date(2023, 9, 28), ("2023-06-30",)),
        (date(2023, 9, 27), ()),
    ],
)
def test_as_of_a_day_only_what_was_published_is_shown(day: date, periods: tuple[str, ...]) -> None:
    moment = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)
    found = read_financials({"quarterly": QUARTERS, "pe": 20}, as_of=moment,
                            known_since=datetime(2025, 1, 1, tzinfo=UTC))  # fmt: skip
    shown = {one.title: one.periods for one in found.statements}
    assert shown.get("Quarterly", ()) == periods
    assert found.groups == ()
    assert found.hidden


def test_figures_without_a_date_are_shown_once_they_were_stored() -> None:
    stored = datetime(2024, 1, 1, tzinfo=UTC)
    later = datetime(2024, 1, 2, tzinfo=UTC)
    assert read_financials({"pe": 20}, as_of=later, known_since=stored).groups
    assert not read_financials({"pe": 20}, as_of=later, known_since=None).groups


@pytest.mark.parametrize(
    "document",
    [{}, {"a": []}, {"a": {}}, {"a": [1, 2]}, {"a": [{"b": 1}]}, {"a": {"b": {"c": [{}]}}},
     {"매출": {"2022년": 1}}, {"x": float("nan"), "y": True}],
)  # fmt: skip
def test_any_document_can_be_read(document: dict) -> None:
    read_financials(document, as_of=datetime(2024, 1, 1, tzinfo=UTC))
    read_financials(document)


def test_words_and_numbers() -> None:
    assert words("EBITDA") == "EBITDA"
    assert words("dilutedEPS") == "Diluted EPS"
    assert words("매출액") == "매출액"
    assert number_of("1e3") == 1000.0
    assert number_of("None") is None
    assert number_of(True) is None
    assert number_of("inf") is None
