"""The web is served as one worker with threads, on a port that is free."""

import socket
from pathlib import Path

import pytest

from risk.commands.web import Pages, gunicorn_options, require_free_port
from risk.config import Settings
from risk.errors import SettingInvalid


def test_gunicorn_takes_our_options_and_nothing_of_its_own():
    served = Pages(gunicorn_options(Settings(web_port=8060)))

    assert served.cfg.bind == ["127.0.0.1:8060"]
    assert (served.cfg.worker_class_str, served.cfg.workers, served.cfg.threads) == (
        "gthread",
        1,
        8,
    )
    assert served.cfg.control_socket_disable


def test_an_address_of_version_6_is_written_in_brackets():
    assert gunicorn_options(Settings(host="::1"))["bind"] == "[::1]:8050"


def test_a_taken_port_is_one_sentence_that_names_port_and_setting(run, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("SEAWALL_WEB_PORT", str(port))

        result = run("web")

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: SEAWALL_WEB_PORT is {port}, which")
    assert result.stderr.count("\n") == 1


def test_a_free_port_is_no_problem():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingInvalid):
            require_free_port(Settings(web_port=port))

    require_free_port(Settings(web_port=port, home=Path("/nonexistent")))
