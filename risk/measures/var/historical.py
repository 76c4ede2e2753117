"""Plain history: quantile and tail average of the last returns, as they were."""

from risk.measures.tail import VarEs, historical_var_es
from risk.measures.types import FloatArray
from risk.measures.var.windowed import Windowed


class Historical(Windowed):
    """Quantile of type 7 and coherent tail average of a window of raw losses."""

    @property
    def title(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"Plain history, {self.window} d"

    @property
    def how(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"the last {self.window} days as they were"

    def of_window(self, losses: FloatArray, levels: FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.windowed.Windowed`."""
        return historical_var_es(losses, levels)
