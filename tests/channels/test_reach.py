"""Where notices may go: by what a name means when it is asked, and never to where secrets lie."""

import inspect
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.channels import channels_of, reach
from risk.channels.apprise import REFUSED_SERVICES
from risk.channels.reach import PERMITTED, Place, Reach, Unreachable, looked_up_soon, place_of
from risk.errors import ChannelFailed, SettingInvalid
from tests.builders import build_notice

OUTSIDE = IPv4Address("203.0.114.7")
METADATA = IPv4Address("169.254.169.254")


@pytest.fixture
def names(monkeypatch) -> dict[str, str]:
    """What names mean; a test may change it. Those that it does not hold have no address."""
    known: dict[str, str] = {}

    def look_up(host, port, *_rest, **_more):
        sys.audit("socket.getaddrinfo", host, port, 0, 0, 0)
        address = known.get(host, host)
        try:
            family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
        except ValueError:
            raise socket.gaierror(socket.EAI_NONAME, "no such name") from None
        return [(family, socket.SOCK_STREAM, 0, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


class Endpoint(HTTPServer):
    """Counts what is posted to it, and may send on to somewhere else."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = 0
        self.sends_on_to = ""


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        self.send_response(302 if self.server.sends_on_to else 200)
        self.send_header("Location", self.server.sends_on_to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing: it is counted."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


# --- addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("127.0.0.1", Place.HERE),
        ("127.9.9.9", Place.HERE),
        ("::1", Place.HERE),
        ("10.1.2.3", Place.WITHIN),
        ("172.16.0.1", Place.WITHIN),
        ("192.168.1.1", Place.WITHIN),
        ("100.64.0.1", Place.WITHIN),
        ("192.0.2.1", Place.WITHIN),
        ("240.0.0.1", Place.WITHIN),
        ("fc00::1", Place.WITHIN),
        ("fec0::1", Place.WITHIN),
        ("169.254.169.254", Place.SECRETS),
        ("169.254.0.1", Place.SECRETS),
        ("168.63.129.16", Place.SECRETS),
        ("100.100.100.200", Place.SECRETS),
        ("192.0.0.192", Place.SECRETS),
        ("fd00:ec2::254", Place.SECRETS),
        ("fd20:ce::254", Place.SECRETS),
        ("fe80::1", Place.SECRETS),
        ("224.0.0.251", Place.MANY),
        ("ff02::fb", Place.MANY),
        ("255.255.255.255", Place.MANY),
        ("0.0.0.0", Place.MANY),
        ("::", Place.MANY),
        ("203.0.114.7", None),
        ("8.8.8.8", None),
        ("2606:4700::1111", None),
    ],
)
def test_every_address_that_lies_not_out_in_the_world_is_known_as_such(address, place):
    assert place_of(ip_address(address)) == place


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:", "64:ff9b::", "64:ff9b:1::", "::"]))
def test_an_address_written_within_another_one_leads_to_the_same_place(address, prefix):
    written = IPv6Address(f"{prefix}{address}")

    # Two that mean something of their own there.
    if written not in (IPv6Address("::"), IPv6Address("::1")):
        assert place_of(written) == place_of(address)


@given(st.ip_addresses(v=4))
def test_tunnels_of_ipv6_lead_to_where_their_end_lies(address):
    six_to_four = IPv6Address((0x2002 << 112) | (int(address) << 80) | 1)
    teredo = IPv6Address((0x20010000 << 96) | (int(address) ^ 0xFFFF_FFFF))

    assert place_of(six_to_four) == place_of(teredo) == place_of(address)


@given(st.ip_addresses(), st.booleans())
def test_naming_a_host_opens_what_is_meant_by_a_network_and_nothing_worse(address, named):
    found = Reach(["Chat.Example."] if named else []).problem("chat.example", [address])
    place = place_of(address)

    assert found == (None if named and place in PERMITTED else place)


# --- at the start --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("json://127.0.0.1:8051/s3cret", Place.HERE),
        ("json://localhost/s3cret", Place.HERE),
        ("json://2130706433/s3cret", Place.HERE),
        ("json://0x7f000001/s3cret", Place.HERE),
        ("json://[::1]/s3cret", Place.HERE),
        ("json://[::ffff:10.0.0.1]/s3cret", Place.WITHIN),
        ("jsons://169.254.169.254/s3cret", Place.SECRETS),
        ("rsyslog://192.168.1.1", Place.WITHIN),
        ("mailto://me:s3cret@example.com?smtp=10.0.0.25&to=a@example.com", Place.WITHIN),
    ],
)
def test_an_address_that_leads_elsewhere_than_into_the_world_is_refused_by_its_number(url, told):
    with pytest.raises(SettingInvalid) as refused:
        channels_of([url])

    assert str(refused.value).startswith(
        f"SEAWALL_NOTIFY_URLS has an address that cannot be used, number 1: it leads {told}"
    )
    assert "s3cret" not in str(refused.value)
    assert ("SEAWALL_NOTIFY_HOSTS" in str(refused.value)) == (told in PERMITTED)


def test_a_name_is_judged_by_what_it_stands_for(names):
    names |= {"chat.example": "10.0.0.9", "open.example": str(OUTSIDE)}
    urls = ["json://open.example/", "json://chat.example/"]

    with pytest.raises(SettingInvalid, match="number 2: it leads into a private network"):
        channels_of(urls)
    assert [one.name for one in channels_of(urls, ["chat.example"])] == ["log", "json", "json-2"]


def test_where_secrets_lie_is_refused_although_its_host_is_named(names):
    names["meta.example"] = str(METADATA)

    with pytest.raises(SettingInvalid, match="where no notice may go"):
        channels_of(["json://meta.example/"], ["meta.example"])


def test_no_secret_is_looked_up_as_if_it_were_a_host(names, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(
        "risk.channels.apprise.looked_up_soon", lambda hosts: asked.extend(hosts) or {}
    )
    channels_of(["slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#risk", "ntfy://topic"])

    assert asked == ["hooks.slack.com", "ntfy.sh"]


def test_a_name_that_nobody_knows_now_keeps_no_engine_from_starting(names):
    assert [one.name for one in channels_of(["json://gone.example/"])] == ["log", "json"]


def test_a_silent_name_server_is_not_waited_for(monkeypatch):
    end = threading.Event()
    monkeypatch.setattr(reach, "looked_up", lambda host: end.wait(10) and [] if host == "a" else [])

    assert looked_up_soon(["a", "b"], patience=0.05) == {"b": []}
    end.set()


@pytest.mark.parametrize("scheme", sorted(REFUSED_SERVICES))
def test_services_that_start_programs_or_ask_unseen_are_refused(scheme):
    with pytest.raises(SettingInvalid, match=rf"number 1: {scheme}://\*\*\* is no service that"):
        channels_of([f"{scheme}://s3cret"])


@pytest.mark.parametrize("url", ["file:///etc/passwd", "exec://s3cret", "http+unix://%2Frun%2Fd"])
def test_what_is_no_service_is_refused(url):
    with pytest.raises(SettingInvalid, match="is of no service that Apprise knows"):
        channels_of([url])


def test_a_service_that_asks_nobody_is_refused(monkeypatch):
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "send", lambda *_args, **_named: True)

    with pytest.raises(SettingInvalid, match=r"json://\*\*\* asks nobody in a network"):
        channels_of(["json://127.0.0.1/"], ["127.0.0.1"])


def test_every_service_that_might_ask_unseen_is_among_the_refused():
    """For the next version of the library: a new one of that sort must be looked at."""
    from apprise import NotificationManager

    manager = NotificationManager()
    manager.load_modules()
    suspicious = ("subprocess", "os.system", "import dbus", "import syslog", "ctypes", "Thread(")
    found = set()
    for plugin in manager.plugins():
        file = Path(inspect.getfile(plugin))
        files = [file] if file.parent.name == "plugins" else file.parent.glob("*.py")
        if any(word in each.read_text() for each in files for word in suspicious):
            for scheme in (plugin.protocol, plugin.secure_protocol):
                found |= {scheme} if isinstance(scheme, str) else set(scheme or ())

    assert found <= REFUSED_SERVICES


# --- when it is sent -----------------------------------------------------------------------


def test_a_name_that_means_something_else_by_now_is_not_asked(names, endpoint):
    names["chat.example"] = str(OUTSIDE)
    channel = channels_of([f"json://chat.example:{endpoint.server_port}/"])[1]
    names["chat.example"] = "127.0.0.1"

    with pytest.raises(ChannelFailed, match="not asked: it leads to this machine itself"):
        channel.deliver(build_notice())
    assert endpoint.asked == 0


def test_a_host_that_is_named_is_asked(names, endpoint):
    names["chat.example"] = "127.0.0.1"
    url = f"json://chat.example:{endpoint.server_port}/"

    channels_of([url], ["chat.example"])[1].deliver(build_notice())

    assert endpoint.asked == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [("?redirect=yes", "not asked: it leads to this machine itself"), ("", "error=302")],
    ids=["it follows", "it does not"],
)
def test_whoever_is_sent_on_does_not_go_where_no_notice_may(endpoint, more, told):
    endpoint.sends_on_to = f"http://127.0.0.2:{endpoint.server_port}/"
    url = f"json://127.0.0.1:{endpoint.server_port}/{more}"
    channel = channels_of([url], ["127.0.0.1"])[1]

    with pytest.raises(ChannelFailed, match=told):
        channel.deliver(build_notice())
    assert endpoint.asked == 1


def test_neither_programs_nor_sockets_of_this_machine_are_reached(tmp_path):
    with Reach(["localhost"]).watched() as watch:
        with pytest.raises(Unreachable, match="no machine in a network"):
            subprocess.run(["true"], check=False)
        with socket.socket(socket.AF_UNIX) as local, pytest.raises(Unreachable):
            local.connect(str(tmp_path / "docker.sock"))

    assert watch.refused is Place.NO_NETWORK


def test_a_name_that_is_sent_to_as_it_is_is_looked_up_too():
    with (
        Reach().watched() as watch,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as telling,
        pytest.raises(Unreachable),
    ):
        telling.sendto(b"x", ("localhost", 514))

    assert watch.refused is Place.HERE


def test_nothing_else_in_the_process_is_hindered(endpoint):
    def ask() -> None:
        socket.create_connection(("127.0.0.1", endpoint.server_port)).close()

    with Reach().watched() as watch:
        other = threading.Thread(target=ask)
        other.start()
        other.join()
        with pytest.raises(Unreachable):
            ask()
    ask()

    assert watch.refused is Place.HERE
