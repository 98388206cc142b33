"""French read out."""

from __future__ import annotations

from tenuto.domain.languages.base import Language

FRENCH = Language(
    short={
        "M.": "monsieur", "MM.": "messieurs", "Mme": "madame", "Mmes": "mesdames", "Mlle": "mademoiselle",
        "Dr": "docteur", "Pr": "professeur", "p. ex.": "par exemple", "p.ex.": "par exemple", "etc.": "et cetera",
        "c.-à-d.": "c'est-à-dire", "env.": "environ", "av.": "avant", "cf.": "voir", "vs": "contre",
        "R&D": "R et D", "24/7": "vingt-quatre heures sur vingt-quatre",
    },
    short_before_number={"n°": "numéro", "N°": "numéro", "no": "numéro", "p.": "page", "pp.": "pages",
                         "fig.": "figure", "chap.": "chapitre", "vol.": "volume", "art.": "article"},
    signs={
        "&": "et", "+": "plus", "=": "égale", "→": "vers", "≈": "environ", "~": "environ", "≥": "au moins",
        "≤": "au plus", ">": "supérieur à", "<": "inférieur à", "±": "plus ou moins", "×": "fois", "÷": "divisé par",
        "≠": "différent de", "@": "arobase", "§": "paragraphe", "№": "numéro", "%": "pour cent",
    },
    units={
        "%": ("pour cent", "pour cent"), "°C": ("degré Celsius", "degrés Celsius"), "°": ("degré", "degrés"),
        "km/h": ("kilomètre heure", "kilomètres heure"), "m/s": ("mètre par seconde", "mètres par seconde"),
        "km²": ("kilomètre carré", "kilomètres carrés"), "m²": ("mètre carré", "mètres carrés"),
        "m³": ("mètre cube", "mètres cubes"), "km": ("kilomètre", "kilomètres"), "cm": ("centimètre", "centimètres"),
        "mm": ("millimètre", "millimètres"), "kg": ("kilogramme", "kilogrammes"),
        "ms": ("milliseconde", "millisecondes"), "min": ("minute", "minutes"), "Mo": ("mégaoctet", "mégaoctets"),
        "Go": ("gigaoctet", "gigaoctets"), "To": ("téraoctet", "téraoctets"), "GHz": ("gigahertz", "gigahertz"),
        "Hz": ("hertz", "hertz"), "kWh": ("kilowattheure", "kilowattheures"), "dB": ("décibel", "décibels"),
        "Md€": ("milliard d'euros", "milliards d'euros"), "M€": ("million d'euros", "millions d'euros"),
        "k€": ("mille euros", "mille euros"), "€": ("euro", "euros"), "$": ("dollar", "dollars"),
        "EUR": ("euro", "euros"), "USD": ("dollar", "dollars"),
    },
    money={"€": ("euro", "euros"), "$": ("dollar", "dollars"), "£": ("livre", "livres")},
    to="à",
    times="fois",
    by="par",
    number="numéro",
    version="version",
    minus="moins",
    powers={"²": "au carré", "³": "au cube"},
    address={"@": "arobase", ".": "point", "/": "slash", "-": "tiret", "_": "tiret bas"},
)  # fmt: skip
