"""Songs to test with: made-up lyrics with a chorus that comes twice and breaks between the parts."""

from dataclasses import dataclass

from singing import sing

FOREIGN_LINE = "A purple elephant is drinking coffee now"


@dataclass(frozen=True)
class Song:
    """Two verses and a chorus of four lines each, and how they are sung."""

    first: tuple[str, ...]
    chorus: tuple[str, ...]
    second: tuple[str, ...]
    voice: str
    bpm: int
    root: int
    mode: str

    @property
    def lines(self):
        return (*self.first, "", *self.chorus, "", *self.second, "", *self.chorus)

    @property
    def swapped(self):
        """The lines with the verses in the wrong order."""
        return (*self.second, "", *self.chorus, "", *self.first, "", *self.chorus)

    def sung(self, lines=None, sample_rate=16_000):
        return sing(
            self.lines if lines is None else lines,
            voice=self.voice,
            bpm=self.bpm,
            root=self.root,
            mode=self.mode,
            seed=self.bpm,
            sample_rate=sample_rate,
        )


SONGS = {
    "river": Song(
        (
            "Down by the river where the wild winds blow",
            "I left my sorrow in the fields of snow",
            "Carry me over to the other side",
            "Where the morning light has nothing to hide",
        ),
        (
            "Sing it again for the lonely night",
            "Hold me together till the morning light",
            "Every road is leading me back to you",
            "Every word I sing is a word that is true",
        ),
        (
            "Summer was burning on the edge of town",
            "The letters you wrote me were falling down",
            "I folded my money in a paper boat",
            "And waited all evening to see it float",
        ),
        *("slt", 96, 7, "major"),
    ),
    "city": Song(
        (
            "Walking through the city in the pouring rain",
            "Every little window knows my name",
            "I can hear the music from a distant train",
            "Nothing in the world will be the same",
        ),
        (
            "Oh take me home",
            "Oh take me home tonight",
            "The lights are burning golden in the dark",
            "And I am dancing on my own in the park",
        ),
        (
            "Somebody is laughing on the second floor",
            "A yellow taxi stops before the door",
            "My mother used to tell me not to wait",
            "But all the clocks are showing half past eight",
        ),
        *("rms", 110, 2, "minor"),
    ),
    "ship": Song(
        (
            "The captain sold his silver and his gold",
            "He gave his only jacket to the cold",
            "And seven sailors followed him to sea",
            "With nothing but a barrel full of tea",
        ),
        (
            "Roll the anchor up my boys",
            "Roll the anchor high",
            "We will find the island where",
            "The seagulls never cry",
        ),
        (
            "The storm came over in the dead of night",
            "It broke the mast and blew away the light",
            "They counted every hour until the dawn",
            "And found the compass and the cook were gone",
        ),
        *("awb", 120, 0, "major"),
    ),
    "garden": Song(
        (
            "There is a garden that nobody knows",
            "Behind the station where the ivy grows",
            "I brought you apples and a book to read",
            "You gave me water and a single seed",
        ),
        (
            "Grow, grow, as tall as you can",
            "Grow like the promise you made to a man",
            "Winter is over and winter will come",
            "Grow in the shadow and turn to the sun",
        ),
        (
            "The neighbours told us it would never last",
            "They build a tower and they build it fast",
            "But underneath the concrete and the sand",
            "A little root is reaching for my hand",
        ),
        *("slt", 84, 4, "minor"),
    ),
    "dog": Song(
        (
            "Monday I was painting the kitchen blue",
            "Tuesday I discovered that I miss you",
            "Wednesday the telephone forgot to ring",
            "Thursday I was humming the song you sing",
        ),
        (
            "Bring the dog back baby",
            "Bring the dog back home",
            "He is the only creature",
            "Who listens on the phone",
        ),
        (
            "Friday I was driving to the supermarket",
            "Saturday I found a place where I could park it",
            "Sunday I was sitting by the window pane",
            "Looking for your shadow in the falling rain",
        ),
        *("kal16", 128, 9, "major"),
    ),
}
