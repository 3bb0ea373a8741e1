"""What is indexed of an object: texts that embed well, each about one thing."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from quant_tui.domain.base import Document
from quant_tui.domain.genai import RAGDocument
from quant_tui.domain.market_data import NewsData
from quant_tui.domain.ml_platform import Experiment, MLModel
from quant_tui.domain.trading import Backtest, OptimizationStudy, Strategy
from quant_tui.domain.vocabulary import DocumentType
from quant_tui.services.retrieval_words import (
    KIND_WORDS,
    TYPE_WORDS,
    figures_in_words,
    words_for,
)

KINDS = tuple(KIND_WORDS)
"""What can be found."""

DOCUMENT_TYPES = {
    "strategy": DocumentType.STRATEGY,
    "backtest": DocumentType.BACKTEST,
    "study": DocumentType.BACKTEST,
    "model": DocumentType.MARKET_INSIGHT,
    "experiment": DocumentType.MARKET_INSIGHT,
    "news": DocumentType.MARKET_INSIGHT,
}
"""The data model knows three types: what was tried, what is traded, what is thought of it."""

PART_LENGTH = 1200
"""Characters of a part, at most."""

MOST_PARTS = 20
"""Of one object; notes longer than a book's chapter are found by their beginning."""

_NAMESPACE = uuid.UUID("6f9a0c52-6a9e-4f0d-9d2e-8f1f6f0f9b11")


@dataclass(frozen=True, slots=True)
class ObjectText:
    """What is indexed of one object.

    Attributes
    ----------
    kind, object_id, title
        Which object.
    about
        What it is, in a sentence or two.
    details
        What it is made of and what came of it; empty when there is nothing to say.
    notes
        What the user wrote about it; empty when nothing.
    summary
        What a reader is told of it in a line: ``about`` and ``details`` hold every word that
        it may be looked for by, in two languages. Empty where they read well themselves.
    source_at
        When it was last changed.
    strategy_type
        Of a strategy and what it was used for; empty otherwise.
    metadata
        Figures and names that the document carries.
    """

    kind: str
    object_id: str
    title: str
    about: str
    source_at: datetime
    details: str = ""
    notes: str = ""
    summary: str = ""
    strategy_type: str = ""
    metadata: Document = field(default_factory=dict)

    def documents(self, user_id: str, embedder: str) -> list[RAGDocument]:
        """Return its documents, without vectors.

        An encoder averages over a text, and one about everything is near to nothing: what it
        is, its details, and the parts of its notes have a vector each.
        """
        described = [self.about, *in_parts(self.details)]
        notes = [f"{self.title}: {part}" for part in in_parts(self.notes)]
        told = {"summary": self.summary} if self.summary else {}
        return [
            RAGDocument(
                document_id=document_id(user_id, self.kind, self.object_id, part),
                document_type=DOCUMENT_TYPES[self.kind],
                user_id=user_id,
                content=content,
                metadata={
                    f"{self.kind}_id": self.object_id,
                    **self.metadata,
                    **(told if part < len(described) else {}),
                },
                kind=self.kind,
                object_id=self.object_id,
                part=part,
                title=self.title,
                strategy_type=self.strategy_type,
                content_hash=hashlib.sha256(content.encode()).hexdigest(),
                embedder=embedder,
                source_at=self.source_at,
            )
            for part, content in enumerate([*described, *notes])
        ]


def document_id(user_id: str, kind: str, object_id: str, part: int = 0) -> str:
    """Return the id of a part of an object's text: always the same, whoever makes it."""
    return str(uuid.uuid5(_NAMESPACE, f"{user_id}/{kind}/{object_id}/{part}"))


def heading_of(kind: str, title: str) -> str:
    """Return the sentence that names an object."""
    return f"{KIND_WORDS[kind]}: {title}."


def in_parts(text: str) -> list[str]:
    """Return a text cut at paragraphs, sentences or words into parts of a good length."""
    parts: list[str] = []
    rest = text.strip()
    while rest and len(parts) < MOST_PARTS:
        if len(rest) <= PART_LENGTH:
            return [*parts, rest]
        window = rest[:PART_LENGTH]
        cut = next(
            (
                at + len(mark)
                for mark in ("\n\n", "\n", ". ", "다. ", " ")
                if (at := window.rfind(mark)) > PART_LENGTH // 3
            ),
            PART_LENGTH,
        )
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return parts


def strategy_text(strategy: Strategy, rules: Document) -> ObjectText:
    """Return the text of a strategy.

    Parameters
    ----------
    rules
        Its rule document, its own or its template's; empty when there is none.
    """
    expressions = _expressions(rules)
    description = strategy.description or str(rules.get("description", ""))
    return ObjectText(
        kind="strategy",
        object_id=strategy.id,
        title=strategy.name,
        about=_joined(heading_of("strategy", strategy.name), description),
        details=_joined(
            _labelled("Tags", ", ".join(strategy.tags)),
            _labelled("Kind", TYPE_WORDS.get(strategy.strategy_type, strategy.strategy_type)),
            _labelled("Uses", words_for([*rules, *expressions])),
            _labelled("Parameters", _pairs(strategy.parameters)),
            _labelled("Rules", "; ".join(expressions)),
            "" if strategy.is_active else "Archived 보관됨.",
        ),
        notes=strategy.notes,
        summary=description or _line(strategy.strategy_type, _pairs(strategy.parameters)),
        source_at=strategy.updated_at,
        strategy_type=strategy.strategy_type,
        metadata={"strategy_name": strategy.name},
    )


def backtest_text(backtest: Backtest, performance: Document | None, error: str = "") -> ObjectText:
    """Return the text of a backtest with the figures of its last result, if it has one."""
    config = backtest.config
    strategy: Document = config.get("strategy") or {}
    rules: Document = strategy.get("document") or {}
    strategy_type = str(strategy.get("strategy_type", ""))
    figures = performance or {}
    return ObjectText(
        kind="backtest",
        object_id=backtest.id,
        title=backtest.name,
        about=_joined(
            heading_of("backtest", backtest.name),
            _labelled("Symbols 종목", ", ".join(config.get("symbols") or ())),
        ),
        details=_joined(
            _period(config),
            figures_in_words(figures),
            f"Status {backtest.status}." if not figures else "",
            _labelled("Failed 실패", error),
            _labelled("Strategy 전략", str(strategy.get("name", ""))),
            _labelled("Kind", TYPE_WORDS.get(strategy_type, strategy_type)),
            _labelled("Uses", words_for([*rules, *_expressions(rules)])),
            _labelled("Parameters", _pairs(strategy.get("params") or {})),
        ),
        notes=backtest.description,
        summary=_line(
            ", ".join(config.get("symbols") or ()),
            _span(config),
            f"failed: {error}" if error else "" if figures else str(backtest.status),
            *_told(figures),
        ),
        source_at=backtest.updated_at,
        strategy_type=strategy_type,
        metadata={
            "strategy_name": str(strategy.get("name", "")),
            **_numbers(figures, "total_return", "sharpe_ratio", "max_drawdown"),
        },
    )


def study_text(study: OptimizationStudy) -> ObjectText:
    """Return the text of an optimisation study."""
    config = study.config
    strategy: Document = config.get("strategy") or {}
    strategy_type = str(strategy.get("strategy_type", ""))
    best = "" if study.best_value is None else f"Best value 최고값 {study.best_value:.4g}"
    return ObjectText(
        kind="study",
        object_id=study.id,
        title=study.name,
        about=_joined(
            heading_of("study", study.name),
            _labelled("Symbols 종목", ", ".join(config.get("symbols") or ())),
        ),
        details=_joined(
            _period(config),
            f"Searched parameters 탐색 매개변수: {', '.join(study.parameter_space)}.",
            f"{study.done_trials} of {study.n_trials} trials by {study.sampler}, {study.status}.",
            _labelled(best, _pairs(study.best_params)) if best else "",
            _labelled("Failed 실패", study.error),
            _labelled("Strategy 전략", str(strategy.get("name", ""))),
            _labelled("Kind", TYPE_WORDS.get(strategy_type, strategy_type)),
        ),
        notes=study.notes,
        summary=_line(
            ", ".join(config.get("symbols") or ()),
            f"{study.done_trials} of {study.n_trials} trials by {study.sampler}",
            str(study.status),
            "" if study.best_value is None else f"best {study.best_value:.4g}",
            _pairs(study.best_params),
        ),
        source_at=study.updated_at,
        strategy_type=strategy_type,
        metadata=_numbers({"best_value": study.best_value}, "best_value"),
    )


def model_text(model: MLModel) -> ObjectText:
    """Return the text of a model, whether or not its training came to an end."""
    symbols = model.lineage.get("symbols") or ()
    return ObjectText(
        kind="model",
        object_id=model.id,
        title=model.title,
        about=_joined(
            f"{KIND_WORDS['model']}: {model.title}, {model.model_type}, {model.status}.",
            _labelled("Tags", ", ".join([*model.aliases, *model.tags])),
        ),
        details=_joined(
            _labelled("Foretells 예측", _pairs(model.target)),
            _labelled("Symbols 종목", ", ".join(map(str, symbols))),
            _labelled("Features 특성", ", ".join(model.features)),
            _labelled("Uses", words_for(model.features)),
            _labelled("Metrics 성능", _pairs(model.metrics)),
            _labelled("Failed 실패", model.error),
        ),
        notes=model.notes,
        summary=_line(
            str(model.model_type),
            str(model.status),
            _pairs(model.target),
            ", ".join(map(str, symbols)),
            f"failed: {model.error}" if model.error else "",
        ),
        source_at=model.updated_at,
    )


def experiment_text(experiment: Experiment) -> ObjectText:
    """Return the text of an experiment."""
    return ObjectText(
        kind="experiment",
        object_id=experiment.id,
        title=experiment.name,
        about=_joined(heading_of("experiment", experiment.name), experiment.description),
        details=_joined(
            f"{len(experiment.model_ids)} models.",
            _labelled("Metrics 성능", _pairs(experiment.metrics)),
        ),
        notes=experiment.notes,
        summary=experiment.description or f"{len(experiment.model_ids)} models",
        source_at=experiment.updated_at,
    )


def news_text(item: NewsData) -> ObjectText:
    """Return the text of a news item."""
    score = item.sentiment_score
    mood = ""
    if score is not None:
        word = "positive 긍정" if score > 0.15 else "negative 부정" if score < -0.15 else "neutral"
        mood = f"Sentiment 심리 {score:+.2f}, {word}."
    return ObjectText(
        kind="news",
        object_id=item.id,
        title=item.title,
        about=f"{KIND_WORDS['news']} {item.symbol}: {item.title}.",
        details=_joined(
            item.content,
            f"Published {item.published_at:%Y-%m-%d}.",
            mood,
            _labelled("Topics", ", ".join(item.topics)),
        ),
        source_at=item.published_at,
        metadata={"symbol": item.symbol},
    )


def _line(*parts: str) -> str:
    return " · ".join(one for one in parts if one)


def _span(config: Document) -> str:
    return f"{config.get('start_date') or 'first bar'} to {config.get('end_date') or 'last bar'}"


def _told(figures: Document) -> list[str]:
    """Return the three figures that a backtest is known by."""
    said = (("return", "total_return", "+.1%"), ("Sharpe", "sharpe_ratio", ".2f"),
            ("drawdown", "max_drawdown", ".1%"))  # fmt: skip
    return [
        f"{title} {format(float(value), form)}"
        for title, name, form in said
        if isinstance(value := figures.get(name), int | float)
    ]


def _joined(*sentences: str) -> str:
    return "\n".join(one for one in sentences if one)


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text}." if text else ""


def _pairs(values: Document) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in values.items()
        if isinstance(value, str | int | float)
    )


def _numbers(figures: Document, *names: str) -> Document:
    return {name: figures[name] for name in names if isinstance(figures.get(name), int | float)}


def _period(config: Document) -> str:
    start, end = config.get("start_date"), config.get("end_date")
    return f"Period 기간 {start or 'the first bar'} to {end or 'the last bar'}."


def _expressions(rules: Document) -> list[str]:
    """Return the expressions of a rule document, named by their keys."""
    found: list[str] = []
    for key in ("let", "entry", "exit", "rank", "weights", "stops", "sizing"):
        value = rules.get(key)
        if isinstance(value, str):
            found.append(f"{key}: {value}")
        elif value:
            plain: Sequence[str] = (
                [f"{name} = {one}" for name, one in value.items()]
                if isinstance(value, dict)
                else [json.dumps(value, ensure_ascii=False)]
            )
            found += [f"{key} {one}" for one in plain]
    return found
