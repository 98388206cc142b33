"""The words of songs by HTTP."""

import pytest

LRC = "[00:01.00]First line\n[00:02.50]Second line\n"


@pytest.fixture
def address(client, recording):
    names = {"title": "Blue", "artist": "The Bells"}
    song = client.post("/api/songs", files={"file": ("a.wav", recording)}, data=names).json()
    return f"/api/songs/{song['id']}/lyrics"


def put(client, address, text, **params):
    return client.put(address, content=text, headers={"content-type": "text/plain"}, params=params)


def starts(lyrics):
    return [line["start_ms"] for line in lyrics["lines"]]


def test_lyrics_come_in_any_form_and_go_out_in_another(client, address):
    assert client.get(address).status_code == 404
    put_lrc = put(client, address, LRC).json()
    assert (put_lrc["origin"], put_lrc["synced"], starts(put_lrc)) == ("lrc", True, [1000, 2500])
    assert client.get(address).json() == put_lrc
    plain = client.get(f"{address}/plain")
    assert plain.text.split("\n")[:2] == ["First line", "Second line"]
    ass = client.get(f"{address}/ass")
    assert "First" in ass.text
    assert ass.headers["content-disposition"].startswith('attachment; filename="The Bells - Blue.ass"')
    assert ass.headers["x-content-type-options"] == "nosniff"
    song = client.get(address.removesuffix("/lyrics")).json()
    assert song["lyrics"] == {"origin": "lrc", "synced": True}


def test_plain_text_keeps_the_times_of_lines_that_stay(client, address):
    put(client, address, LRC)
    edited = put(client, address, "First line\nA new line\nSecond line").json()
    assert (starts(edited), edited["origin"], edited["synced"]) == ([1000, None, 2500], "lrc", False)
    assert starts(put(client, address, "First line", keep_times="false").json()) == [None]


def test_lines_are_tapped(client, address):
    put(client, address, "One\nTwo\n\nThree")
    tapped = client.put(
        f"{address}/times", json={"lines": [{"line": 0, "start_ms": 500}, {"line": 1, "start_ms": 900}]}
    )
    assert (starts(tapped.json()), tapped.json()["origin"]) == ([500, 900, None, None], "tapped")
    backwards = client.put(f"{address}/times", json={"lines": [{"line": 3, "start_ms": 100}]})
    assert (backwards.status_code, "before" in backwards.json()["detail"]) == (422, True)
    assert starts(client.get(address).json()) == [500, 900, None, None]


def test_all_lines_are_moved_by_an_offset(client, address):
    put(client, address, LRC)
    moved = client.patch(address, json={"offset_ms": 250}).json()
    assert (moved["offset_ms"], starts(moved), moved["revision"]) == (250, [1000, 2500], 2)
    assert "[00:01.25]First line" in client.get(f"{address}/lrc").text


def test_who_edits_an_old_revision_is_told(client, address):
    assert put(client, address, LRC, revision=0).json()["revision"] == 1
    assert put(client, address, LRC, revision=1).json()["revision"] == 2
    stale = put(client, address, "Other", revision=1)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_revision")
    times = {"lines": [{"line": 0, "start_ms": 5}], "revision": 1}
    assert client.put(f"{address}/times", json=times).status_code == 409


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_of_editors_and_old_games_are_read(client, address, encoding):
    assert put(client, address, "“Café”".encode(encoding)).json()["text"] == "“Café”"


@pytest.mark.parametrize("text", [b"", b"\x00\x01", b"a\x00b", "ab".encode("utf-16-le"), b"\n\n"])
def test_what_is_no_lyrics_is_refused(client, address, text):
    assert put(client, address, text).status_code == 422


@pytest.mark.parametrize("form", ["docx", "../plain", "ass"])
def test_forms_nobody_reads_are_refused(client, address, form):
    assert put(client, address, LRC, format=form).status_code == 422


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"lines": []},
        {"lines": [{"line": 9, "start_ms": 1}]},
        {"lines": [{"line": 0, "start_ms": -1}]},
        {"lines": [{"line": 0, "start_ms": 2**40}]},
        {"lines": [{"line": True, "start_ms": 1}]},
    ],
)
def test_taps_of_no_line_or_time_are_refused(client, address, given):
    put(client, address, LRC)
    assert client.put(f"{address}/times", json=given).status_code == 422
