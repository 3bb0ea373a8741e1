"""Prompts: the library, own ones with versions, and filling them in."""

from __future__ import annotations

import pytest

from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.genai.prompt_library import LIBRARY
from quant_tui.genai.prompt_text import fill_text, names_in
from quant_tui.genai.prompt_variables import laid_over, read_variables
from quant_tui.services.composition import Services


def test_the_language_is_names_and_doubled_braces() -> None:
    assert names_in("{a} {{no}} { b } {a} {기간}") == ("a", "b", "기간")
    assert fill_text("{a}{{a}}{b}", {"a": "{b}", "b": "1"}) == "{b}{a}1"
    for template, says in (
        ("x\n y {", "Line 2, column 4"),
        ("a } b", "column 3: a single }"),
        ("{a.__class__}", "is no name"),
        ("{0}", "is no name"),
        ("{a!r}", "is no name"),
        ("{a:>9}", "is no name"),
        ("{}", "is no name"),
    ):
        with pytest.raises(InvalidInput, match="Line") as caught:
            names_in(template)
        assert says in str(caught.value)


@pytest.mark.parametrize(
    ("template", "given", "says"),
    [
        ("{a}", {"b": {}}, "b is described"),
        ("{a}", {"a": {"type": "colour"}}, "a.type"),
        ("{a}", {"a": {"type": "choice"}}, "a: type and choices"),
        ("{a}", {"a": {"low": 1}}, "a: only numbers"),
        ("{a}", {"a": {"type": "number", "low": 2, "high": 1}}, "a: low is above high"),
        ("{a}", {"a": {"type": "integer", "default": 9, "high": 5}}, "It is 5 or less"),
        ("{a}", {"a": {"type": "integer", "default": "9" * 400}}, "not in its range"),
        ("{a}", {"a": {"type": "number", "low": float("nan")}}, "a.low"),
        ("{a}", {"a": {"type": "date", "default": "soon"}}, "a: 'soon' is not a date"),
        ("{a}", {"a": "text"}, "a: Input should be"),
    ],
)
def test_a_wrong_schema_names_its_variable(
    template: str, given: dict[str, object], says: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_variables(template, given)
    assert says in str(caught.value)
    assert caught.value.field in ("a", "b")


def test_what_is_not_said_anew_of_a_variable_stays() -> None:
    known = {
        "a": {"type": "integer", "title": "A", "default": 5, "low": 2.0},
        "b": {"type": "text", "title": "B"},
    }
    changed = laid_over("{a} {b}", known, {"a": {"type": "integer", "default": 7, "low": None}})
    assert changed == {"a": {"type": "integer", "title": "A", "default": 7}, "b": known["b"]}
    assert laid_over("{a}", known, {"a": {"type": "text"}}) == {"a": {"type": "text", "title": "A"}}


def test_the_library_is_whole_in_both_languages() -> None:
    keys = {one.key.rpartition(".")[0] for one in LIBRARY}
    assert {one.key for one in LIBRARY} == {
        f"{key}.{code}" for key in keys for code in ("en", "ko")
    }
    for one in LIBRARY:
        assert set(read_variables(one.template, one.variables)) == set(one.variables), one.key


async def test_own_prompts_are_made_changed_and_brought_back(services: Services) -> None:
    prompts = services.prompts
    korean = await prompts.list("rsi", language="ko")
    assert [one.name for one in korean] == ["RSI 전략 만들어줘"]
    text = prompts.fill(korean[0], {"window": "10"})
    assert "기간은 10봉" in text
    with pytest.raises(InvalidInput, match="window: '1' is not in its range"):
        prompts.fill(korean[0], {"window": 1})
    with pytest.raises(InvalidInput, match="no variable 'windows'"):
        prompts.fill(korean[0], {"windows": 1})
    with pytest.raises(InvalidInput, match="not changed"):
        await prompts.change(korean[0])
    with pytest.raises(InvalidInput, match="not changed"):
        await prompts.delete("builtin:rsi.ko")

    own = await prompts.copy("rsi.en", "Mine")
    assert (await prompts.list())[0] == own
    with pytest.raises(Conflict, match="a prompt mine already"):
        await prompts.create("mine", "x")
    with pytest.raises(InvalidInput, match="symbol has no value"):
        prompts.fill(await prompts.create("other", "Look at {symbol}"), {"symbol": " "})

    changed = await prompts.change(
        own.model_copy(update={"template": "Just {window}", "variables": {}, "tags": ["a", "A"]})
    )
    assert (changed.version, changed.tags, set(changed.variables)) == (2, ["a"], {"window"})
    assert await prompts.change(changed) == changed
    kept = [(one.version, one.updated_at) for one in await prompts.versions(own.id)]
    assert kept == [(2, changed.updated_at), (1, own.updated_at)], "each with its own time"
    with pytest.raises(NotFound, match="no version 7"):
        await prompts.restore_version(own.id, 7)
    back = await prompts.restore_version(own.id, 1)
    assert (back.version, back.template) == (3, own.template)
    with pytest.raises(Conflict):
        await prompts.change(changed.model_copy(update={"name": "Late"}))

    digits = 10**25
    large = await prompts.create("large", "{a}", variables={"a": {"default": digits}})
    assert prompts.fill(await prompts.get(large.id), {}) == str(digits)

    gone = await prompts.delete("MINE")
    with pytest.raises(NotFound, match="Did you mean"):
        await prompts.get("othr")
    await prompts.restore(gone)
    assert (await prompts.get(own.id)).version == 3
