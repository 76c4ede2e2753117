"""Counting answers, and how long they took."""

from risk.api.tally import ENDS, Tally


def test_latency_falls_into_the_first_bucket_that_holds_it_and_lag_is_that_of_the_oldest():
    now = [0.0]
    tally = Tally(lambda: now[0])
    first = tally.begin()
    now[0] = 0.001
    second = tally.begin()
    now[0] = 0.003

    assert (tally.waiting, tally.lag) == (2, 0.003)
    tally.end(first, b'{"verdict":"approve","quantity":1}')
    assert (tally.waiting, round(tally.lag, 9)) == (1, 0.002)
    tally.end(second, None)
    assert (tally.waiting, tally.lag) == (0, 0.0)
    assert tally.verdicts == {"approve": 1}
    assert tally.latencies[ENDS.index(0.005)] == 1
    assert (sum(tally.latencies), tally.latency_sum) == (1, 0.003)


def test_what_took_longer_than_all_ends_is_counted_too():
    now = [0.0]
    tally = Tally(lambda: now[0])
    mark = tally.begin()
    now[0] = 60.0
    tally.end(mark, b'{"verdict":"reject"}')

    assert tally.latencies[-1] == 1
