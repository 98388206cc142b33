"""A table of corrections from a spreadsheet to a corrected transcript, through real processes."""

import pytest

from cli_environment import RECORDING
from server import running_server

pytestmark = pytest.mark.slow


def test_a_table_corrects_what_a_server_hears(tmp_path):
    with running_server(tmp_path) as server:
        client = server.client
        lexicon = client.post("/api/lexicons", json={"name": "Fake words"}).json()["id"]
        table = b"\xef\xbb\xbfpattern;replacement;kind\r\n[fake];(made up);word\r\n(\\w+)$;\\1!;regex\r\n"
        assert client.put(f"/api/lexicons/{lexicon}/csv", content=table).json()["rule_count"] == 2

        form = {"model": "fake", "lexicon_id": "Fake words"}
        with RECORDING.open("rb") as file:
            answer = client.post("/v1/audio/transcriptions", data=form, files={"file": ("talk.flac", file)})
        assert answer.status_code == 200, answer.text
        assert "(made up)" in answer.json()["text"]
        assert "[fake]" not in answer.json()["text"]

        result = client.get(f"/api/jobs/{answer.headers['x-tenuto-job-id']}/result").json()
        assert result["original_text"].startswith("[fake]")
        assert all(segment["text"].endswith("!") for segment in result["segments"])
        changes = client.get(f"/api/transcripts/{result['transcript_id']}/changes").json()
        assert changes["lexicon"] == {"id": lexicon, "name": "Fake words"}
        assert changes["undone"] is False
        assert changes["total"] == len(changes["items"]) == 2 * len(result["segments"])
        assert {item["old"] for item in changes["items"] if item["rule"] == 0} == {"[fake]"}
        assert client.delete(f"/api/lexicons/{lexicon}").status_code == 204
