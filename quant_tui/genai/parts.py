"""Putting an answer together from the parts that a stream brings, none of which is trusted."""

from __future__ import annotations

import json
from dataclasses import dataclass

from quant_tui.domain.base import Document
from quant_tui.domain.errors import LanguageModelError
from quant_tui.genai.delimiting import printable
from quant_tui.genai.endpoint import Completion, Endpoint, TextPiece, ToolRequest, Usage
from quant_tui.genai.failures import cut_off, filtered, one_line
from quant_tui.genai.tool_requests import parsed_request

LONGEST_ANSWER = 400_000
"""Characters of one answer; a model that does not end is stopped there."""

MOST_REQUESTS = 32
"""Tools that one answer calls at once."""

MOST_TOKENS = 1_000_000_000
"""Tokens of one request; who counts more counts wrong, and is not believed."""


@dataclass
class _Request:
    id: str = ""
    name: str = ""
    arguments: str = ""


class Assembly:
    """One answer as far as it has come."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._requests: dict[int, _Request] = {}
        self._usage: Usage | None = None
        self._finish = ""
        self._letters = 0
        self._refused = False

    def add(self, chunk: object) -> TextPiece | None:
        """Take a part in and return the text in it, None when there is none.

        Raises
        ------
        LanguageModelError
            It is not part of an answer.
        """
        if not isinstance(chunk, dict):
            raise self._broken(f"a part of the answer is {one_line(json.dumps(chunk))[:80]}")
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            given, made = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
            self._usage = Usage(given, made) if max(given, made) <= MOST_TOKENS else None
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            if isinstance(usage, dict):
                return None
            raise self._broken("a part of the answer has no choices")
        text = "".join(
            self._choice(one)
            for one in choices
            if isinstance(one, dict) and one.get("index", 0) in (0, None)
        )
        self._letters += len(text)
        if self._letters > LONGEST_ANSWER:
            raise LanguageModelError(
                f"The answer was ended after {LONGEST_ANSWER:,} characters.",
                title="Answer too long",
                hint="Ask for less at once.",
            )
        return TextPiece(text) if text else None

    def completion(self) -> Completion:
        """Return the answer's end.

        Raises
        ------
        LanguageModelError
            It did not come to its end, or was withheld.
        """
        if self._finish == "content_filter":
            raise filtered(self._endpoint)
        if self._refused:
            raise LanguageModelError(
                f"{self._endpoint.model} refused to answer.",
                title="Refused",
                hint="Ask in other words.",
            )
        if self._finish == "length":
            raise LanguageModelError(
                f"The answer was cut at the limit of {self._endpoint.model}.",
                title="Answer too long",
                hint="Ask it to go on, or for less at once.",
            )
        if not self._finish:
            raise cut_off(self._endpoint)
        return Completion(
            tuple(self._request(number, one) for number, one in self._requests.items()),
            self._usage,
        )

    def _choice(self, choice: Document) -> str:
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self._finish = finish
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return ""
        for place, one in enumerate(_listed(delta.get("tool_calls"))):
            self._call(place, one)
        text = delta.get("content")
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._refused = True
            return printable(refusal)
        return printable(text) if isinstance(text, str) else ""

    def _call(self, place: int, part: Document) -> None:
        index = part.get("index")
        number = index if isinstance(index, int) and index >= 0 else place
        if number not in self._requests and len(self._requests) >= MOST_REQUESTS:
            raise self._broken(f"more than {MOST_REQUESTS} tools are called at once")
        request = self._requests.setdefault(number, _Request())
        function = part.get("function")
        given = function if isinstance(function, dict) else {}
        if isinstance(part.get("id"), str) and part["id"]:
            request.id = part["id"]
        if isinstance(given.get("name"), str) and given["name"] and not request.name:
            request.name = given["name"]
        arguments = given.get("arguments")
        if isinstance(arguments, dict):  # some servers send them ready
            arguments = json.dumps(arguments)
        if isinstance(arguments, str):
            request.arguments += arguments
            self._letters += len(arguments)

    def _request(self, number: int, one: _Request) -> ToolRequest:
        return parsed_request(one.id or f"call_{number}", one.name, one.arguments)

    def _broken(self, what: str) -> LanguageModelError:
        return LanguageModelError(
            f"{self._endpoint.name} sent a broken answer: {what}.",
            title="Broken answer",
            hint="Ask again; when it stays so, the server does not speak OpenAI's API.",
        )


def _listed(value: object) -> list[Document]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _count(usage: Document, name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and value >= 0 else 0
