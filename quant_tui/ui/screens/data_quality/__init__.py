"""What is odd in the bars, and fixing it; shown within the Data workspace."""

from quant_tui.ui.screens.data_quality.view import QualityView

__all__ = ["QualityView"]
