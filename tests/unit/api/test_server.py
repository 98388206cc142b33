"""How the server process begins."""

import socket

import pytest

from tenuto import errors, settings
from tenuto.api.server import free_port, require_free, serve
from tenuto.verify import is_loopback, require_key


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_only_this_machine_needs_no_key(host):
    assert is_loopback(host)
    require_key(settings.load(_env_file=None, host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "studio.lan", "", "localhost.evil.example"])
def test_being_reachable_needs_a_key(host):
    with pytest.raises(errors.SettingsError, match="TENUTO_API_KEY"):
        serve(settings.load(_env_file=None, host=host))
    require_key(settings.load(_env_file=None, host=host, api_key="k"))


def test_a_port_that_is_taken_is_refused():
    taken = socket.create_server(("127.0.0.1", 0), reuse_port=True)
    with taken, pytest.raises(errors.SettingsError, match="TENUTO_PORT"):
        require_free("127.0.0.1", taken.getsockname()[1])


def test_a_host_that_does_not_exist_is_refused():
    with pytest.raises(errors.SettingsError, match="TENUTO_HOST"):
        require_free("999.999.999.999", 1)


def test_a_free_port_can_be_used():
    require_free("127.0.0.1", free_port("127.0.0.1"))
