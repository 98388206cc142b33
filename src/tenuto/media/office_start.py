"""Becomes another program, without a network where the system allows it, and dead when its parent is.

`python -m tenuto.media.office_start PROGRAM ARGUMENT...`
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET


def leave_network() -> bool:
    """Go where there is no network, not even this machine's own; False where the system does not let us."""
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None).unshare(NEW_USER | NEW_NETWORK):
        return False
    # Without these the files of the user would seem to be nobody's.
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def main() -> None:
    """Become the program."""
    with contextlib.suppress(AttributeError):  # Not every system has these calls.
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        leave_network()
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
