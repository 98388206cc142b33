"""Warm programs behave as fresh ones do: that is what the crash tests rest on."""

import os
import signal
import subprocess

from warm_start import WarmProcess

TELL = (
    "import os, sys; print(os.environ['WORD'], os.getcwd(), sys.argv[1:]); print('aside', file=sys.stderr); sys.exit(7)"
)


def start(program, *arguments, cwd=None, **env):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return WarmProcess(["-c", program, *arguments], env={**os.environ, **env}, cwd=cwd, **pipes)


def test_a_program_has_its_own_environment_folder_arguments_and_files(tmp_path):
    process = start(TELL, "one", cwd=tmp_path, WORD="blue")
    assert process.communicate(60) == (f"blue {tmp_path} ['one']\n", "aside\n")
    assert process.returncode == 7
    assert "WORD" not in os.environ


def test_what_programs_work_out_first_is_there():
    program = "from tenuto.api.app import routes; routes(); print(routes.cache_info().hits, gc.get_freeze_count() > 0)"
    assert start(f"import gc; {program}").communicate(60)[0] == "1 True\n"


def test_a_program_reads_what_is_written_to_it():
    process = WarmProcess(
        ["-c", "print(input().upper(), flush=True); print(input())"],
        env=os.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write("blue\n")
    process.stdin.flush()
    assert process.stdout.readline() == "BLUE\n"
    assert process.communicate(60)[1].endswith("EOFError: EOF when reading a line\n")


def test_an_error_nobody_catches_is_told_and_fails():
    process = start("raise LookupError('nowhere')")
    assert process.communicate(60)[1].endswith("LookupError: nowhere\n")
    assert process.returncode == 1


def test_programs_share_nothing():
    first = start("import tenuto; tenuto.mark = 1; print(tenuto.mark)")
    assert first.communicate(60)[0] == "1\n"
    assert start("import tenuto; print(hasattr(tenuto, 'mark'))").communicate(60)[0] == "False\n"


def test_kill_9_ends_it_with_its_thread_at_work():
    program = "import threading; threading.Thread(target=threading.Event().wait).start(); print('up', flush=True)"
    process = start(program)
    assert process.stdout.readline() == "up\n"
    assert process.poll() is None
    process.kill()
    assert process.wait(60) == -signal.SIGKILL
    process.communicate()


def test_it_leads_a_session_of_its_own():
    process = start("import os; print(os.getsid(0) == os.getpid())")
    assert process.communicate(60)[0] == "True\n"
