"""Which addresses of the outside world this server calls: read strictly, so that no two readers see different hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from tenuto import errors

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL = 2000
PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1024
LAST_PORT = 65_535
MAX_NAME = 253
# ASCII only: without that flag the long s and the Kelvin sign would pass for letters.
URL = re.compile(
    r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?((?:[/?][!-\[\]-~]*)?)", re.IGNORECASE | re.ASCII
)
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
A_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # A name that ends in one is an IPv4 address to some readers.
PUBLIC_V6 = IPv6Network("2000::/3")
# Nobody's on the internet, though not every Python says so: reserved for protocols, documentation, 6to4 relays, and the
# host agent of a cloud, which is public by its number and the inside of a machine in truth.
HIDDEN: tuple[Network, ...] = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("168.63.129.16/32"),
    IPv6Network("2001::/23"),
    IPv6Network("3fff::/20"),
)
NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Target:
    """A URL, taken apart."""

    scheme: str
    host: str  # a name in lower case, or an address without brackets
    port: int
    path: str  # with the query

    @property
    def is_secure(self) -> bool:
        """Whether it is called over TLS."""
        return self.scheme == "https"

    @property
    def literal(self) -> Address | None:
        """The address, when the URL names one instead of a host."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def parse_url(url: str) -> Target:
    """Take a URL apart; whatever could be read in two ways is refused."""
    found = URL.fullmatch(url) if len(url) <= MAX_URL else None
    if found is None:
        raise errors.ForbiddenAddress(
            "The address must be a plain http:// or https:// URL of at most 2000 ASCII characters,"
            " without user names, spaces, backslashes or odd signs in its host."
        )
    scheme, host, port_text, rest = found.group(1).lower(), found.group(2).lower(), found.group(3), found.group(4)
    if "#" in rest:
        raise errors.ForbiddenAddress("The address must not have a fragment (#…): it would never be sent.")
    port = int(port_text) if port_text else PORTS[scheme]
    if port not in PORTS.values() and not FIRST_FREE_PORT <= port <= LAST_PORT:
        raise errors.ForbiddenAddress(f"Port {port} is not called; use 80, 443 or one from 1024 to 65535.")
    return Target(scheme, _read_host(host), port, rest if rest.startswith("/") else f"/{rest}")


def _read_host(host: str) -> str:
    if host.startswith("["):
        return str(_read_v6(host[1:-1]))
    labels = host.split(".")
    if A_NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise errors.ForbiddenAddress("An IPv4 address has four decimal numbers, such as 192.0.2.1.") from None
    if len(host) > MAX_NAME or not all(LABEL.fullmatch(label) for label in labels):
        raise errors.ForbiddenAddress("The host's name is not one that DNS knows; write it without a dot at its end.")
    return host


def _read_v6(text: str) -> IPv6Address:
    try:
        address = IPv6Address(text)
    except ValueError:
        raise errors.ForbiddenAddress("The IPv6 address cannot be read.") from None
    if embedded(address) is not None:
        raise errors.ForbiddenAddress("An IPv4 address is written as one, not inside an IPv6 address.")
    return address


def embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to in truth."""
    if isinstance(address, IPv4Address):
        return None
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet and to nobody's inside."""
    inner = embedded(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, IPv6Address) and address not in PUBLIC_V6:
        return False
    hidden = any(address in network for network in HIDDEN)
    return address.is_global and not (address.is_multicast or address.is_reserved or hidden)


def may_call(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether this server calls an address: a public one, or one that its operator allows."""
    real = embedded(address) or address
    return is_public(address) or any(real in network for network in allowed)


def read_networks(texts: Sequence[str], name: str) -> tuple[Network, ...]:
    """The networks an operator allows; `name` is the setting they stand in."""
    try:
        return tuple(ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise errors.SettingsError(f"{name} must hold addresses or networks, such as 10.0.0.0/8: {error}.") from None
