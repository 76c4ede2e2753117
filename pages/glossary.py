"""What each number on the screens means: one entry feeds every help mark."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One idea, explained to somebody who has money at risk.

    Attributes
    ----------
    name : str
        As it stands on the screen.
    definition, formula, reading : str
        What it is, how it is computed, and how to read it.
    source : str
        Where the idea comes from.
    """

    name: str
    definition: str
    formula: str
    reading: str
    source: str


GLOSSARY: Mapping[str, Term] = {
    "equity": Term(
        "Equity",
        "What the book would be worth if every position were closed at its mark now.",
        "cash + Σ quantity × mark",
        "Deposits and withdrawals move it without being profit or loss. It is unknown while a "
        "held asset has no price.",
        "Accounting identity; every mark is the feed's last trusted price.",
    ),
    "profit_today": Term(
        "P&L today",
        "Profit or loss since 00:00 UTC, open positions included, fees paid, flows taken out.",
        "(equity now − equity at 00:00) − (flows since 00:00)",
        "Compare it with VaR: a loss beyond the 99 % VaR is expected on one day in a hundred.",
        "CFA Institute, Global Investment Performance Standards 2020: flows are no return.",
    ),
    "var_1d_99": Term(
        "VaR 99 %, 1 day",
        "Value at risk: the loss that the book should exceed on only one day in a hundred.",
        "99 % quantile of the book's simulated one-day losses, tail fitted, divided by equity",
        "It says nothing about how bad the hundredth day is: read expected shortfall beside it. "
        "The model is right only if exceptions stay near one in a hundred.",
        "McNeil & Frey 2000, J. Empirical Finance 7; Glosten, Jagannathan & Runkle 1993, "
        "J. Finance 48.",
    ),
    "es_1d_975": Term(
        "ES 97.5 %, 1 day",
        "Expected shortfall: the average loss on the worst 2.5 % of days.",
        "mean of the losses beyond the 97.5 % quantile, divided by equity",
        "Close to the 99 % VaR when tails are thin; the further above it, the fatter the tail.",
        "Acerbi & Tasche 2002, J. Banking & Finance 26; the level is Basel III's (FRTB).",
    ),
    "drawdown": Term(
        "Drawdown from peak",
        "How far the book has fallen from its highest value, flows taken out.",
        "1 − unit value ÷ highest unit value",
        "Zero at a new high. To recover from 20 % the book must gain 25 %. The peak is never "
        "moved by a restart, a deposit or a withdrawal.",
        "Grossman & Zhou 1993, Mathematical Finance 3.",
    ),
    "leverage": Term(
        "Gross exposure",
        "Everything held, longs and shorts added up, against what the book is worth.",
        "Σ |quantity × mark| ÷ equity",
        "At 2 × a fall of 1 % in everything held long costs 2 % of equity. Net exposure counts "
        "shorts against longs.",
        "Directive 2011/61/EU (AIFMD), the gross method.",
    ),
    "var_share": Term(
        "Share of VaR",
        "How much of the book's 99 % one-day VaR comes from this part of it.",
        "component VaR ÷ book VaR; the shares add up to 100 %",
        "A hollow bar offsets risk: closing that part would raise the book's VaR.",
        "Tasche 2000, Risk contributions and performance measurement; Euler's theorem.",
    ),
    "bad_day": Term(
        "What a bad day costs",
        "The 99 % one-day VaR in money, and how often losses went beyond it.",
        "exceptions = days whose loss exceeded the VaR forecast for that day",
        "More exceptions than the normal range mean that the model is too low; none at all over "
        "250 days, that it may be too high. The range is where Kupiec's test, at 5 %, would not "
        "reject the model.",
        "Kupiec 1995, J. Derivatives 3.",
    ),
    "biggest_risk": Term(
        "Biggest risk",
        "The asset that carries the largest part of the book's VaR.",
        "largest component VaR ÷ book VaR",
        "Cutting this asset lowers the book's risk first.",
        "Litterman 1996, Hot Spots and Hedges, J. Portfolio Management 23.",
    ),
    "worst_stress": Term(
        "Worst stress",
        "The largest loss of what is held in past falls of the market, each replayed as it was.",
        "largest −Σ exposure × return of the asset in the scenario, never below 0",
        "Not a forecast: it says what would be lost if that came again, not how likely it is. "
        "An asset that an event did not record is counted by proxy, and how many are is said.",
        "Basel Committee 2018, Stress testing principles.",
    ),
    # -- exposure -----------------------------------------------------------------------------
    "gross": Term(
        "Gross",
        "Everything held, longs and shorts added up, as if nothing offset anything.",
        "Σ |quantity × mark|, over positions",
        "The size of the book. It counts a hedge as more, not as less: read net beside it.",
        "Directive 2011/61/EU (AIFMD), the gross method.",
    ),
    "net": Term(
        "Net exposure",
        "What is held long less what is held short.",
        "Σ quantity × mark",
        "What a move of everything by 1 % costs or earns is 1 % of it. Near zero does not mean "
        "safe: longs and shorts can both lose.",
        "Directive 2011/61/EU (AIFMD).",
    ),
    "long": Term(
        "Long",
        "What gains when its price rises.",
        "Σ quantity × mark, where the quantity is above zero",
        "A long loses at most what it is worth.",
        "Market convention.",
    ),
    "short": Term(
        "Short",
        "What gains when its price falls.",
        "Σ |quantity × mark|, where the quantity is below zero",
        "A short has no largest loss: a price that triples costs twice what was sold.",
        "Market convention.",
    ),
    "gross_share": Term(
        "Share of gross",
        "How much of all that is held lies here, by size.",
        "|quantity × mark| ÷ gross exposure; the shares add up to 100 %",
        "Size, not risk: compare it with the share of VaR. Where the second is much larger, a "
        "little of the money carries much of the risk.",
        "Market convention.",
    ),
    "concentration": Term(
        "Concentration",
        "How much of the book lies in few assets.",
        "Herfindahl index Σ wᵢ², wᵢ = |net exposure of the asset| ÷ their sum; "
        "effective number = 1 ÷ index",
        "An effective number of 3 means: as concentrated as three equal assets. It does not know "
        "that coins move together; independent bets know, but not sizes.",
        "Herfindahl 1950; Hirschman 1945.",
    ),
    "effective_number": Term(
        "Effective number of assets",
        "How many equal assets would be as concentrated as this book.",
        "1 ÷ Σ wᵢ²",
        "It falls when one position outgrows the rest, though their number stays.",
        "Laakso & Taagepera 1979, Comparative Political Studies 12.",
    ),
    "component_var": Term(
        "Component VaR",
        "The part of the book's VaR that this position carries; the parts add up to the book's.",
        "exposure × average of the asset's losses over the book's worst scenarios, rescaled to "
        "add up",
        "Below zero it offsets risk: closing it would raise the book's VaR. The largest one is "
        "the first to cut.",
        "Tasche 2000, Risk contributions and performance measurement; Euler's theorem.",
    ),
    "marginal_var": Term(
        "Marginal VaR",
        "What one more unit of currency bought of this asset adds to the book's VaR.",
        "∂VaR ÷ ∂exposure = component VaR ÷ exposure",
        "For small trades only: at 0.10, buying 1 000 more adds about 100. Below zero, buying "
        "lowers the risk.",
        "Gouriéroux, Laurent & Scaillet 2000, J. Empirical Finance 7.",
    ),
    "beta_btc": Term(
        "Beta to BTC",
        "How far the asset is expected to move when bitcoin moves by 1 %.",
        "correlation with BTC now × deviation of the asset ÷ deviation of BTC, over the scenarios "
        "of the model's day forecast",
        "At 1.4 it falls 1.4 % when bitcoin falls 1 %, on average; its own moves come on top.",
        "Sharpe 1964, J. Finance 19.",
    ),
    "data_trust": Term(
        "Data trust",
        "Whether the price that a number stands on may be relied on.",
        "trusted · stale: no fresh price in time · suspect: out of line with its neighbours · "
        "missing: none at all",
        "What is not trusted counts with its last trusted price. New risk in it is refused; "
        "reductions pass.",
        "House rule: what could not be measured fails closed.",
    ),
    "stop": Term(
        "Stop",
        "The price at which the position is to be closed.",
        "the tightest of the stops that the strategy's plan wants; it moves in the position's "
        "favour only",
        "A decision, not a promised price: where the price jumps over it, the position is closed "
        "at what comes after. No stop: the strategy's plan wants none, if it has a plan. Not yet: "
        "what would set it has not come about, or the volatility that it needs is not known.",
        "Kaminski & Lo 2014, J. Financial Markets 18: when do stop-loss rules stop losses?",
    ),
    "to_stop": Term(
        "Distance to stop",
        "The move of the price that reaches the stop.",
        "stop ÷ mark − 1; below zero for a long, above for a short",
        "Set it against what the asset moves in a day: a stop within one day's move is reached by "
        "noise. A distance of the other sign means that the stop was reached and is to be filled.",
        "Wilder 1978, New Concepts in Technical Trading Systems.",
    ),
    "to_liquidation": Term(
        "Distance to liquidation",
        "The move of this asset alone that would leave no more equity than the venue asks for.",
        "the r of equity + net × r = maintenance margin × gross exposure after the move; all cash "
        "backs all positions",
        "A long that is not borrowed for cannot be liquidated by any price above zero. The margin "
        "is the policy's, 0.5 % unless it says otherwise, and an assumption; other assets stand "
        "still: in a crash they would not.",
        "Maintenance margin of cross-margined accounts; each venue's differs.",
    ),
    # -- what changed -------------------------------------------------------------------------
    "what_changed": Term(
        "What changed",
        "The difference between the end of a day and now, split into its causes. The day's close, "
        "which renews the model at 00:00 UTC, is part of it.",
        "after = before + positions + prices + volatility + model; each cause is averaged over "
        "all orders in which causes can be exchanged (Shapley)",
        "Positions is what was decided; the rest is what the market and the model did.",
        "Shapley 1953; Shorrocks 2013, J. Economic Inequality 11.",
    ),
    "change_positions": Term(
        "By positions",
        "What trading changed: other quantities, the same market.",
        "Shapley share of exchanging the quantities",
        "Yours to undo. Everything else would have come anyway.",
        "Shorrocks 2013, J. Economic Inequality 11.",
    ),
    "change_prices": Term(
        "By prices",
        "What other prices changed, with the same quantities held.",
        "Shapley share of exchanging the prices",
        "A rising long is a larger position: risk grows without a trade.",
        "Shorrocks 2013, J. Economic Inequality 11.",
    ),
    "change_volatility": Term(
        "By volatility",
        "What the forecast of how far prices move a day changed.",
        "Shapley share of exchanging the forecast deviations",
        "It rises within a day of a shock and decays over weeks.",
        "Glosten, Jagannathan & Runkle 1993, J. Finance 48.",
    ),
    "change_model": Term(
        "By the model",
        "What is left: tail, correlation and history of the model moved on.",
        "Shapley share of exchanging the rest of the model",
        "Large on the day on which a bad day leaves or enters the window.",
        "Shorrocks 2013, J. Economic Inequality 11.",
    ),
    # -- correlation --------------------------------------------------------------------------
    "correlation": Term(
        "Correlation",
        "How alike two assets move, from −1 (opposite) through 0 (unrelated) to +1 (as one).",
        "correlation of daily returns, each divided by the deviation that was forecast for it; "
        "each view says how much which days count",
        "At 0.7 two longs of equal size and volatility swing 92 % as far as one of twice the size. "
        "It is measured on moves freed of changing volatility, lest one wild week decide it.",
        "Engle 2002, J. Business & Economic Statistics 20.",
    ),
    "correlation_now": Term(
        "Now",
        "Correlation with newer days weighing more; the card shows the mean of what is held.",
        "EWMA with λ = 0.99 of products of standardised returns, scaled to ones on the diagonal, "
        "shrunk by 20 % towards its mean",
        "Half of the weight lies on the last 69 days: it follows a storm within weeks, not hours. "
        "Betas, the stressed view, independent bets and the order of the map use it. VaR does not: "
        "its dependence is that of the days of its own window, each counting the same, whose mean "
        "stands beside it.",
        "Engle 2002; Ledoit & Wolf 2004, J. Portfolio Management 30.",
    ),
    "correlation_calm": Term(
        "Calm",
        "Correlation over the calmer half of days.",
        "days of the window on which the market's forecast deviation was in its lower half, each "
        "counting the same",
        "What diversification looks like on the days on which it is not needed.",
        "Longin & Solnik 2001, J. Finance 56.",
    ),
    "correlation_recent": Term(
        "Recent",
        "Correlation over the last 60 days.",
        "Pearson correlation of standardised returns, each day counting the same",
        "Against the calm figure it tells whether assets are closer together now. Over 60 days a "
        "correlation of 0.7 is known to about ±0.13 (two standard errors).",
        "Fisher 1921, Metron 1: the standard error of a correlation.",
    ),
    "correlation_stressed": Term(
        "Stressed",
        "The matrix of now, moved towards everything falling together.",
        "(1 − θ) C + θ 11′, with θ such that the mean is 0.95; θ = 0 where it is that high already",
        "What is left of diversification in a panic. Two longs hardly offset each other here; a "
        "short still offsets a long.",
        "Numpacharoen 2013, J. Derivatives 21: weighted averages of correlation matrices.",
    ),
    "correlation_difference": Term(
        "Difference",
        "Recent less calm correlation, pair by pair.",
        "recent − calm",
        "Above zero, two assets move closer together now than on calm days: they diversify less "
        "than the calm past promises. With the signs of shorts turned it speaks of profits: above "
        "zero they move together more than on calm days, below zero they offset each other more.",
        "Longin & Solnik 2001, J. Finance 56.",
    ),
    "mean_correlation": Term(
        "Mean correlation",
        "The average over all pairs of assets.",
        "mean of the off-diagonal correlations of standardised returns, over a trailing window of "
        "60 days, each counting the same",
        "Eight large coins: median 0.67, 95th percentile 0.84, highest 0.93 (2017 to 2022). Near "
        "the top, owning many coins is owning one.",
        "Pollet & Wilson 2010, J. Financial Economics 96.",
    ),
    "independent_bets": Term(
        "Independent bets",
        "How many unrelated assets would spread risk as well as these do.",
        "(Σ λ)² ÷ Σ λ², λ the eigenvalues of the matrix of now",
        "Seven coins with a correlation of 0.7 are 1.8 bets. Adding another coin of the kind adds "
        "next to nothing. Sizes play no part: it is about the assets.",
        "Bretherton et al. 1999, J. Climate 12: effective degrees of freedom.",
    ),
    "pair_beta": Term(
        "Beta of the pair",
        "How far the second asset moved, on average, when the first moved by one per cent.",
        "covariance of daily returns ÷ variance of the first one's; a short's returns are turned "
        "where signs are as held",
        "The dashed line in the chart of days. To hedge a position in the second, hold beta times "
        "its size of the first the other way round.",
        "Sharpe 1963, Management Science 9.",
    ),
    "joint_tails": Term(
        "Joint tails",
        "How often both have one of their worst days on the same day.",
        "share of the worst 5 % of days of one on which the other had one of its worst 5 %",
        "The page shows both numbers: what was observed, and what a Gaussian copula of the same "
        "correlation says, as if nothing but correlation tied them together. Where more was "
        "observed, diversification in the tails is worth less than correlation says.",
        "Embrechts, McNeil & Straumann 2002, Correlation and dependence in risk management.",
    ),
    "clustered_order": Term(
        "Clustered order",
        "Rows stand so that assets that move alike stand side by side.",
        "average linkage on √((1 − ρ) ÷ 2), ρ of the matrix of now, leaves in optimal order",
        "A square block along the diagonal is one bet under several names.",
        "Mantegna 1999, European Physical Journal B 11; Bar-Joseph et al. 2001.",
    ),
    # -- VaR and its health -------------------------------------------------------------------
    "var_levels": Term(
        "VaR 95, 97.5 and 99 %",
        "The loss that should be exceeded on 5, 2.5 and 1 of 100 days.",
        "quantiles of the book's simulated one-day losses; tail fitted by peaks over threshold",
        "Read the inner one for how the model fares (it is tested often), the outer one for what "
        "a bad day costs.",
        "McNeil & Frey 2000, J. Empirical Finance 7.",
    ),
    "var_1h": Term(
        "VaR, 1 hour",
        "The loss that the book should exceed in one hour of a hundred.",
        "99 % quantile of filtered history, window 2 000 hours",
        "For what cannot be sold at once. It is not the day's VaR divided by √24: hours are "
        "calmer at night and jump more.",
        "Barone-Adesi, Giannopoulos & Vosper 1999, J. Futures Markets 19.",
    ),
    "es": Term(
        "Expected shortfall",
        "The average loss when VaR is exceeded.",
        "mean of the losses beyond the quantile, the boundary one weighted",
        "Unlike VaR it never rises by merging two books. Its ratio to VaR tells how fat the tail "
        "is: 1.15 at 99 % for a bell curve.",
        "Acerbi & Tasche 2002, J. Banking & Finance 26.",
    ),
    "exception": Term(
        "Exception",
        "A period whose loss was larger than the VaR that had been forecast for it.",
        "loss of the day > VaR forecast at its opening",
        "Expected on 1 of 100 days at 99 %. One alone proves nothing; several in a row say that "
        "the model is late.",
        "Basel Committee 1996, Supervisory framework for backtesting.",
    ),
    "normal_range": Term(
        "Normal range",
        "How many exceptions a right model has, by luck alone.",
        "the counts that Kupiec's likelihood ratio test does not reject at 5 %",
        "Inside: no evidence against the model, which is not proof of it. Above: too low. Below: "
        "too high, and room is wasted. A right model leaves the range seldom; a wrong one often "
        "stays inside: over 250 days at 99 %, 76 % of those exceeded twice as often as they "
        "should be.",
        "Kupiec 1995, J. Derivatives 3.",
    ),
    "traffic_light": Term(
        "Traffic light",
        "The regulator's verdict on a VaR model by its exceptions.",
        "over 250 days at 99 %: green up to 4, amber 5 to 9, red from 10; "
        "over fewer days the zones begin sooner",
        "A right model is green 89 times in 100. It never catches a model that is too high.",
        "Basel Committee 1996, Supervisory framework for backtesting.",
    ),
    "book_model": Term(
        "Model of the book",
        "The model that every one-day figure of the book comes from: what is shown, split among "
        "positions, forecast and scored.",
        "VaR and ES of what today's holdings make in the scenarios that the model reads",
        "A model chosen measures from the engine's next cycle on. Each stored forecast keeps the "
        "name of the model that made it, so that the record of one is not taken for another's.",
        "docs/risk-model.md, Models of a book.",
    ),
    "models_compared": Term(
        "Models compared in hindsight",
        "The live record, and what each model would have forecast for the book as it was held.",
        "forecast for day t from prices before t alone, for the holdings at its opening",
        "The live model follows each asset, those of hindsight the book's own series: one method "
        "forecasts differently in both. The same days, the same holdings, no look-ahead.",
        "Berkowitz & O'Brien 2002, J. Finance 57.",
    ),
    "hit_rate": Term(
        "Hit rate",
        "How often losses were larger than the forecast.",
        "exceptions ÷ days",
        "It should be 5, 2.5 or 1 %. Whether a gap is luck, the normal range tells.",
        "Christoffersen 1998, International Economic Review 39.",
    ),
    "as_held": Term(
        "Profit as held",
        "What the holdings of a day's opening would have earned until its close, untouched.",
        "Σ exposure at the opening × return of the day",
        "VaR forecasts this, not what was traded during the day: it is what models are judged "
        "by. Fees and trades make the difference to P&L today.",
        "Basel Committee 2019, MAR32: hypothetical profit and loss.",
    ),
    "pinball": Term(
        "Pinball loss",
        "How much a VaR's forecasts cost: losses beyond them heavily, unused room a little.",
        "mean of 0.99 × (loss − VaR) beyond, 0.01 × (VaR − loss) inside",
        "Lower is better. It tells apart models with equal exceptions: who was beyond by more, "
        "or kept more room than needed. Shown against the live record over the same days; within "
        "chance: a test at 5 % cannot tell the two apart.",
        "Koenker & Bassett 1978, Econometrica 46; Diebold & Mariano 1995, J. Business & Economic "
        "Statistics 13.",
    ),
    "hit_order": Term(
        "Order of exceptions",
        "Whether a loss beyond VaR is likelier after another one.",
        "−2 ln of the likelihood of independent exceptions over that of a chain, χ² with 1 degree",
        "No clusters seen: what chance explains (p from 0.05). Clustered: VaR follows the market "
        "too slowly. Fewer than five exceptions cannot tell unless they touch.",
        "Christoffersen 1998, International Economic Review 39.",
    ),
    "conditional_coverage": Term(
        "Number and order",
        "One test of both: as many exceptions as there should be, and none drawing the next.",
        "likelihood ratio of a chain against independent exceptions of 5 %, χ² with 2 degrees",
        "Rejected below p 0.05: the number, the order or both are unlikely under a right model. "
        "It looks at neighbouring days only.",
        "Christoffersen 1998, International Economic Review 39.",
    ),
    "shortfall_test": Term(
        "Test of expected shortfall",
        "Whether losses beyond VaR were as many and as deep as expected shortfall said.",
        "Z2 = 1 − Σ loss ÷ ES over days beyond VaR ÷ (days × 2.5 %)",
        "0 if right, −0.10 if such losses added up to 10 % too much. Below −0.70 is amber, which a "
        "right model reaches once in twenty years of 250 days, below −1.80 red; over clearly "
        "fewer or more days the probability of so low a figure is simulated.",
        "Acerbi & Szekely 2014, Risk, December.",
    ),
    "outcome_bands": Term(
        "Bands of outcomes",
        "The probability-integral histogram: how many days fell between two levels of a forecast.",
        "days in the band ÷ (days × width of the band)",
        "1 × is right. A long last bar: losses too deep. Short outer bars: VaR too high. A "
        "forecast of a few levels tells bands and no finer histogram.",
        "Kratz, Lok & McNeil 2018, J. Banking & Finance 88.",
    ),
    "utilization": Term(
        "Utilization",
        "How much of a limit is used: what is measured now over the hard threshold.",
        "value ÷ hard threshold in force",
        "Thin mark: the soft threshold, where a warning and de-risking begin. Thick mark: the hard "
        "one, which no order may pass. Grey is inside, amber soft, red hard; a dashed bar is "
        "unknown, and what cannot be measured refuses new risk.",
        "Financial Stability Board 2013, Principles for an Effective Risk Appetite Framework.",
    ),
    "headroom": Term(
        "Headroom",
        "What is left to the hard threshold, in money where the limit counts any.",
        "(hard threshold − value) × equity; of losses, times the equity that they are part of",
        "It is the room of that limit alone: several limits enclose an order, and the tightest "
        "rules. Below zero the limit is crossed. Of VaR it is room for more VaR, not for more "
        "position.",
        "Definition; see docs/limits.md.",
    ),
    "time_to_breach": Term(
        "Time to breach",
        "When the hard threshold is reached if the figure goes on as it did lately.",
        "headroom ÷ smoothed change per hour (half-life 30 minutes)",
        "A warning of pace, no forecast: markets turn. None: it is not growing, or would take more "
        "than 30 days. Paused: entries are, so no order fills more of it; losses go on, and keep "
        "their pace.",
        "Exponential smoothing: Brown 1959, Statistical Forecasting for Inventory Control.",
    ),
    "limit_factor": Term(
        "Factor of a limit",
        "What performance and regime make of a limit that follows them.",
        "base × performance × regime, between floor and cap",
        "It tightens at once and loosens slowly, in steps. A temporary limit stands in place of "
        "both, until it expires by itself.",
        "Grossman & Zhou 1993, Mathematical Finance 3: exposure that follows drawdown.",
    ),
    "binding_limit": Term(
        "Binding limit",
        "The limit on the book that is nearest to trouble.",
        "hard breaches first, then what cannot be measured, soft breaches, and the fullest",
        "It is what new risk will meet first on the whole; a certain order may meet another one: "
        "ask for the room left on Exposure.",
        "Definition.",
    ),
    "room_left": Term(
        "Room left",
        "The largest order that every limit and state would let pass now.",
        "the largest size that passes the check that answers orders, over the newest complete "
        "cycle",
        "The same function answers agents. Only the size is looked for: an order's price, rate "
        "and repetition are checked when it comes.",
        "Definition; see docs/orders.md.",
    ),
    "latch": Term(
        "Stopped by hand",
        "A book, strategy, asset or venue in which a person or a program stopped trading.",
        "trading state = the tighter of what was asked and what rules, limits and data say",
        "It holds over restarts until a person resumes it by name. HALTED lets nothing through "
        "but emergencies that reduce, REDUCE ONLY lets proven reductions pass.",
        "Definition; see docs/halting.md.",
    ),
    "orders_answered": Term(
        "Orders answered",
        "How many orders agents asked about in the range, as the filters let through.",
        "orders by the time of their answer; the same order asked again counts once, and slices "
        "of room only where they are chosen",
        "What was asked at another book, or refused as no order at all (HTTP 4xx), is not here.",
        "Definition; see docs/orders-page.md.",
    ),
    "orders_approved": Term(
        "Approved",
        "Orders that passed as they were asked.",
        "every limit and state around the order holds after it, or it only reduces",
        "Many refusals and few approvals: an agent asks for more than its limits, or a scope is "
        "stopped.",
        "Definition; see docs/orders.md.",
    ),
    "orders_resized": Term(
        "Resized",
        "Orders of which only a part passed.",
        "the largest quantity that passes every check, rounded down to whole lots",
        "The agent may send that part. Many of them: the agent's sizes outgrow its limits.",
        "Definition; see docs/orders.md.",
    ),
    "orders_rejected": Term(
        "Rejected",
        "Orders of which nothing passed.",
        "no quantity that may be ordered passes every check",
        "The reason says whether it was a limit, a state, missing data, or the order itself.",
        "Definition; see docs/orders.md.",
    ),
    "verdict": Term(
        "Verdict",
        "The answer to an order: approved, resized to what passes, or rejected.",
        "approved if all of it passes; resized if a part does; rejected if nothing does",
        "A verdict holds for seconds and for its order alone. A proven reduction is approved in "
        "every state but HALTED.",
        "Definition; see docs/orders.md.",
    ),
    "order_allowed": Term(
        "Allowed",
        "How much of the order might be sent.",
        "units of the asset, at most what was asked",
        "Zero of a rejected order. That much room is set aside until fills or the order's end are "
        "told.",
        "Definition; see docs/orders.md.",
    ),
    "order_outcome": Term(
        "What became of it",
        "Where an order stands after its answer, as far as anybody told.",
        "not sent, open, partly filled, filled, cancelled or ended; overdue where nobody told in "
        "time",
        "Overdue is no end: its room stays set aside until the agent tells, or a person who knows "
        "it dead gives the room back. Of a slice of room, which an agent settles with the list "
        "of its orders, a share of it was spent.",
        "Definition; see docs/orders-page.md.",
    ),
    "decision_time": Term(
        "Time of a decision",
        "How long an answer took, from the order's arrival at the gate until it was decided.",
        "p99: 99 of 100 of the newest 10,000 answers in the range took at most so long; of fewer "
        "than 100 answers the time of half of them",
        "Without writing it to disk and without the way over HTTP, which take longer. A p99 far "
        "above the half says that answers wait for something else on the machine.",
        "Order statistic; see docs/evidence.md.",
    ),
    "open_reservations": Term(
        "Open reservations",
        "Orders that were let through and may still be filled: each holds room against its limits.",
        "quantity allowed − quantity filled, until the order is filled or known dead",
        "Age alone frees nothing: an order may stand at the exchange longer than anybody watches "
        "it. After 30 s without news it is overdue; after a look at the exchange a person gives "
        "the room back with “seawall reservations release”. A slice is room lent to an agent "
        "before it orders; its id begins with “lease:”, and any of its orders may be at the "
        "exchange.",
        "Definition; see docs/orders-page.md.",
    ),
    "reductions_honoured": Term(
        "Reductions met in time",
        "How often a strategy made a position smaller when it was asked to, by the deadline.",
        "demands − late − still open; a stricter request about the same position is the same "
        "demand",
        "Late ones stay counted as late, also when they were met afterwards. Acknowledged says "
        "only that an agent answered that it would. All are counted by strategy, whoever sends "
        "its orders.",
        "Definition; see docs/de-risking.md.",
    ),
    "order_snapshot": Term(
        "What it was judged by",
        "The book and its prices in the last complete cycle before the answer.",
        "the cycle's snapshot, with every fill and reservation booked since",
        "Kept with the answer, so that an old answer can be understood. The figures here are the "
        "cycle's own; what was booked between it and the answer is named below them.",
        "Definition; see docs/orders.md.",
    ),
    "breaker": Term(
        "Circuit breaker",
        "A rule that stops or cuts new risk by itself when a measure passes its level, and lets "
        "go again step by step.",
        "trips when value > trip level, in so many of the last readings; eases at the release "
        "level or below, once its pause is over",
        "What tripped it stands in the first sentence; until when in the second. Reductions pass "
        "in every state but HALTED, where they need an emergency key. A breaker stops its own "
        "scope: the tightest state of all scopes around an order rules.",
        "Definition; see docs/breakers.md.",
    ),
    "breaker_states": Term(
        "States of a breaker",
        "Where a breaker stands: armed, tripped, in probation, or off.",
        "armed → tripped (its pause) → probation at 25, 50, 100 % of size → armed",
        "The bar is full at the thick tick, where it trips; a thin tick is where it lets go. A "
        "trip in probation takes all of it back and doubles the pause. One that is off only "
        "records that it would have tripped. One that is not measured yet trips nothing.",
        "Definition; see docs/breakers.md.",
    ),
    "override": Term(
        "Override",
        "An officer's command over one breaker, with a reason and an expiry.",
        "step down or switch off: 4 h at most; hold, extend or trip by hand: 7 days at most",
        "It lifts no limit and nothing that people stopped, and ends by itself. Before one that "
        "lets more risk through every warning must be opened and the phrase typed; another officer "
        "judges the next day what came of it. Whoever tightens waits for none of this.",
        "Definition; see docs/breakers-card.md.",
    ),
    "trip_band": Term(
        "Trips over time",
        "When breakers held trading, as bands behind the curves.",
        "from the trip to its end, in the colour of the state; re-opening in that of CAUTION; what "
        "held a part of the book only is a thin bar at the foot; of several at once the tightest",
        "Look whether the market went on falling inside a band: a breaker that only trips after "
        "the fall costs and saves nothing. Trips of breakers that are off are not drawn.",
        "Definition; see docs/breakers.md.",
    ),
    "change": Term(
        "Change",
        "A limit, a breaker, the whole policy or the model of the book as it is to be from now on. "
        "It is proposed with a reason, and the journal keeps who asked and who agreed.",
        "proposed -> approved -> in force with the engine's next cycle",
        "What only tightens needs one person who may approve. What loosens, or may, needs another "
        "one than its author, and the database refuses anything else. It is compared with one "
        "version of the policy: once another is in force, it must be compared anew.",
        "Four eyes on loosening: the rule of banks' limit frameworks.",
    ),
    "journal_chain": Term(
        "Chain of the journal",
        "Each entry's hash covers the one before it, so that changing or removing one breaks all "
        "that follow.",
        "hash = SHA-256(hash before, stream, number, time, kind, body)",
        "Followed here beside everything else, from the first entry on, once an hour anew. Whoever "
        "can write the database can chain all of it anew: that is what the signed checkpoints and "
        "their copies at the anchor are for, which `seawall journal verify` looks at.",
        "Haber & Stornetta 1991, J. Cryptology 3; Schneier & Kelsey 1999, ACM TISSEC 2.",
    ),
}
