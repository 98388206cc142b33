"""What was said, by HTTP."""

import pytest


@pytest.fixture
def finished(submitted, worker):
    worker.finish(submitted["id"])
    return submitted["id"]


@pytest.fixture
def transcript(client, finished):
    return client.get("/api/transcripts").json()["items"][0]


def test_a_result_holds_everything(client, finished):
    result = client.get(f"/api/jobs/{finished}/result").json()
    assert result["original_text"] == "Good morning. Hello <b>you</b>. =1+1"
    assert (result["engine"], result["model"], result["language"], result["duration_ms"]) == (
        "fake",
        "fake-1",
        "en",
        2000,
    )
    assert result["warnings"] == ["made up"]
    assert result["segments"][0]["words"][1] == {
        "start_ms": 450,
        "end_ms": 900,
        "text": "morning.",
        "confidence": None,
        "guessed": False,
    }
    assert [segment["speaker"] for segment in result["segments"]] == ["Ada", "S2", "Ada"]
    assert [speaker["share"] for speaker in result["speakers"]] == [0.7368, 0.2632]
    assert result["speakers"][1]["words_per_minute"] == 240.0


def test_a_result_is_shown_before_the_job_is_finished(client, submitted, worker):
    worker.claim(submitted["id"])
    assert client.get(f"/api/jobs/{submitted['id']}/result").status_code == 409
    worker.hear(submitted["id"])
    assert client.get(f"/api/jobs/{submitted['id']}/result").json()["status"] == "processing"


def test_a_list_has_no_texts(client, finished, transcript):
    assert transcript["job_id"] == finished
    assert "original_text" not in transcript


def test_a_transcript_gets_another_title(client, transcript):
    address = f"/api/transcripts/{transcript['id']}"
    assert client.patch(address, json={"title": "Monday"}).json()["title"] == "Monday"
    assert client.get(address).json()["title"] == "Monday"


@pytest.mark.parametrize(
    "change", [{}, {"title": ""}, {"title": "x" * 301}, {"title": 7}, {"original_text": "mine"}], ids=str
)
def test_nothing_else_is_changed(client, transcript, change):
    assert client.patch(f"/api/transcripts/{transcript['id']}", json=change).status_code == 422


def test_segments_come_in_pages(client, transcript):
    address = f"/api/transcripts/{transcript['id']}/segments"
    first = client.get(address, params={"limit": 2}).json()
    assert [item["position"] for item in first["items"]] == [0, 1]
    second = client.get(address, params={"limit": 2, "after": first["next_after"]}).json()
    assert ([item["text"] for item in second["items"]], second["next_after"]) == (["=1+1"], None)


def test_speakers_have_their_share(client, transcript):
    speakers = client.get(f"/api/transcripts/{transcript['id']}/speakers").json()["items"]
    assert [(speaker["label"], speaker["display_name"], speaker["turns"]) for speaker in speakers] == [
        ("S1", "Ada", 2),
        ("S2", "", 1),
    ]


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("extension", "media_type", "beginning"),
    [
        ("srt", "application/x-subrip", b"1\n"),
        ("vtt", "text/vtt; charset=utf-8", b"WEBVTT"),
        ("words.vtt", "text/vtt; charset=utf-8", b"WEBVTT"),
        ("txt", "text/plain; charset=utf-8", b"Ada: "),
        ("speakers.txt", "text/plain; charset=utf-8", b"[00:00:00] Ada: "),
        ("paragraphs.txt", "text/plain; charset=utf-8", b"Good"),
        ("json", "application/json", b"{"),
        ("csv", "text/csv; charset=utf-8", b'"number"'),
        ("md", "text/markdown; charset=utf-8", b"# "),
        ("docx", DOCX, b"PK"),
    ],
)
def test_exports_have_their_type_and_name(client, finished, extension, media_type, beginning):
    form = "-".join(reversed(extension.split(".")))
    answer = client.get(f"/api/jobs/{finished}/export/{form}")
    assert answer.headers["content-type"] == media_type
    name = f"talk.{extension}"
    assert answer.headers["content-disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert answer.content.removeprefix(b"\xef\xbb\xbf").startswith(beginning)


def test_every_format_is_listed_and_works(client, finished):
    items = client.get("/api/formats").json()["items"]
    assert {"txt", "docx", "vtt-words"} <= {item["name"] for item in items}
    for item in items:
        assert item["about"]
        answer = client.get(f"/api/jobs/{finished}/export/{item['name']}")
        assert answer.headers["content-type"].startswith(item["media_type"])


def test_an_unknown_format_is_refused(client, finished):
    answer = client.get(f"/api/jobs/{finished}/export/pdf")
    assert answer.status_code == 422
    assert "srt" in answer.json()["detail"]


def test_what_is_not_there_yet_is_a_conflict(client, submitted):
    assert client.get(f"/api/jobs/{submitted['id']}/export/srt").status_code == 409
