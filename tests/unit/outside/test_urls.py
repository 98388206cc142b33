"""URLs are read in one way only, and addresses of insides are known in every dress."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forbidden_urls import FORBIDDEN_URLS, resolve
from tenuto import errors
from tenuto.outside.calls import Caller
from tenuto.outside.urls import embedded, is_public, may_call, parse_url, read_networks


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_no_form_of_an_inside_address_is_taken(url):
    with pytest.raises(errors.ForbiddenAddress):
        Caller(resolve=resolve).check(url.replace("{port}", "8080"))


def test_the_table_is_as_long_as_promised():
    assert len(set(FORBIDDEN_URLS)) == len(FORBIDDEN_URLS) >= 73


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://Example.com", "example.com", 443, "/"),
        ("HTTP://example.com:8080/a?b=c%20d", "example.com", 8080, "/a?b=c%20d"),
        ("https://example.com?x=1", "example.com", 443, "/?x=1"),
        ("http://93.184.216.34/x", "93.184.216.34", 80, "/x"),
        ("https://[2606:2800:220:1::1]:8443/", "2606:2800:220:1::1", 8443, "/"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/"),
        ("https://a_b.example-x.co.uk/", "a_b.example-x.co.uk", 443, "/"),
    ],
)
def test_a_plain_url_is_taken_apart(url, host, port, path):
    target = parse_url(url)
    assert (target.host, target.port, target.path) == (host, port, path)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
)
def test_a_public_address_is_public(address):
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_inside_an_ipv6_one(address):
    number = int(address)
    dresses = [0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]
    teredo = 0x20010000 << 96 | 1 << 64 | (number ^ 0xFFFF_FFFF)
    for dress in (*dresses, teredo):
        assert embedded(IPv6Address(dress)) == address
        assert is_public(IPv6Address(dress)) == is_public(address)


@given(st.ip_addresses())
def test_what_is_public_is_no_ones_inside(address):
    if is_public(address):
        inner = embedded(address) or address
        assert inner.is_global
        insides = (inner.is_private, inner.is_loopback, inner.is_link_local, inner.is_multicast)
        assert not any(insides)


def test_an_operator_can_allow_a_network():
    allowed = read_networks(["10.0.0.0/8", "127.0.0.1", "fd00::/8"], "TENUTO_WEBHOOK_ALLOW")
    assert may_call(ip_address("10.1.2.3"), allowed)
    assert may_call(ip_address("::ffff:127.0.0.1"), allowed)
    assert may_call(ip_address("fd00::5"), allowed)
    assert not may_call(ip_address("127.0.0.2"), allowed)
    assert not may_call(IPv4Address("192.168.0.1"), allowed)


def test_a_network_nobody_can_read_is_a_bad_setting():
    with pytest.raises(errors.SettingsError, match="TENUTO_WEBHOOK_ALLOW"):
        read_networks(["10.0.0.0/33"], "TENUTO_WEBHOOK_ALLOW")
