"""In which language a slide is spoken: as the job wants it, as the slide says, unless its letters say otherwise.

Decks name a language for every piece of text, and often the wrong one: that of whoever set the program up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tenuto.domain.presentations import PresentedSlide
from tenuto.engines.speaking import SCRIPTS, language_by_script

USUAL = "en"
# Further languages of scripts that several are written in; those of SCRIPTS are written in them too.
ALSO_WRITTEN = {
    "ru": {"uk", "be", "bg", "sr", "mk", "kk", "ky", "tg", "mn", "tt", "ba", "cv", "uz", "az", "bs"},
    "ar": {"fa", "ur", "ps", "ku", "ckb", "sd", "ug", "ms"},
    "hi": {"mr", "ne", "sa", "kok", "mai"},
    "bn": {"as", "bpy"},
    "he": {"yi"},
    "cmn": {"zh", "yue", "hak", "ja", "ko"},
    "ja": {"ja"},
    "am": {"ti"},
}
BOTH_WAYS = {"sr", "bs", "uz", "az", "kk", "tt", "ms", "ku", "mn"}  # Latin letters are as usual for them
NEVER_LATIN = (set(SCRIPTS.values()) | set().union(*ALSO_WRITTEN.values())) - BOTH_WAYS


def common_language(slides: Iterable[PresentedSlide]) -> str:
    """The language of most letters, for slides that do not say theirs."""
    letters: Counter[str] = Counter()
    for slide in slides:
        if slide.language:
            letters[slide.language] += 1 + len(slide.notes or slide.text)
    return letters.most_common(1)[0][0] if letters else ""


def spoken_language(wanted: str, slide: PresentedSlide, common: str, said: str) -> str:
    """The language of what is `said` of a slide, in small letters: "en-gb"; empty when nothing tells."""
    if wanted:
        return wanted.lower()
    declared = (slide.language or common).lower()
    if fits(declared, said):
        return declared
    return language_by_script(said) or (common.lower() if fits(common, said) else USUAL)


def fits(language: str, text: str) -> bool:
    """Whether a language can be written in the letters that most of a text is in."""
    own, base = language_by_script(text), language.partition("-")[0].lower()
    if own is None:
        return base not in NEVER_LATIN or not any(sign.isalpha() for sign in text)
    return base == own or base in ALSO_WRITTEN.get(own, ())
