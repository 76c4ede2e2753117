"""How scripts and styles reach the browser: once, small, and never an old one."""

import re

import brotli
import pytest

UNVERSIONED = "/_dash-component-suites/dash/dcc/async-graph.js"
BROTLI = {"Accept-Encoding": "gzip, deflate, br, zstd"}


@pytest.fixture
def addresses(web) -> list[str]:
    """Of every script and style that the first document names."""
    found = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', web.get("/").text)
    assert any("/assets/" in address for address in found)
    assert any("/_dash-component-suites/" in address for address in found)
    return found


def test_everything_that_the_document_names_is_kept_for_ever(web, addresses):
    for address in addresses:
        kept = web.get(address).headers["Cache-Control"]
        assert kept == "public, max-age=31536000, immutable", address


@pytest.mark.parametrize("address", [UNVERSIONED, "/assets/seawall.js"])
def test_a_bundle_without_a_version_in_its_address_is_asked_about_and_not_sent_twice(web, address):
    web.get("/")
    first = web.get(address, headers=BROTLI)
    again = web.get(address, headers={**BROTLI, "If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("address", ["/", "/live", "/_dash-layout", "/_dash-dependencies"])
def test_documents_and_numbers_are_never_kept(web, address):
    assert web.get(address).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "address",
    ["/assets/none.js?m=1", "/_dash-component-suites/dash/dcc/async-graph.v1m1.none"],
)
def test_a_failure_is_never_kept_whatever_its_address(web, address):
    answer = web.get(address)

    assert answer.status_code != 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_bundle_arrives_compressed_and_whole(web, addresses):
    for address in [*addresses, UNVERSIONED]:
        packed, plain = web.get(address, headers=BROTLI), web.get(address)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "br"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert brotli.decompress(packed.data) == plain.data, address


def test_a_bundle_is_compressed_once(web, addresses, monkeypatch):
    first = web.get(addresses[-1], headers=BROTLI)
    monkeypatch.setattr(brotli, "compress", None)

    assert web.get(addresses[-1], headers=BROTLI).data == first.data


def test_a_browser_that_refuses_brotli_gets_none(web):
    web.get("/")
    for accepted in ("gzip", "br;q=0, gzip", "identity"):
        answer = web.get(UNVERSIONED, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") != "br"
