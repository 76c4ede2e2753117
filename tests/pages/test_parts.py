"""Choices, limits, reasons, buttons, messages: what they say and what they never leave out."""

import re
from pathlib import Path

import pytest

from pages.components.buttons import button
from pages.components.choices import ActiveFilter, Crumb, breadcrumbs, choice_links, filter_chips
from pages.components.freshness import LOOKS, freshness_chip
from pages.components.metrics import Fact, fact_list
from pages.components.notices import NoticeLink, empty_state, error_state, page_banner
from pages.components.reasons import RESIZED, Reason, Verdict, reason_list
from pages.components.toasts import ToastLink, toast, toast_look
from pages.components.utilization import Utilization, utilization_bar
from pages.glossary import GLOSSARY
from pages.glyphs import SHAPES
from tests.pages.trees import part, parts, words

ROOT = Path(__file__).parents[2]


def _address(changes: dict[str, str | None]) -> str:
    return "/exposure?" + "&".join(f"{word}={value}" for word, value in changes.items())


def test_a_choice_is_a_link_and_says_which_one_is_chosen():
    options = {"asset": "Asset", "venue": "Venue"}
    group = choice_links("Split by", "by", options, "venue", _address)
    links = [p for p in parts(group) if "href" in p]

    assert [p["href"] for p in links] == ["/exposure?by=asset", "/exposure?by=venue"]
    assert [p.get("aria-current") for p in links] == [None, "true"]
    assert parts(group)[0]["aria-label"] == "Split by"


def test_a_path_ends_where_one_is():
    path = breadcrumbs([Crumb("Book demo", "/exposure")], "BTC")

    assert words(path) == "Book demo BTC"
    assert [p["children"] for p in parts(path) if p.get("aria-current") == "page"] == ["BTC"]


def test_each_filter_has_a_link_that_removes_it_alone():
    filters = [ActiveFilter("Strategy", "trend", "/a"), ActiveFilter("Venue", "sim-a", "/b")]

    assert [p["href"] for p in parts(filter_chips(filters, clear="/")) if "href" in p] == [
        "/a",
        "/b",
        "/",
    ]
    assert "Remove all" not in words(filter_chips(filters[:1], clear="/"))
    assert words(filter_chips([])) == ""


@pytest.mark.parametrize(
    ("used", "standing", "figure"),
    [
        (0.0, "inside", "0 %"),
        (0.7999, "inside", "80 %"),
        (0.8, "soft", "80 %"),
        (1.0, "hard", "100 %"),
        (3.0, "hard", "300 %"),
        (None, "unknown", "unknown"),
    ],
)
def test_a_limit_says_where_it_stands_in_a_word(used, standing, figure):
    shown = utilization_bar(Utilization("VaR", used), "bar")

    assert part(shown, "bar")["data-standing"] == standing
    assert standing.upper() in words(shown)
    assert figure in words(shown)


def test_a_bar_never_leaves_its_track_and_unknown_is_not_drawn_as_empty():
    over = part(utilization_bar(Utilization("VaR", 9.0), "bar"), "bar-fill")
    unknown = str(parts(utilization_bar(Utilization("VaR", None), "bar")))

    assert over["style"]["width"] == "100.0%"
    assert "sw-bar-unknown" in unknown
    assert "sw-use-fill" not in unknown


def test_reasons_stand_with_those_that_failed_first_and_those_not_run_last():
    outcomes = ("skipped", "passed", "failed", "shrunk")
    reasons = [Reason(f"CODE_{o}", o, "words", "margin") for o in outcomes]  # type: ignore[arg-type]
    shown = words(reason_list(Verdict(RESIZED, "buy 1 BTC.", "0.8 passes."), reasons, "why"))

    places = [shown.index(f"CODE_{o}") for o in ("failed", "shrunk", "passed", "skipped")]
    assert places == sorted(places)
    assert shown.index("0.8 passes.") < places[0]
    assert all(f"{o}:" in shown for o in outcomes), "the outcome is not told by shape alone"


def test_checks_that_were_not_looked_at_are_folded():
    outcomes = ("skipped", "failed", "skipped")
    reasons = [Reason(f"CODE_{n}", o, "words", "margin") for n, o in enumerate(outcomes)]  # type: ignore[arg-type]
    shown = reason_list(Verdict(RESIZED, "buy 1 BTC.", "0.8 passes."), reasons, "why")
    (folded,) = [p for p in parts(shown) if p.get("className") == "sw-reasons-skipped"]

    assert words(folded["children"]).startswith("2 checks were not looked at")
    assert "CODE_2" in words(folded["children"])
    assert "CODE_1" not in words(folded["children"])
    assert "CODE_0" not in words(part(shown, "why-rows")["children"])


def test_a_blocked_button_says_what_is_missing():
    shown = button("Apply", "apply", look="filled", blocked="Open 1 more warning.")

    assert "Open 1 more warning." in words(shown)
    assert part(shown, "apply")["aria-describedby"] == "apply-why"
    assert part(shown, "apply")["aria-disabled"] == "true"


def test_a_free_button_is_a_button_alone():
    assert part(button("Close", "close"), "close")["className"] == "sw-button"


@pytest.mark.parametrize("kind", LOOKS)
def test_each_age_has_a_shape_and_a_word(kind):
    shape, word = LOOKS[kind]

    assert shape in SHAPES
    assert word in words(freshness_chip(kind, "41 s"))


@pytest.mark.parametrize(("state", "closes"), [("halted", False), ("reduce_only", False)])
def test_a_halt_never_closes_by_itself(state, closes):
    assert toast_look(state)["autoClose"] is closes


@pytest.mark.parametrize("state", ["throttled", "caution", "normal", "info"])
def test_other_messages_close_after_a_while(state):
    assert toast_look(state)["autoClose"] == 8_000


def test_a_message_says_what_when_and_where_to_go():
    made = toast(
        "halted", "HALTED", "Cut SOL.", key="k", time="15:42", links=[ToastLink("Go", "/")]
    )

    assert words([made["title"], made["message"]]) == "HALTED 15:42 Cut SOL. Go"
    assert made["closeButtonProps"]["aria-label"]
    with pytest.raises(ValueError, match="two links"):
        toast("info", "a", "b", key="k", links=[ToastLink("x", "/")] * 3)


def test_a_banner_leads_somewhere_and_tells_its_kind_by_shape():
    stale = page_banner("Old.", "Refused.", state="stale", link=NoticeLink("Why", "/why"))
    refused = page_banner("Refused:", "why.", state="refused")

    assert words(stale) == "Old. Refused. Why"
    assert [p["data-glyph"] for p in parts(refused) if "data-glyph" in p] == ["halted"]


@pytest.mark.parametrize("make", [empty_state, error_state])
def test_a_small_notice_stands_inside_a_card_and_keeps_its_words(make):
    small = make("No rows", "Add one.", small=True, links=[NoticeLink("Add", "/add")])

    assert words(small) == "No rows Add one. Add"
    assert "sw-card" not in str(parts(small)[0])


def test_a_fact_is_explained_where_it_stands():
    facts = fact_list([Fact("net", "Net", "1.2 m USD", "0.5 × equity", "net")], "facts")

    assert part(facts, "facts-net-figure")["children"] == "1.2 m USD"
    assert GLOSSARY["net"].definition in words(facts)


def test_every_term_names_its_source_and_no_two_share_a_name():
    assert all(term.source for term in GLOSSARY.values())
    assert len({term.name for term in GLOSSARY.values()}) == len(GLOSSARY)


def test_every_page_of_the_documentation_that_a_term_names_is_there():
    sources = " ".join(term.source for term in GLOSSARY.values())
    named = set(re.findall(r"docs/[\w./-]+\.md", sources))

    assert named
    assert {name for name in named if not (ROOT / name).is_file()} == set()
