"""The docs name what the code has: every error code, engine, export format and local link."""

import re
from pathlib import Path

import pytest

from tenuto import errors
from tenuto.domain import lyrics_limits
from tenuto.engines import registry as engines
from tenuto.exports import lyrics
from tenuto.exports import registry as exports

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("code", sorted(errors.BY_CODE))
def test_every_error_code_is_explained(code):
    assert f"`{code}`" in (ROOT / "docs/errors.md").read_text()


@pytest.mark.parametrize("name", engines.names())
def test_every_engine_is_described(name):
    assert f"`{name}`" in (ROOT / "docs/engines.md").read_text()


@pytest.mark.parametrize("name", sorted(exports.FORMATS))
def test_every_export_format_is_named(name):
    assert name in (ROOT / "docs/http.md").read_text()


@pytest.mark.parametrize("form", lyrics.FORMATS.values(), ids=lambda form: form.name)
def test_every_form_of_lyrics_is_described(form):
    row = f"| `{form.name}` | `.{form.extension}` | {'yes' if form.read else 'no'} |"
    assert row in (ROOT / "docs/lyrics.md").read_text()


def test_the_limits_of_lyrics_are_said():
    text = (ROOT / "docs/lyrics.md").read_text().partition("## Limits")[2]
    limits = {value for name, value in vars(lyrics_limits).items() if name.startswith("MAX_") and value >= 1_000}
    assert not [value for value in limits if f"{value:,}" not in text and f"{value // 3_600_000} hours" not in text]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_local_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
