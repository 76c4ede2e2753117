"""What each reason code says, and what an agent that meets it should do."""

from collections.abc import Mapping
from typing import NamedTuple

from risk.domain.decisions import ReasonCode


class Explained(NamedTuple):
    """A reason code in words.

    Attributes
    ----------
    says : str
        One sentence.
    advice : str
        What whoever sent the order should do, one sentence.
    """

    says: str
    advice: str


#: Every code of `ReasonCode`. The kinds of limits, which are reason codes too, tell of themselves.
REASONS: Mapping[ReasonCode, Explained] = {
    ReasonCode.NAME_NOT_VALID: Explained(
        "A name of the order, its id included, is no printable text, or longer than 500 letters.",
        "Mend the program that made the order.",
    ),
    ReasonCode.SIDE_UNKNOWN: Explained(
        "The side is neither `buy` nor `sell`.", "Mend the program that made the order."
    ),
    ReasonCode.ORDER_TYPE_UNKNOWN: Explained(
        "The type is neither `market` nor `limit`.", "Mend the program that made the order."
    ),
    ReasonCode.QUANTITY_NOT_FINITE: Explained(
        "The quantity is not a finite number.", "Mend the program that made the order."
    ),
    ReasonCode.QUANTITY_NOT_POSITIVE: Explained(
        "The quantity is zero or negative.", "Send a positive quantity, and the direction as side."
    ),
    ReasonCode.LIMIT_PRICE_MISSING: Explained(
        "A limit order came without a limit price.", "Send the price, or a market order."
    ),
    ReasonCode.LIMIT_PRICE_UNEXPECTED: Explained(
        "A market order came with a limit price.", "Leave the price out, or send a limit order."
    ),
    ReasonCode.LIMIT_PRICE_NOT_VALID: Explained(
        "The limit price is not a finite number above zero.",
        "Mend the program that made the order.",
    ),
    ReasonCode.PORTFOLIO_UNKNOWN: Explained(
        "The order is for another portfolio than the one that answers.",
        "Ask the engine of that portfolio.",
    ),
    ReasonCode.NO_POLICY: Explained(
        "Nobody has adopted a policy for the book: nothing may be traded.",
        "Wait until a risk officer has imported one.",
    ),
    ReasonCode.STRATEGY_UNKNOWN: Explained(
        "The policy does not name the strategy.", "Ask for it to be added to the policy."
    ),
    ReasonCode.ASSET_UNKNOWN: Explained(
        "No price of the asset is known.", "Check how the asset is written, e.g. `BTC/USDT`."
    ),
    ReasonCode.ASSET_NOT_ALLOWED: Explained(
        "The policy does not name the asset among its instruments.",
        "Ask for it to be added to the policy.",
    ),
    ReasonCode.SCOPE_WITHOUT_LIMIT: Explained(
        "No limit is set on something that the order is part of: a new scope starts at zero.",
        "Ask for a limit on the scope that the reason names.",
    ),
    ReasonCode.OFF_TICK: Explained(
        "The limit price is not a whole number of the instrument's ticks.",
        "Round the price to the tick, away from the market.",
    ),
    ReasonCode.OFF_LOT: Explained(
        "The quantity is not a whole number of the instrument's lots.",
        "Round the quantity down to the lot.",
    ),
    ReasonCode.BELOW_LEAST: Explained(
        "The quantity is smaller than the least that may be ordered.",
        "Send the least quantity, or nothing.",
    ),
    ReasonCode.DUPLICATE_ORDER: Explained(
        "Another order came under the same client order id.",
        "Use a new id for a new order; repeat an order only as it was.",
    ),
    ReasonCode.VENUE_MISSING: Explained(
        "The order names no venue, and the policy does not name exactly one.",
        "Name the venue in the order.",
    ),
    ReasonCode.MARK_MISSING: Explained(
        "The asset has no mark, so that the order cannot be valued.",
        "Wait for a price; a proven reduction passes.",
    ),
    ReasonCode.MARK_NOT_TRUSTED: Explained(
        "The asset's mark is stale or suspect: no new risk is taken on it.",
        "Wait until it is trusted again; a proven reduction passes.",
    ),
    ReasonCode.EQUITY_UNKNOWN: Explained(
        "The book's equity is not known, as while something held has no mark.",
        "Wait until it is; a proven reduction passes.",
    ),
    ReasonCode.EQUITY_NOT_POSITIVE: Explained(
        "The book's equity is zero or negative.", "Send reductions only."
    ),
    ReasonCode.EQUITY_NOT_TRUSTED: Explained(
        "The book's equity leapt, and no further readings have confirmed a level yet.",
        "Ask again in a few seconds, a minute at most; a proven reduction passes.",
    ),
    ReasonCode.NOT_MEASURED: Explained(
        "What a limit caps cannot be measured now.",
        "Wait until it is; a proven reduction passes.",
    ),
    ReasonCode.SNAPSHOT_STALE: Explained(
        "The last complete measurement of the book is too old to take new risk on.",
        "Wait until the engine measures again; a proven reduction passes.",
    ),
    ReasonCode.NOT_JOURNALLED: Explained(
        "The answer could not be written down, and new risk is not let in unwritten.",
        "Wait until the database answers, and send a new order; a proven reduction passes.",
    ),
    ReasonCode.TOO_MANY_OPEN: Explained(
        "The strategy has as many orders open as it may; one whose end nobody reports stays open.",
        "Report fills and cancels of orders that are over, or let an officer release them; a "
        "proven reduction passes.",
    ),
    ReasonCode.COOLING_DOWN: Explained(
        "A stop closed this position, and its plan keeps the strategy out of it for a while.",
        "Wait until the time to stay out is over; a proven reduction passes.",
    ),
    ReasonCode.THROTTLED: Explained(
        "The trading state lets new risk through at a fraction of its size only.",
        "Take the quantity that is allowed, or wait.",
    ),
    ReasonCode.DE_RISKING: Explained(
        "A rule makes positions smaller now, and new risk with them.",
        "Take the quantity that is allowed, and reduce as requested.",
    ),
    ReasonCode.REDUCTIONS_ONLY: Explained(
        "The trading state lets proven reductions through only.",
        "Reduce, or wait until the state is lifted.",
    ),
    ReasonCode.HALTED: Explained(
        "Trading is halted.",
        "Stop sending; a reduction passes only as an emergency, with a key that allows it.",
    ),
    ReasonCode.REDUCTION_PROVEN: Explained(
        "The order only makes a live position smaller, whatever else is filled: it passed.",
        "Send it.",
    ),
    ReasonCode.REDUCTION_NOT_PROVEN: Explained(
        "The order says that it only reduces, and the live position and working orders do not.",
        "Check the position, and cancel orders that work on the same side.",
    ),
    ReasonCode.REDUCTION_RAISES_RISK: Explained(
        "The reduction passed and yet raises a measure of the book, as closing a hedge does.",
        "Look at what it hedged.",
    ),
    ReasonCode.LEASE_ORDERS: Explained(
        "This is a slice of room, and its holder may make so many orders of it without asking.",
        "Settle it with the list of these orders.",
    ),
    ReasonCode.LEASE_ALIKE: Explained(
        "Of one size, the holder of this slice may make so many orders without asking.",
        "Ask about more of them.",
    ),
    ReasonCode.LEASED: Explained(
        "The order was approved beside its agent, from a slice of room that it held.",
        "Report its fills and its end, as of any order; what is over the slice was reserved too.",
    ),
}
