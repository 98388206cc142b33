"""The canary sings when it is touched: without this, its silence would prove nothing."""

import urllib.request

from hostile.canary import canary_watch


def test_a_request_to_the_canary_is_seen(tmp_path):
    with canary_watch(tmp_path) as watch:
        text = urllib.request.urlopen(watch.canary.url, timeout=10).read()
        assert watch.hits == ["/canary.wav"]
    assert watch.canary.text.encode() in text
    assert text == watch.canary.file.read_bytes()
