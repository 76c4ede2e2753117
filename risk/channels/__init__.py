"""How notices reach people. A channel is a file here and a line below."""

from collections.abc import Callable, Sequence

from risk.channels.apprise import apprise_channels, apprise_names
from risk.channels.log import LogChannel
from risk.domain.ports import Channel

#: From the addresses of the settings, and the hosts of this network that they may name, to the
#: channels of one sort; the log is always there.
CHANNELS: dict[str, Callable[[Sequence[str], Sequence[str]], Sequence[Channel]]] = {
    "log": lambda _urls, _hosts: (LogChannel(),),
    "apprise": apprise_channels,
}


def channels_of(urls: Sequence[str], hosts: Sequence[str] = ()) -> tuple[Channel, ...]:
    """Every channel to be used where the settings give these addresses.

    Parameters
    ----------
    urls : sequence of str
    hosts : sequence of str
        Those that may lie on this machine or in its network.

    Raises
    ------
    SettingInvalid
        If one of the addresses is of no use; it is named without its secrets.
    """
    return tuple(channel for make in CHANNELS.values() for channel in make(urls, hosts))


def channel_names(urls: Sequence[str]) -> tuple[str, ...]:
    """The names of those channels, for whoever only leaves notices for them."""
    return (LogChannel.name, *apprise_names(urls))
