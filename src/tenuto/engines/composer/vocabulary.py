"""The words a prompt may use, as patterns, and what each means."""

from __future__ import annotations

from tenuto.engines.composer.theory import COMMON, COMPOUND, MAJOR, MINOR, WALTZ

# The first that fits is taken, so what is more special stands first.
STYLE_WORDS = (
    (r"lo-?\s?fi|chillhop|study beats?", "lo-fi"),
    (r"trap|drill|phonk", "trap"),
    (r"hip[\s-]?hop|boom[\s-]?bap|rap", "hip hop"),
    (r"drum\s*(?:and|&|n|'n')\s*bass|dnb|d&b|jungle", "drum and bass"),
    (r"(?:deep |tech |progressive )?house|disco|garage", "house"),
    (r"techno|industrial", "techno"),
    (r"synth-?wave|retro-?wave|outrun|new wave|80s|eighties", "synthwave"),
    (r"edm|trance|dance|electro(?:nic)?|dubstep|festival", "edm"),
    (r"(?:heavy |death |black |thrash )?metal|djent", "metal"),
    (r"(?:punk |indie |hard )?rock|punk|grunge|indie", "rock"),
    (r"jazz|bossa(?: nova)?|bebop|big band|swing", "jazz"),
    (r"ambient|drone|meditation|meditative|spa|new age", "ambient"),
    (r"cinematic|epic|trailer|orchestral|film(?: score)?|soundtrack|score", "cinematic"),
    (r"classical|baroque|sonata|minuet|nocturne|solo piano|piano solo", "classical"),
    (r"funky?|soul|r&b|rnb|groovy", "funk"),
    (r"reggae|dub|ska|dancehall", "reggae"),
    (r"folk|country|acoustic|ballad|bluegrass", "folk"),
    (r"8-?bit|chip-?tune|video ?game|arcade", "chiptune"),
    (r"(?:k-|j-)?pop", "pop"),
)
MOOD_WORDS = (
    (r"sad|melanchol(?:y|ic)|dark|gloomy|moody|emotional|somber|eerie|haunting|ominous|tense|angry|sinister", MINOR),
    (r"happy|joyful|joyous|uplifting|bright|cheerful|sunny|upbeat|triumphant|hopeful|playful|feel[\s-]?good", MAJOR),
)
# What the words mean is of the part that plays, and its instrument.
INSTRUMENT_WORDS = (
    (r"808s?", "bass", "808"),
    (r"acid(?: bass)?|303", "bass", "acid bass"),
    (r"reese(?: bass)?", "bass", "reese"),
    (r"walking bass|upright bass|double bass|contrabass", "bass", "upright bass"),
    (r"slap bass", "bass", "slap bass"),
    (r"synth(?:esi[sz]er)? bass", "bass", "synth bass"),
    (r"sub[\s-]?bass", "bass", "sub bass"),
    (r"cellos?", "bass", "cello"),
    (r"bass guitar|electric bass", "bass", "electric bass"),
    (r"rhodes|e-?piano|electric piano|wurlitzer", "chords", "electric piano"),
    (r"pianos?", "chords", "piano"),
    (r"violins?|fiddle", "lead", "violin"),
    (r"strings?(?: section)?|orchestra", "chords", "strings"),
    (r"(?:synth )?pads?|atmospher(?:e|ic)", "chords", "pad"),
    (r"organ|hammond", "chords", "organ"),
    (r"(?:electric|distorted|heavy|overdriven) guitars?|power chords?", "chords", "distorted guitar"),
    (r"(?:acoustic |nylon )?guitars?|ukulele|strumm(?:ed|ing)", "chords", "acoustic guitar"),
    (r"(?:synth )?leads?|lead synth", "lead", "synth lead"),
    (r"vibraphone|vibes|marimba|xylophone", "lead", "vibraphone"),
    (r"bells?|music box|glockenspiel|celesta", "lead", "bells"),
    (r"flutes?|whistle|recorder", "lead", "flute"),
    (r"brass|trumpets?|horns?|trombones?|sax(?:ophone)?", "lead", "brass"),
    (r"plucks?|harp|koto|kalimba", "lead", "pluck"),
    (r"synth(?:s|esi[sz]ers?)?|super ?saws?", "chords", "synth"),
)
WITHOUT = (
    (r"(?:no|without) (?:drums|beat|percussion)|drumless|beatless", "drums"),
    (r"(?:no|without) (?:a )?(?:melody|lead)|backing track", "lead"),
    (r"(?:no|without) (?:a )?bass", "bass"),
)
WITH = (
    (r"drums?|beats?|percussion", "drums"),
    (r"bass(?:es|lines?)?", "bass"),
    (r"melod(?:y|ies|ic)", "lead"),
)
METRE_WORDS = (
    (r"6/8", COMPOUND),
    (r"3/4|waltz(?:es)?|in three|triple (?:time|metre|meter)", WALTZ),
    (r"4/4|common time", COMMON),
)
SLOW = r"slow(?:ly)?|down-?tempo|laid[\s-]?back|adagio|largo"
FAST = r"fast|quick|up-?tempo|driving|frantic|allegro|presto|energetic"
SLOWER, FASTER = 0.82, 1.18
LOUD = r"heavy|hard|aggressive|energetic|powerful|intense|driving|banger|epic"
SOFT = r"soft(?:ly)?|gentle|calm(?:ing)?|chill|quiet|minimal|mellow|relax(?:ed|ing)|peaceful|sleepy?"
NUMBER = r"(\d{2,3}(?:\.\d+)?)"
TEMPO = (rf"{NUMBER}\s*-?\s*(?:bpm|beats per minute)", rf"(?:tempo|bpm)\s*(?:of|=|:|at)?\s*{NUMBER}", rf"at\s+{NUMBER}")
KEY = (
    r"(?:in\s+)?(?:the\s+)?(?:key\s+of\s+)?\b([a-g])(?:\s?(#|♯|♭|-?\s?sharp|-?\s?flat|b(?=\s|-)))?[\s-]+(major|minor|maj|min)",
    r"(?:in\s+)?(?:the\s+)?key(?:\s+of)?\s*:?\s*([a-g])\s?(#|♯|♭|sharp|flat|b)?(m)?",
    r"in\s+([a-g])(#|♯|♭|b)?(m)?(?=\s*(?:$|[,.;]))",
)
LENGTH = (
    (r"(\d{1,2}):([0-5]\d)(?:\s*(?:min(?:utes?)?|long))?", 60.0),
    (r"(\d+(?:\.\d+)?)\s*-?\s*min(?:ute)?s?(?: long)?", 60.0),
    (r"(\d+(?:\.\d+)?)\s*-?\s*s(?:ec(?:ond)?s?)?(?: long)?", 1.0),
)
# They carry nothing that could be obeyed, so nobody needs to hear that they were not.
FILLERS = (
    r"a|an|the|with|and|of|in|at|for|to|some|very|really|song|track|music|tune|piece|style|type|is|on|by|like|bpm|loop"
    r"|instrumental|long|make|me|please|create|compose|generate|featuring|plus|key|that|about|from|solo|no|without"
)
