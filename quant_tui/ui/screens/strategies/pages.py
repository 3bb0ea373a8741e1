"""What stands beside the list: one strategy, a template to choose, or a form."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from textual.widgets import ContentSwitcher

from quant_tui.domain.errors import QuantError
from quant_tui.domain.trading import Strategy
from quant_tui.engine.rules import validate_parameters
from quant_tui.services.strategy_rules import rules_of, rules_of_template
from quant_tui.ui.screens.strategies.detail import StrategyDetail
from quant_tui.ui.screens.strategies.form import StrategyForm
from quant_tui.ui.screens.strategies.listing import free_name
from quant_tui.ui.screens.strategies.templates import TemplatePicker

if TYPE_CHECKING:
    from quant_tui.domain.trading import StrategyTemplate
    from quant_tui.engine.rules import StrategyDocument
    from quant_tui.ui.screens.strategies.backtests_ahead import BacktestsOf


class StrategyPages(ContentSwitcher):
    """Shows one page at a time: ``detail``, ``picker``, or ``strategy-form`` while there is one."""

    def __init__(self) -> None:
        self.detail = StrategyDetail(id="detail")
        self.picker = TemplatePicker(id="picker")
        super().__init__(self.detail, self.picker, initial="detail")
        self._documents: dict[str, StrategyDocument] = {}

    @property
    def form(self) -> StrategyForm | None:
        """The form that is open."""
        return next(iter(self.query(StrategyForm)), None)

    def forget(self) -> None:
        """Read rules anew: strategies were changed."""
        self._documents.clear()

    def show_strategy(self, strategy: Strategy | None, backtests: BacktestsOf | None) -> None:
        """Show a strategy, or nothing; backtests that are None are not known yet."""
        self.set_class(strategy is None, "-nothing")
        if strategy is None:
            self.detail.show(None)
            return
        try:
            document = self._document_of(strategy)
        except QuantError as error:
            self.detail.show_broken(strategy, error)
        else:
            self.detail.show_strategy(strategy, document, backtests)

    def _document_of(self, strategy: Strategy) -> StrategyDocument:
        rules = strategy.id if strategy.document else strategy.strategy_type
        found = self._documents.get(rules)
        if found is None:
            found = self._documents[rules] = rules_of(strategy)
        return found

    async def open_form(
        self, of: Strategy | StrategyTemplate, taken: Iterable[str]
    ) -> StrategyForm:
        """Put the form of a strategy in, or that of a new one which starts from a template.

        Parameters
        ----------
        taken
            Names that other strategies have.
        """
        names = frozenset(taken)
        if isinstance(of, Strategy):
            document = rules_of(of)
            check = partial(validate_parameters, document)
            form = StrategyForm(document, check, strategy=of, taken=names)
        else:
            document = rules_of_template(of)
            check = partial(validate_parameters, document)
            name = free_name(of.name, names)
            form = StrategyForm(document, check, template=of, name=name, taken=names)
        await self.close_form()
        await self.mount(form)
        return form

    async def close_form(self) -> None:
        """Take the form away; the detail is in front again."""
        if (form := self.form) is not None:
            self.current = "detail"
            await form.remove()
