"""LibreOffice as a program that turns a deck into pages: found, set up so that it keeps to itself, run and watched.

It is the child's side that runs it: whoever ends the child's group of processes ends LibreOffice too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

from tenuto import errors
from tenuto.children import Emit, Payload

PROGRAMS = ("soffice", "libreoffice")
INSTALL = "install LibreOffice (Debian's libreoffice-impress-nogui)"
# It makes its profile, ends, and wants to be started again.
START_AGAIN = frozenset((79, 81))
STARTS = 3
OFFICE = "/org.openoffice.Office.Common"
INTERNET = "/org.openoffice.Inet/Settings"
NEVER = "2"
# Nothing in a deck runs, nothing is updated, and what would still call out is sent to a port where nobody answers.
SETTINGS: tuple[tuple[str, str, str], ...] = (
    (f"{OFFICE}/Security/Scripting", "MacroSecurityLevel", "3"),
    (f"{OFFICE}/Security/Scripting", "DisableMacrosExecution", "true"),
    (f"{OFFICE}/Security/Scripting", "DisableActiveContent", "true"),
    (f"{OFFICE}/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    (f"{OFFICE}/Security/Scripting", "DisableOLEAutomation", "true"),
    (f"{OFFICE}/Misc", "FirstRun", "false"),
    ("/org.openoffice.Office.Java/VirtualMachine", "Enable", "false"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", NEVER),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", NEVER),
    (INTERNET, "ooInetProxyType", "2"),
    (INTERNET, "ooInetHTTPProxyName", "127.0.0.1"),
    (INTERNET, "ooInetHTTPProxyPort", "9"),
    (INTERNET, "ooInetHTTPSProxyName", "127.0.0.1"),
    (INTERNET, "ooInetHTTPSProxyPort", "9"),
    (INTERNET, "ooInetNoProxy", ""),
)
VARIABLES = ("PATH", "LANG", "LC_ALL", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "LD_LIBRARY_PATH")


def find_office() -> Path | None:
    """The program, where it is installed; the one behind the script that would start it, which cannot be watched."""
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            script = Path(found).resolve()
            program = script.with_name("soffice.bin")
            return program if program.is_file() else script
    return None


def export_pdf(payload: Payload, _emit: Emit) -> Payload:
    """Write the pages of a deck as PDF into a folder that nobody else uses."""
    program, folder = find_office(), Path(payload["folder"])
    if program is None:
        raise errors.EngineMissing(f"LibreOffice is not here; {INSTALL}.")
    deck, profile, out = Path(payload["source"]), folder / "profile", folder / "out"
    write_profile(profile)
    command = [
        *(sys.executable, "-m", "tenuto.media.office_start", str(program)),
        f"-env:UserInstallation={profile.as_uri()}",
        *("--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"),
        *("--convert-to", "pdf:impress_pdf_Export", "--outdir", str(out), str(deck)),
    ]
    environment = {name: value for name in VARIABLES if (value := payload["environment"].get(name))}
    environment |= {"HOME": str(folder), "TMPDIR": str(folder), "SAL_USE_VCLPLUGIN": "svp"}
    ended = 0
    for _ in range(STARTS):
        ended = subprocess.run(
            command,
            env=environment,
            cwd=folder,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ).returncode
        if ended not in START_AGAIN:
            break
    made = out / f"{deck.stem}.pdf"
    if not made.is_file():
        raise errors.EngineError(f"LibreOffice made no pages of the deck and ended with the code {ended}.")
    return {"pdf": str(made)}


def write_profile(profile: Path) -> None:
    """Make the folder LibreOffice keeps its settings in, with ours."""
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{escape(value)}</value></prop></item>\n'
        for path, name, value in SETTINGS
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f"{items}</oor:items>\n"
    )
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(text)
