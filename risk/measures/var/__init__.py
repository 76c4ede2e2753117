"""Value-at-risk models, one a file, all with one face (:class:`VarModel`).

To add one, write its file and name it here. A model whose package is installed on demand is
among them where that package is there.
"""

from typing import Any

from risk.measures.var.adaptive import Adaptive
from risk.measures.var.base import VarModel, VarPath
from risk.measures.var.cornish_fisher import CornishFisher
from risk.measures.var.ewma import EwmaFilteredHistorical, EwmaNormal
from risk.measures.var.filtered_evt import FilteredEvt
from risk.measures.var.filtered_historical import FilteredHistorical
from risk.measures.var.garch import Garch
from risk.measures.var.garch import is_available as garch_is_available
from risk.measures.var.historical import Historical
from risk.measures.var.monte_carlo import MonteCarloBootstrap, MonteCarloGaussian, MonteCarloT
from risk.measures.var.most_conservative import MostConservative
from risk.measures.var.parametric import ParametricNormal, ParametricT

__all__ = ["VAR_MODELS", "VarModel", "VarPath"]

_HISTORICAL = Historical("historical_250", window=250)
_NORMAL = ParametricNormal("parametric_normal", window=250)
_GAUSSIAN = MonteCarloGaussian("monte_carlo_gaussian", window=250)

_MODELS: list[VarModel[Any]] = [
    FilteredEvt("filtered_evt", window=500),
    FilteredHistorical("filtered_historical", window=2000),
    EwmaFilteredHistorical("ewma_filtered_historical", window=500),
    EwmaNormal("ewma_normal"),
    _HISTORICAL,
    Historical("historical_500", window=500),
    Adaptive("adaptive"),
    _NORMAL,
    ParametricT("parametric_t", window=250),
    CornishFisher("cornish_fisher", window=250),
    _GAUSSIAN,
    MonteCarloT("monte_carlo_t", window=250),
    MonteCarloBootstrap("monte_carlo_bootstrap", window=250),
    MostConservative("most_conservative", members=(_HISTORICAL, _NORMAL, _GAUSSIAN)),
    *([Garch("garch", window=1000)] if garch_is_available() else []),
]

VAR_MODELS: dict[str, VarModel[Any]] = {model.name: model for model in _MODELS}
