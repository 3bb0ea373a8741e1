"""What a model thinks aloud before it answers, taken out of the answer as it streams.

Local servers pass on what models such as Qwen or DeepSeek write between ``<think>`` and
``</think>``. It is no answer: it holds guesses that the model drops again.
"""

from __future__ import annotations

_TAGS = (("<think>", "</think>"), ("<thinking>", "</thinking>"))


class Thoughts:
    """Lets an answer through, piece by piece, without the thoughts at its beginning."""

    def __init__(self) -> None:
        self._held = ""
        self._end = ""
        self._has_thought = False
        self._is_answer = False

    def add(self, text: str) -> str:
        """Take in what came and return what of it is the answer."""
        if self._is_answer:
            return text
        self._held += text
        if self._end:
            return self._after_thoughts()
        begun = "" if self._has_thought else self._held.lstrip()
        for opening, closing in _TAGS:
            if begun.startswith(opening):
                self._end, self._held = closing, begun[len(opening) :]
                return self._after_thoughts()
        if not self._has_thought and any(opening.startswith(begun) for opening, _ in _TAGS):
            return ""  # it may become a tag yet
        return self._let_through()

    def end(self) -> str:
        """Return what was held back, once no more comes; thoughts without an end are none."""
        return "" if self._end else self._let_through()

    def _after_thoughts(self) -> str:
        _, found, after = self._held.partition(self._end)
        if not found:
            # what was thought is forgotten, but for what may be half of the closing tag
            self._held = self._held[-len(self._end) + 1 :]
            return ""
        self._end, self._held, self._has_thought = "", after, True
        return self._let_through()

    def _let_through(self) -> str:
        text, self._held = self._held, ""
        if self._has_thought:
            text = text.lstrip()  # the blank lines between
        self._is_answer = bool(text)
        return text
