"""Value-at-risk models, one a file, all with one face (:class:`VarModel`).

To add one, write its file and name it here.
"""

from typing import Any

from risk.measures.var.base import VarModel, VarPath
from risk.measures.var.filtered_evt import FilteredEvt
from risk.measures.var.filtered_historical import FilteredHistorical
from risk.measures.var.historical import Historical

__all__ = ["VAR_MODELS", "VarModel", "VarPath"]

VAR_MODELS: dict[str, VarModel[Any]] = {
    model.name: model
    for model in (
        FilteredEvt("filtered_evt", window=500),
        FilteredHistorical("filtered_historical", window=2000),
        Historical("historical_250", window=250),
        Historical("historical_500", window=500),
    )
}
