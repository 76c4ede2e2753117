"""What waits for an agent: few wishes, none of yesterday, and none that would be traded twice."""

from risk.lab.tray import MOST_TURNS, MOST_WAITING, Tray
from risk.lab.wishing import Occasion
from tests.wishes import sight, wish


def names(tray: Tray) -> list[str]:
    """What waits, taken out one after the other."""
    found = []
    while (next_one := tray.begin()) is not None:
        found.append(next_one.wish.identity)
        tray.end()
    return found


def test_a_newer_wish_for_a_close_takes_the_place_of_an_older_one():
    tray = Tray()
    small = wish(name="paper/small/1", occasion=Occasion.SMALL)
    tray.put(sight(1), [wish(), small, wish(name="paper/close/2", asset="ETH")], ())

    assert tray.put(sight(2), [wish(name="paper/close/3")], ()) == 1
    assert names(tray) == ["paper/small/1", "paper/close/2", "paper/close/3"]


def test_wishes_of_one_reading_belong_together():
    tray = Tray()
    tray.put(sight(1), [wish(), wish(name="paper/close/2")], ())

    assert names(tray) == ["paper/close/1", "paper/close/2"]


def test_nothing_is_wished_of_a_position_whose_order_the_wisher_cannot_have_seen():
    tray = Tray()
    tray.put(sight(1), [wish()], ())
    tray.begin()
    assert tray.put(sight(2), [wish(name="under way")], ()) == 1
    tray.end()
    assert tray.put(sight(3), [wish(name="just ended")], ()) == 1
    assert tray.put(sight(4), [wish(name="seen")], ()) == 0

    assert names(tray) == ["seen"]


def test_small_trades_need_not_know_what_is_held():
    tray = Tray()
    tray.put(sight(1), [wish()], ())
    tray.begin()
    tray.put(sight(2), [wish(name="paper/small/1", occasion=Occasion.SMALL)], ())
    tray.end()

    assert names(tray) == ["paper/small/1"]


def test_old_wishes_are_dropped():
    tray = Tray()
    tray.put(sight(1), [wish()], ())
    assert tray.put(sight(1 + MOST_TURNS), [], ()) == 0
    assert tray.put(sight(2 + MOST_TURNS), [], ()) == 1
    assert names(tray) == []


def test_only_so_many_wait():
    tray = Tray()
    many = [wish(name=f"paper/small/{n}", occasion=Occasion.SMALL) for n in range(MOST_WAITING + 3)]

    assert tray.put(sight(1), many, ()) == 3
    assert names(tray) == [each.identity for each in many[3:]]
