"""Orders sent before: counted by time, the same however they are kept."""

from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import given

from risk.domain.orders import Side
from risk.limits.sent import SentOrder, SentOrders
from tests.books import BTC, ETH, NOW

ORDERS = st.lists(
    st.builds(
        SentOrder,
        st.integers(0, 200).map(lambda ago: NOW - timedelta(seconds=ago)),
        st.sampled_from((BTC, ETH)),
        st.sampled_from(Side),
        st.sampled_from((1.0, 2.0)),
    )
).map(lambda orders: sorted(orders, key=lambda order: order.at))


@given(ORDERS, st.sampled_from((0.5, 1.0, 60.0, 200.0)))
def test_as_many_are_counted_as_are_younger_than_the_window(orders, seconds):
    sent = SentOrders(orders)
    younger = [o for o in orders if (NOW - o.at).total_seconds() < seconds]
    wanted = (BTC, Side.BUY, 1.0)

    assert sent.count(at=NOW, seconds=seconds) == len(younger)
    alike = [o for o in younger if o.likeness == wanted]
    assert sent.count_alike(wanted, at=NOW, seconds=seconds) == len(alike)


@given(ORDERS, st.integers(0, 200))
def test_forgetting_what_no_window_reaches_changes_no_count(orders, seconds):
    kept, pruned = SentOrders(orders), SentOrders(orders)
    pruned.forget_before(NOW - timedelta(seconds=seconds))

    for window in (0.5, seconds / 2.0 or 0.1):
        assert pruned.count(at=NOW, seconds=window) == kept.count(at=NOW, seconds=window)
        for likeness in {order.likeness for order in orders}:
            assert pruned.count_alike(likeness, at=NOW, seconds=window) == kept.count_alike(
                likeness, at=NOW, seconds=window
            )


@given(ORDERS, st.integers(0, 200), st.sampled_from((0.5, 1.0, 60.0, 200.0)))
def test_of_the_sizes_that_are_kept_one_was_sent_most_often(orders, forgotten, seconds):
    """Whoever may send orders of any size is judged by the size that was sent most often."""
    sent = SentOrders(orders)
    sent.forget_before(NOW - timedelta(seconds=forgotten))
    seconds = min(seconds, float(forgotten))

    def most(sizes) -> int:
        wanted = [(BTC, Side.BUY, size) for size in sizes]
        return max((sent.count_alike(w, at=NOW, seconds=seconds) for w in wanted), default=0)

    assert most(sent.sizes(BTC, Side.BUY)) == most({order.quantity for order in orders})


@given(ORDERS, st.integers(1, 9))
def test_orders_that_may_be_sent_unheard_count_until_it_is_known_which_were(orders, number):
    sent, heard = SentOrders(orders), SentOrders(orders)
    bought, sold = (BTC, Side.BUY, 3.0), (BTC, Side.SELL, 3.0)
    sent.lease("lease:1", BTC, Side.BUY, number + 5, number)

    assert sent.leases == ("lease:1",)
    for added, wanted in ((number, bought), (0, sold)):
        counted = heard.count_alike(wanted, at=NOW, seconds=60.0) + added
        assert sent.count_alike(wanted, at=NOW, seconds=60.0) == counted
    assert sent.count(at=NOW, seconds=60.0) == heard.count(at=NOW, seconds=60.0) + number + 5
    sent.end_lease("lease:1")
    sent.end_lease("lease:1")
    assert sent.count(at=NOW, seconds=60.0) == heard.count(at=NOW, seconds=60.0)
