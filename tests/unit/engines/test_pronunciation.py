import pytest

from tenuto.engines.pronunciation import by_rules, numbers, pronunciations

KNOWN = {
    "live": "L IH V", "stream": "S T R IY M", "ice": "AY S", "cream": "K R IY M", "seven": "S EH V AH N",
    "dollars": "D AA L ER Z", "percent": "P ER S EH N T", "dog": "D AO G", "cat": "K AE T", "bus": "B AH S",
    "h": "EY CH", "t": "T IY", "p": "P IY", "n": "EH N", "s": "EH S",
}  # fmt: skip


def said(word):
    return pronunciations(word, KNOWN.get)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("dog", "D AO G"),
        ("Dog,", "D AO G"),
        ("dog's", "D AO G Z"),
        ("cats", "K AE T S"),
        ("bus's", "B AH S IH Z"),
        ("livestream", "L IH V S T R IY M"),
        ("ice-cream", "AY S K R IY M"),
        ("$7", "S EH V AH N D AA L ER Z"),
        ("7%", "S EH V AH N P ER S EH N T"),
        ("http", "EY CH T IY T IY P IY"),
    ],
)
def test_a_word_is_said_as_it_is_read(word, phones):
    assert said(word)[0] == phones


def test_an_acronym_is_spelt_or_read():
    assert len(said("NATS")) == 2


@pytest.mark.parametrize("word", ["", "—", "東京", "привет", "!!!", "x" * 100])
def test_what_nobody_can_say_has_no_phones(word):
    assert said(word) == []


@pytest.mark.parametrize("word", ["naïve", "Straße", "café", "it’s"])
def test_accents_are_read_over(word):
    assert said(word)


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("0", "zero"),
        ("21", "twenty one"),
        ("1,234", "one thousand two hundred thirty four"),
        ("1000000", "one million"),
        ("3.14", "three point one four"),
        ("21st", "twenty first"),
        ("30th", "thirtieth"),
        ("007", "zero zero seven"),
    ],
)
def test_numbers_are_spelt_out(digits, words):
    assert " ".join(numbers(digits)[0]) == words


def test_a_year_may_be_said_in_pairs():
    assert [" ".join(way) for way in numbers("1984")][1] == "nineteen eighty four"
    assert [" ".join(way) for way in numbers("1905")][1] == "nineteen oh five"
    assert len(numbers("2000")) == 1


@pytest.mark.parametrize(
    ("word", "phones"),
    [("kube", "K UW B"), ("phish", "F IH SH"), ("nation", "N AE SH AH N"), ("zetta", "Z EH T AE"), ("mage", "M AE JH")],
)
def test_spelling_leads_to_sounds(word, phones):
    assert by_rules(word) == phones


def test_every_phone_is_one_the_model_knows():
    pocketsphinx = pytest.importorskip("pocketsphinx")
    decoder = pocketsphinx.Decoder(samprate=16_000, lm=None, loglevel="FATAL")
    for number, word in enumerate(
        ["qu", "xylophone", "wgwgeigh", "ahoy", "tchdgezz", "oughaugheau", "yyye", "5th", "@", "zh"]
    ):
        for phones in pronunciations(word, decoder.lookup_word)[:1]:
            decoder.add_word(f"test{number}", phones, True)
            assert decoder.lookup_word(f"test{number}") == phones
