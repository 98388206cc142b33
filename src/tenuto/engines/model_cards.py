"""Under which licence weights are, by the card that lies beside them, and what somebody must know who uses them."""

from __future__ import annotations

import re
from pathlib import Path

CARD = "README.md"
UNKNOWN = "unknown"


def licence_in(card: Path | None) -> str:
    """The licence that a model's card names; empty where it names none, or there is no card."""
    told = _front_matter(card) if card is not None and card.is_file() else {}
    named = told.get("license", "")
    if named == "other":
        named = told.get("license_name", "")
    return named.upper() if named.startswith("cc") else named


def licence_warning(model: str, licence: str) -> str:
    """What somebody must know who uses what the model makes; empty where the licence has no such terms."""
    if licence == UNKNOWN:
        return f"Nobody says here under which licence the weights of {model} are: ask who made them before you use it."
    if "-NC" in licence.upper():
        return f"The weights of {model} are under {licence}: not for commercial use."
    return ""


def _front_matter(card: Path) -> dict[str, str]:
    """The plain lines of a model card's head: `license: cc-by-nc-4.0`."""
    head = re.match(r"---\n(.*?)\n---", card.read_text(errors="replace").replace("\r\n", "\n"), re.DOTALL)
    pairs = re.findall(r"^(\w+): *[\"']?([^\"'\n]+?)[\"']? *$", head[1], re.MULTILINE) if head else []
    return {name: value.strip() for name, value in pairs}
