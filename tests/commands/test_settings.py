"""`seawall settings` shows what is in force, and where it came from."""

import json
from dataclasses import fields

from risk.config import Settings, key_of


def test_every_setting_is_listed_with_default_meaning_and_source(run, home):
    (home / "seawall.toml").write_text("seed = 7\n")

    listed = json.loads(run("settings", "--json").stdout)["settings"]

    assert [row["key"] for row in listed] == [key_of(spec.name) for spec in fields(Settings)]
    assert {"key", "value", "default", "meaning", "source"} == set(listed[0])
    (seed,) = (row for row in listed if row["key"] == "SEAWALL_SEED")
    assert (seed["value"], seed["default"], seed["source"]) == (7, "42", "seawall.toml")


def test_people_get_lines_to_read(run):
    shown = run("settings").stdout

    assert "SEAWALL_WEB_PORT = 8050  (default)\n    Port of the web pages. Default: 8050." in shown
    assert "SEAWALL_PRICES = none  (default)" in shown


def test_a_wrong_setting_is_one_sentence(run, monkeypatch):
    monkeypatch.setenv("SEAWALL_SEED", "often")

    result = run("settings")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: SEAWALL_SEED must be a whole number")


def test_a_password_is_not_shown(run, monkeypatch):
    monkeypatch.setenv("SEAWALL_DATABASE_URL", "postgresql://ann:s3cret@db/risk")

    assert "s3cret" not in run("settings").stdout + run("settings", "--json").stdout
