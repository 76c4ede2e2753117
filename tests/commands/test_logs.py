"""Log lines are for programs unless a person watches, and libraries speak only in trouble."""

import errno
import io
import json
import logging
import math

import click
import pytest
import structlog

from risk.commands.logs import configure_logs, say


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


pytestmark = pytest.mark.usefixtures("logs_as_before")


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_away_from_a_terminal_each_line_is_one_json_object():
    out = io.StringIO()
    configure_logs("info", stream=out)

    structlog.get_logger().info("cycle_saved", cycle=7)

    (line,) = lines(out)
    assert (line["event"], line["cycle"], line["level"]) == ("cycle_saved", 7, "info")
    assert str(line["timestamp"]).endswith("Z")


def test_lines_below_the_level_are_left_out():
    out = io.StringIO()
    configure_logs("warning", stream=out)

    structlog.get_logger().info("small_talk")
    structlog.get_logger().warning("trouble")

    assert [line["event"] for line in lines(out)] == ["trouble"]


def test_libraries_are_heard_from_warning_on_even_when_we_talk_a_lot():
    out = io.StringIO()
    configure_logs("debug", stream=out)

    logging.getLogger("apscheduler").info("added job")
    logging.getLogger("apscheduler").warning("missed a run")

    assert [line["event"] for line in lines(out)] == ["missed a run"]


def test_an_exception_comes_with_its_trace():
    out = io.StringIO()
    configure_logs("info", stream=out)

    try:
        math.exp(1e9)
    except OverflowError:
        structlog.get_logger().exception("cycle_failed")

    assert "OverflowError: math range error" in str(lines(out)[0]["exception"])


def test_on_a_terminal_the_line_is_for_a_person():
    out = Terminal()
    configure_logs("info", stream=out)

    structlog.get_logger().info("cycle_saved")

    assert "cycle_saved" in out.getvalue()
    assert not out.getvalue().startswith("{")


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "proof_password",
        "token",
        "csrf",
        "_csrf_token",
        "X-CSRFToken",
        "Cookie",
        "code",
        "proof_code",
        "secret",
        "Authorization",
        "seawall_session",
        "api_key",
    ],
)
@pytest.mark.parametrize("wrap", [lambda it: it, lambda it: {"headers": [it]}, lambda it: [it]])
def test_whatever_is_called_like_a_secret_is_in_no_line(name, wrap):
    out = io.StringIO()
    configure_logs("info", stream=out)

    structlog.get_logger().info("form", asked=wrap({name: "sesame", "name": "ana"}))
    structlog.get_logger().info("form", **{name: "sesame"})

    assert "sesame" not in out.getvalue()
    assert "ana" in out.getvalue()


def test_what_only_sounds_like_a_secret_is_told():
    out = io.StringIO()
    configure_logs("info", stream=out)

    structlog.get_logger().info("lease_taken", token=7, key="breaker-1", decoded="yes", path="/a")

    (line,) = lines(out)
    assert (line["token"], line["key"], line["decoded"]) == (7, "breaker-1", "yes")


class FullDisk(io.StringIO):
    """Takes lines down, and keeps none while there is no room."""

    is_full = False

    def flush(self) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_nothing_stops_because_a_line_cannot_be_kept_and_how_many_were_lost_is_told():
    out = FullDisk()
    configure_logs("info", stream=out)

    out.is_full = True
    structlog.get_logger().info("lost")
    structlog.get_logger().info("lost")
    out.is_full = False
    structlog.get_logger().info("kept")

    told = lines(out)
    assert told[-2]["event"] == "kept"
    assert (told[-1]["event"], told[-1]["lines"]) == ("log_lines_lost", 2)


def test_whoever_keeps_others_alive_does_not_end_because_nobody_can_be_told(monkeypatch):
    def full(*_told: object, **_how: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(click, "echo", full)

    say("The engine ended with code 1; starting it again in 0.5 s.")
