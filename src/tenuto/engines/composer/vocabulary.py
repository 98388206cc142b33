"""The words a prompt may use, as patterns, and what each means."""

from __future__ import annotations

from tenuto.engines.composer.theory import MAJOR, METRES, MINOR

# The first that fits is taken, so what is more special stands first.
STYLE_WORDS = (
    (r"lo-?\s?fi|chillhop|study beats?|beats to (?:study|relax|sleep)(?: to)?", "lo-fi"),
    (r"dub-?step|brostep|riddim", "dubstep"),
    (r"trap|drill|phonk|grime", "trap"),
    (r"(?:hip|trip)[\s-]?hop|boom[\s-]?bap|rap", "hip hop"),
    (r"drum\s*(?:and|&|n|'n')\s*bass|dnb|d&b|jungle", "drum and bass"),
    (r"(?:deep |tech |progressive )?house|disco|(?:uk )?garage", "house"),
    (r"techno|industrial", "techno"),
    (r"(?:80'?s )?synth-?wave|retro-?wave|vapor-?wave|outrun|new wave", "synthwave"),
    (r"edm|(?:psy|goa )?trance|hardstyle|euro-?dance|dance|electro(?:nic)?|festival", "edm"),
    (r"(?:heavy |death |black |thrash )?metal|djent", "metal"),
    (r"blues|rhythm and blues|boogie(?:[\s-]woogie)?", "blues"),
    (r"(?:punk |indie |hard |classic )?rock|punk|grunge|indie", "rock"),
    (r"bossa(?: nova)?|latin|salsa|samba|tango|rumba|mambo|cumbia|flamenco|merengue", "latin"),
    (r"jazz|bebop|big band|swing", "jazz"),
    (r"ambient|drone|meditation|meditative|spa|new age", "ambient"),
    (r"cinematic|epic|trailer|orchestral|film(?: score)?|soundtrack|score|march", "cinematic"),
    (r"classical|baroque|sonata|minuet|nocturne|etude|prelude|chamber(?: music)?", "classical"),
    (r"funky?|soul|r&b|rnb|groovy|gospel|afro-?beats?", "funk"),
    (r"reggae|reggaeton|dub|ska|dancehall", "reggae"),
    (r"folk|country|acoustic|ballad|bluegrass|celtic|polka|jig|lullaby|shanty", "folk"),
    (r"8-?\s?bit|chip-?tune|video ?game|arcade", "chiptune"),
    (r"(?:k-|j-|synth-?)?pop", "pop"),
    (r"80'?s|eighties", "synthwave"),
)
MOOD_WORDS = (
    (r"sad|melanchol(?:y|ic)|dark|gloomy|moody|emotional|somber|eerie|haunting|ominous|tense|angry|sinister", MINOR),
    (r"happy|joyful|joyous|uplifting|bright|cheerful|sunny|upbeat|triumphant|hopeful|playful|feel[\s-]?good", MAJOR),
)
BASS, CHORDS, LEAD = ("bass",), ("chords", "lead"), ("lead", "chords")
# What the words mean is of the first of these parts that nobody plays yet, and its instrument.
INSTRUMENT_WORDS = (
    (r"808s?(?! (?:drum|kit|beat))", BASS, "808"),
    (r"acid(?: bass)?|303", BASS, "acid bass"),
    (r"reese(?: bass)?", BASS, "reese"),
    (r"walking bass|upright bass|double bass|contrabass", BASS, "upright bass"),
    (r"slap bass", BASS, "slap bass"),
    (r"synth(?:esi[sz]er)? bass", BASS, "synth bass"),
    (r"sub[\s-]?bass", BASS, "sub bass"),
    (r"cell(?:os?|i)", ("bass", "lead"), "cello"),
    (r"bass guitar|electric bass", BASS, "electric bass"),
    (r"rhodes|e-?piano|electric piano|wurlitzer", CHORDS, "electric piano"),
    (r"(?:grand )?pianos?|keys", CHORDS, "piano"),
    (r"harpsichord|clavichord", CHORDS, "harpsichord"),
    (r"accordion|bandoneon|concertina|harmonica", CHORDS, "accordion"),
    (r"choirs?", CHORDS, "choir"),
    (r"violins?|fiddle", LEAD, "violin"),
    (r"strings?(?: section| orchestra)?|orchestra", CHORDS, "strings"),
    (r"(?:synth )?pads?|atmospher(?:e|ic)", CHORDS, "pad"),
    (r"organ|hammond", CHORDS, "organ"),
    (r"(?:electric|distorted|heavy|overdriven) guitars?|power chords?", CHORDS, "distorted guitar"),
    (
        r"(?:acoustic |nylon |classical |spanish )?guitars?|ukulele|mandolin|banjo|strumm(?:ed|ing)",
        CHORDS,
        "acoustic guitar",
    ),
    (r"synth leads?|leads?|lead synth", ("lead",), "synth lead"),
    (r"vibraphone|vibes|marimba|xylophone", LEAD, "vibraphone"),
    (r"bells?|music box|glockenspiel|celesta", LEAD, "bells"),
    (r"flutes?|whistle|recorder", LEAD, "flute"),
    (r"clarinets?", LEAD, "clarinet"),
    (r"oboes?|bassoon", LEAD, "oboe"),
    (r"sax(?:ophone)?s?", LEAD, "saxophone"),
    (r"brass|trumpets?|horns?|trombones?", LEAD, "brass"),
    (r"plucks?|harp|koto|kalimba", LEAD, "pluck"),
    (r"synth(?:s|esi[sz]ers?)?|super ?saws?", CHORDS, "synth"),
)
DRUM_WORDS = r"drums?|beats?|percussion|(?:[689]0[789]|707) ?(?:drums?|kit|beat)|909|606|707"
PART_WORDS = ((DRUM_WORDS, "drums"), (r"bass(?:es|lines?)?", "bass"), (r"melod(?:y|ies|ic)|lead", "lead"))
LACKING = ((r"drumless|beatless", "drums"), (r"backing track", "lead"))
# What can be denied, and the part or the instrument that it is; nobody sings anyway.
DENIED = (
    *LACKING,
    (r"guitars?", "guitar"),
    (r"leads?", "lead"),
    *((pattern, instrument) for pattern, _, instrument in INSTRUMENT_WORDS),
    *PART_WORDS,
    (r"chords|harmony", "chords"),
    (r"vocals?|voices?|sing(?:ing|ers?)|lyrics", "voice"),
)
_WITHOUT = r"(?:without|(?:don't|dont|do not) (?:use|want|have|include|need|play))(?: an?| any| the)? "
_NO = rf"(?:{_WITHOUT}|(?:no|minus|instead of)(?: an?| any| the)? )"
_THING = "(?:" + "|".join(pattern for pattern, _ in DENIED[len(LACKING) :]) + ")"
_NEXT = rf"(?:{_NO}|any |the )?{_THING}"
JOINT = r",? (?:or|nor|and) |, "
BEFORE_THING = rf"^(?:{_NO}|any |the )"
# "No drums, piano" wants a piano, and "no drums, piano or flute" wants none.
DENIALS = (
    rf"{_NO}{_THING}(?:(?:{JOINT}){_NEXT})*,? n?or {_NEXT}(?: and {_NEXT})*"
    rf"|{_WITHOUT}{_THING}(?:, {_THING})*,? and {_NEXT}"
    rf"|{_NO}{_THING}(?: and {_NEXT})*|" + "|".join(pattern for pattern, _ in LACKING)
)
# "Solo piano" is a piano and nothing else; "with a guitar solo" is not.
ALONE = (
    r"(?:solo|only|just|unaccompanied)(?: an?| the)? (?:{0})|(?:{0}) (?:only|alone)"
    r"|(?<!with )(?<!with a )(?<!with an )(?<!and )(?<!and a )(?<!no )(?<!without )(?<!without a )(?:{0}) solo"
)
DRUMS_ALONE = rf"{ALONE.format(DRUM_WORDS)}|(?<!no )(?<!without )(?<!without a )drum (?:loop|break|track)s?"
QUARTET = r"string (?:quartet|quintet|trio)"
DUET = r"duets?|duos?"
METRE_WORDS = (
    (r"12/8(?: time)?", METRES["12/8"]),
    (r"9/8(?: time)?", METRES["9/8"]),
    (r"6/8(?: time)?|six[\s-]eight", METRES["6/8"]),
    (r"7/8(?: time)?|seven[\s-]eight|in seven", METRES["7/8"]),
    (r"5/8(?: time)?|five[\s-]eight", METRES["5/8"]),
    (r"7/4(?: time)?", METRES["7/4"]),
    (r"6/4(?: time)?", METRES["6/4"]),
    (r"5/4(?: time)?|five[\s-]four|in five", METRES["5/4"]),
    (r"3/4(?: time)?|three[\s-]four|waltz(?:es)?|in three|triple (?:time|metre|meter)", METRES["3/4"]),
    (r"2/4(?: time)?|two[\s-]four", METRES["2/4"]),
    (r"4/4(?: time)?|four[\s-]four|common time", METRES["4/4"]),
)
METRES_OF_STYLES = ((r"minuet", METRES["3/4"]), (r"polka|march", METRES["2/4"]), (r"jig", METRES["6/8"]))
NUMBER = r"(\d{2,3}(?:\.\d+)?)"
TEMPO = (
    rf"(?:between\s+)?{NUMBER}\s*(?:-|\u2013|to|and)\s*{NUMBER}\s*-?\s*bpm",
    rf"{NUMBER}\s*-?\s*(?:bpm|beats per minute)",
    rf"(?:tempo|bpm)\s*(?:of|=|:|at)?\s*{NUMBER}",
    rf"{NUMBER}\s+tempo",
    rf"at\s+{NUMBER}(?!\s*(?:s|secs?|seconds?|m|mins?|minutes?|bars?|bits?|k?hz|:|/|%))",
)
# A number by itself, at the beginning or the end of what is said: "dnb 174".
BARE_TEMPO = (
    rf"(?<!\btop )(?<!\bno )(?<!\bop )(?<!number )(?<!opus ){NUMBER}(?=\s*(?:$|[,;]|in\s))",
    rf"(?:^|(?<=[,;] )){NUMBER}",
)
TEMPO_WORDS = (
    (r"grave", 42.0),
    (r"largo", 50.0),
    (r"lento", 56.0),
    (r"larghetto", 63.0),
    (r"adagio", 70.0),
    (r"andante", 88.0),
    (r"andantino|mid-?\s?tempo", 96.0),
    (r"moderato", 108.0),
    (r"allegretto", 116.0),
    (r"allegro", 132.0),
    (r"vivace", 160.0),
    (r"presto", 180.0),
    (r"prestissimo", 200.0),
)
SLOW = r"slow(?:ly|er)?|down-?tempo|laid[\s-]?back"
FAST = r"fast(?:er)?|quick(?:ly)?|up-?tempo|driving|frantic|energetic"
HALF_TIME = r"half[\s-]time"
LOUD = r"heavy|hard|loud|aggressive|energetic|powerful|intense|driving|banger|epic"
SOFT = r"soft(?:ly)?|gentle|calm(?:ing)?|chill|quiet|minimal|mellow|relax(?:ed|ing)|peaceful|sleepy?|tender"
NUMBERS = {
    "half a": 0.5,
    "half an": 0.5,
    "a quarter of a": 0.25,
    "a": 1.0,
    "an": 1.0,
    "one": 1.0,
    "two": 2.0,
    "three": 3.0,
    "four": 4.0,
    "five": 5.0,
    "six": 6.0,
    "eight": 8.0,
    "ten": 10.0,
    "twelve": 12.0,
    "fifteen": 15.0,
    "sixteen": 16.0,
    "twenty": 20.0,
    "thirty": 30.0,
    "forty": 40.0,
    "forty-five": 45.0,
    "fifty": 50.0,
    "sixty": 60.0,
    "ninety": 90.0,
}
COUNT = r"\d+(?:\.\d+)?|" + "|".join(sorted(NUMBERS, key=len, reverse=True))
CLOCK = r"(?P<clock>\d{1,2}:[0-5]\d)(?:\s*(?:min(?:utes?)?|long))?"
# "90s house" is of a decade, and "house, 90s" lasts a minute and a half.
LENGTH = (
    rf"(?<!the )(?<!early )(?<!late )(?<!mid )(?P<count>{COUNT})(?P<half>\s+and\s+a\s+half|\s*½)?[\s-]*"
    r"(?P<unit>hours?|minutes?|mins?|seconds?|secs?|[hm]|(?<!\d0)s|s(?=\s*(?:$|[,.;]|long|loop|clip|of\s)))"
    rf"(?P<and_half>\s+and\s+a\s+half)?(?:[\s,]*(?:and\s+)?(?P<more>{COUNT})[\s-]*(?P<lesser>minutes?|mins?|seconds?|secs?|s))?"
    r"(?:[\s-]+long)?"
)
BARS = rf"(?P<count>{COUNT})[\s-]*bars?(?:\s+long)?"
NOT = r"\bnot\s+(?!(?:use|want|have|include|need|play)\b)(?:too\s+|so\s+|very\s+)?[^\s,.;]+"
# They carry nothing that could be obeyed, so nobody needs to hear that they were not.
FILLERS = (
    r"a|an|the|with|and|but|of|in|at|for|to|some|something|very|really|song|track|music|tune|piece|style|type|is|on|by"
    r"|like|bpm|loop|instrumental|long|make|me|my|i|want|would|please|play|write|create|compose|generate|featuring|plus"
    r"|key|that|this|it|about|around|from|solo|no|without|or|nor|~|&|\+|-|\u2013"
)
# Words that are known though a letter of them is wrong.
SPELLED = (
    *("ambient", "blues", "chiptune", "cinematic", "classical", "country", "dubstep", "electronic", "techno", "reggae"),
    *(
        "orchestral",
        "synthwave",
        "trance",
        "disco",
        "waltz",
        "guitar",
        "piano",
        "violin",
        "strings",
        "trumpet",
        "flute",
    ),
    *("drums", "melody", "melancholic", "happy", "cheerful", "minor", "major", "house", "ballad"),
)
