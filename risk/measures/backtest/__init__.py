"""Whether the forecasts of a VaR model held, how surprising that is, and which did better.

`counts` and `traffic_light` ask how many exceptions there were, `independence` when they came,
`shortfall` how deep they were, `probability` where all outcomes fell, and `scores` what
forecasts cost; `record` puts number, order and depth of one model together.
"""

from risk.measures.backtest.counts import (
    Kupiec,
    LikelihoodRatio,
    chance_inside_region,
    hits,
    kupiec,
    kupiec_region,
    kupiec_tuff,
)
from risk.measures.backtest.independence import (
    DynamicQuantile,
    conditional_coverage,
    dynamic_quantile,
    hit_independence,
)
from risk.measures.backtest.probability import Bands, band_ranges, band_test, bands
from risk.measures.backtest.record import (
    CHANCE,
    ENOUGH_PERIODS,
    Depth,
    LevelRecord,
    Order,
    RollingExceptions,
    depth_record,
    level_record,
    rolling_exceptions,
)
from risk.measures.backtest.scores import (
    DIEBOLD_MARIANO_LAG,
    DieboldMariano,
    diebold_mariano,
    fissler_ziegel_loss,
    fissler_ziegel_losses,
    pinball_loss,
    pinball_losses,
)
from risk.measures.backtest.shortfall import (
    Z2_AMBER,
    Z2_RED,
    LosingPeriods,
    acerbi_szekely_z2,
    losing_periods,
    z2_p_value,
)
from risk.measures.backtest.traffic_light import (
    TRAFFIC_LIGHT_WINDOW,
    at_most_probability,
    red_windows,
    traffic_light_zones,
)

__all__ = [
    "CHANCE",
    "DIEBOLD_MARIANO_LAG",
    "ENOUGH_PERIODS",
    "TRAFFIC_LIGHT_WINDOW",
    "Z2_AMBER",
    "Z2_RED",
    "Bands",
    "Depth",
    "DieboldMariano",
    "DynamicQuantile",
    "Kupiec",
    "LevelRecord",
    "LikelihoodRatio",
    "LosingPeriods",
    "Order",
    "RollingExceptions",
    "acerbi_szekely_z2",
    "at_most_probability",
    "band_ranges",
    "band_test",
    "bands",
    "chance_inside_region",
    "conditional_coverage",
    "depth_record",
    "diebold_mariano",
    "dynamic_quantile",
    "fissler_ziegel_loss",
    "fissler_ziegel_losses",
    "hit_independence",
    "hits",
    "kupiec",
    "kupiec_region",
    "kupiec_tuff",
    "level_record",
    "losing_periods",
    "pinball_loss",
    "pinball_losses",
    "red_windows",
    "rolling_exceptions",
    "traffic_light_zones",
    "z2_p_value",
]
