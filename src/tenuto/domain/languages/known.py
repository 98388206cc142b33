"""The languages whose signs and abbreviations are read out; others are left to the voices."""

from __future__ import annotations

from collections.abc import Mapping

from tenuto.domain.languages.base import Language
from tenuto.domain.languages.de import GERMAN
from tenuto.domain.languages.en import ENGLISH
from tenuto.domain.languages.es import SPANISH
from tenuto.domain.languages.fr import FRENCH
from tenuto.domain.languages.ru import RUSSIAN

LANGUAGES: Mapping[str, Language] = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH, "ru": RUSSIAN}
OTHER = Language()
