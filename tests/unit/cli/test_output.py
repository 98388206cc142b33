"""Where results go, and what is never written over."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tenuto import errors
from tenuto.cli.output import free_path, handed_back, place_of, plan_target, print_bytes, write_fetched, write_whole
from tenuto.client import Export


class Formats:
    """A backend that renders nothing but names."""

    def check_format(self, name):
        if name == "pdf":
            raise errors.ValidationError("no pdf")

    def export(self, job_id, format_name):
        return Export(f"{job_id} as {format_name}\n".encode(), "text/plain", f"talk.{format_name}")


def plan(formats, output, files=("talk.flac",), *, quiet=False):
    return plan_target(Formats(), formats, output, [Path(file) for file in files], quiet=quiet)


def test_text_goes_to_standard_output(capfdbinary):
    plan("txt", None).write(Formats(), "job", Path("talk.flac"))
    assert capfdbinary.readouterr().out == b"job as txt\n"


def test_texts_of_several_files_carry_their_name(capfd):
    plan("txt", None, ["a.flac", "b.flac"]).write(Formats(), "job", Path("a.flac"))
    assert capfd.readouterr().out == "\na.flac:\njob as txt\n"


def test_subtitles_go_beside_the_recording(tmp_path):
    made = plan("srt,vtt", None).write(Formats(), "job", tmp_path / "talk.flac")
    assert (tmp_path / "talk.srt").read_text() == "job as srt\n"
    assert [item["path"] for item in made] == [str(tmp_path / "talk.srt"), str(tmp_path / "talk.vtt")]


def test_corrected_subtitles_are_not_written_over(tmp_path):
    (tmp_path / "talk.srt").write_text("corrected by hand")
    plan("srt", None).write(Formats(), "job", tmp_path / "talk.flac")
    assert (tmp_path / "talk.srt").read_text() == "corrected by hand"
    assert (tmp_path / "talk (2).srt").read_text() == "job as srt\n"
    assert free_path(tmp_path / "talk (2).srt", b"job as srt\n") == tmp_path / "talk (2).srt"


def test_a_named_file_is_the_place_for_one_result(tmp_path):
    plan("srt", tmp_path / "mine.txt").write(Formats(), "job", tmp_path / "talk.flac")
    assert (tmp_path / "mine.txt").read_text() == "job as srt\n"


def test_a_named_folder_is_the_place_for_several(tmp_path):
    plan("txt,srt", tmp_path / "new").write(Formats(), "job", tmp_path / "talk.flac")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["talk.srt", "talk.txt"]


def test_a_dash_is_standard_output(capfd):
    plan("srt", Path("-")).write(Formats(), "job", Path("talk.flac"))
    assert capfd.readouterr().out == "job as srt\n"


def test_texts_are_handed_back_where_json_is_wanted(capfd):
    made = plan("srt", None, quiet=True).write(Formats(), "job", Path("talk.flac"))
    assert made == [{"format": "srt", "path": None, "text": "job as srt\n"}]
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("formats", ["", " , ", "pdf", "srt,pdf"])
def test_formats_that_are_none_are_refused(formats):
    with pytest.raises(errors.ValidationError):
        plan(formats, None)


def test_a_folder_that_is_not_there_is_refused_before_any_work(tmp_path):
    with pytest.raises(errors.ValidationError, match="does not exist"):
        plan("srt", tmp_path / "nowhere" / "talk.srt")


def test_a_result_is_written_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "talk.srt", b"all of it")
    assert [path.name for path in tmp_path.iterdir()] == ["talk.srt"]
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"folder"):
        write_whole(tmp_path / "folder", b"no file")
    write_whole(Path("/dev/null"), b"into the void")
    assert Path("/dev/null").is_char_device()


def test_formats_of_one_ending_lie_side_by_side(tmp_path):
    class Ended(Formats):
        def export(self, job_id, format_name):
            return Export(job_id.encode(), "text/plain", f"talk.{format_name.partition('-')[2]}.txt")

    plan("txt,txt-speakers", tmp_path / "new").write(Ended(), "job", Path("talk.flac"))
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["talk.speakers.txt", "talk.txt"]


def test_what_is_no_text_is_handed_back_in_base64():
    assert handed_back(b"caf\xc3\xa9") == {"text": "café"}
    assert handed_back(b"\xff\x00") == {"base64": "/wA="}


def test_a_terminal_is_spared_what_is_no_text(monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(errors.ValidationError, match="-o"):
        print_bytes(b"PK\x03\x04\xff")


def test_what_is_fetched_is_written_whole_or_not_at_all(tmp_path):
    def broken(file):
        file.write(b"half")
        raise errors.ServiceError("gone")

    with pytest.raises(errors.ServiceError):
        write_fetched(tmp_path / "song.wav", broken)
    assert list(tmp_path.iterdir()) == []


def test_what_is_fetched_lies_beside_what_was_there(tmp_path):
    (tmp_path / "song.wav").write_bytes(b"mine")
    for data, name in ((b"new", "song (2).wav"), (b"new", "song (2).wav"), (b"mine", "song.wav")):
        path = write_fetched(tmp_path / "song.wav", lambda file, data=data: file.write(data), beside=True)
        assert (path, path.read_bytes()) == (tmp_path / name, data)
    assert len(list(tmp_path.iterdir())) == 2


def test_commands_that_write_at_once_never_take_each_others_place(tmp_path):
    ready = threading.Barrier(8)

    def fetch(number):
        def bring(file):
            file.write(b"%d" % number * 1000)
            ready.wait()

        return write_fetched(tmp_path / "song.wav", bring, beside=True)

    with ThreadPoolExecutor(8) as threads:
        paths = list(threads.map(fetch, range(8)))
    assert len(set(paths)) == 8
    assert [path.read_bytes() for path in paths] == [b"%d" % number * 1000 for number in range(8)]
    assert len(list(tmp_path.iterdir())) == 8


def test_without_links_there_is_only_looking_first(tmp_path, monkeypatch):
    def refuse(_path, _target):
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    for name in ("song.wav", "song (2).wav"):
        assert (
            write_fetched(tmp_path / "song.wav", lambda file, name=name: file.write(name.encode()), beside=True).name
            == name
        )


def test_what_is_fetched_goes_into_a_device_as_it_comes(tmp_path):
    assert write_fetched(Path(os.devnull), lambda file: file.write(b"data")) == Path(os.devnull)


def test_a_slash_at_the_end_means_a_folder(tmp_path):
    target = plan("srt", place_of(f"{tmp_path}/new/"))
    assert target.is_folder
    target.write(Formats(), "job", Path("talk.flac"))
    assert (tmp_path / "new" / "talk.srt").read_bytes() == b"job as srt\n"
    assert not plan("srt", place_of(f"{tmp_path}/talk.srt")).is_folder
    with pytest.raises(errors.ValidationError, match="is to be a folder"):
        plan("srt", place_of(f"{tmp_path}/new/talk.srt/"))
