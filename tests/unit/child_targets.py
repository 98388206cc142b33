"""What the tests of child processes run in them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tenuto import errors


def echo(payload, emit):
    for number in range(payload.get("events", 0)):
        emit({"number": number})
    return {**payload, "pid": os.getpid()}


def hang(payload, emit):
    """Say who works, then do nothing for ever."""
    emit({"pid": os.getpid()})
    while True:
        time.sleep(60)


def chatter(payload, emit):
    """Never come to an end, and talk all the while."""
    while True:
        emit({"pid": os.getpid()})


def hang_with_helper(payload, emit):
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    emit({"pid": helper.pid})
    while True:
        time.sleep(60)


def spin(payload, emit):
    while True:
        pass


def die(payload, emit):
    os.kill(os.getpid(), signal.Signals[payload["signal"]])
    time.sleep(60)


def leave(payload, emit):
    os._exit(payload["code"])


def refuse(payload, emit):
    raise errors.BY_CODE[payload["code"]]("It said no.", number=7, path=Path("/nowhere"))


def fail_on_file(payload, emit):
    raise OSError(payload["errno"], os.strerror(payload["errno"]), "/secret/place")


def stumble(payload, emit):
    raise ValueError("unforeseen")


def devour(payload, emit):
    return {"size": len(bytearray(payload["bytes"]))}


def write(payload, emit):
    return {"size": Path(payload["path"]).write_bytes(bytes(payload["bytes"]))}


def unspeakable(payload, emit):
    return {"value": object}


def large(payload, emit):
    return {"text": "x" * payload["length"]}
