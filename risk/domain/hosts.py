"""What names of hosts tell: whether they are addresses, and this machine's own."""

import ipaddress


def is_address(host: str) -> bool:
    """Whether it is an address, rather than a name that stands for one.

    Examples
    --------
    >>> [is_address(host) for host in ("127.0.0.1", "::1", "localhost", "")]
    [True, True, False, False]
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_this_machine(host: str) -> bool:
    """Whether what is sent to a host of this name never leaves this machine.

    Parameters
    ----------
    host : str
        A name or an address, without port and brackets.

    Examples
    --------
    >>> [is_this_machine(host) for host in ("localhost", "127.0.0.2", "::1", "192.0.2.1")]
    [True, True, True, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
