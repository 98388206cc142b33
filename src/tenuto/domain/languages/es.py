"""Spanish read out."""

from __future__ import annotations

from tenuto.domain.languages.base import Language

SPANISH = Language(
    short={
        "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Dr.": "doctor", "Dra.": "doctora",
        "Ud.": "usted", "Uds.": "ustedes", "p. ej.": "por ejemplo", "p.ej.": "por ejemplo", "etc.": "etcétera",
        "EE.UU.": "Estados Unidos", "EE. UU.": "Estados Unidos", "aprox.": "aproximadamente", "Av.": "avenida",
        "Avda.": "avenida", "vs.": "contra", "I+D": "I más D", "24/7": "veinticuatro siete",
    },
    short_before_number={"nº": "número", "Nº": "número", "n.º": "número", "núm.": "número", "p.": "página",
                         "pág.": "página", "págs.": "páginas", "fig.": "figura", "cap.": "capítulo",
                         "art.": "artículo", "vol.": "volumen"},
    signs={
        "&": "y", "+": "más", "=": "igual a", "→": "a", "≈": "aproximadamente", "~": "aproximadamente",
        "≥": "al menos", "≤": "como máximo", ">": "mayor que", "<": "menor que", "±": "más o menos", "×": "por",
        "÷": "entre", "≠": "distinto de", "@": "arroba", "§": "sección", "№": "número", "%": "por ciento",
    },
    units={
        "%": ("por ciento", "por ciento"), "°C": ("grado Celsius", "grados Celsius"), "°": ("grado", "grados"),
        "km/h": ("kilómetro por hora", "kilómetros por hora"), "m/s": ("metro por segundo", "metros por segundo"),
        "km²": ("kilómetro cuadrado", "kilómetros cuadrados"), "m²": ("metro cuadrado", "metros cuadrados"),
        "m³": ("metro cúbico", "metros cúbicos"), "km": ("kilómetro", "kilómetros"),
        "cm": ("centímetro", "centímetros"), "mm": ("milímetro", "milímetros"), "kg": ("kilogramo", "kilogramos"),
        "ms": ("milisegundo", "milisegundos"), "min": ("minuto", "minutos"), "MB": ("megabyte", "megabytes"),
        "GB": ("gigabyte", "gigabytes"), "TB": ("terabyte", "terabytes"), "Hz": ("hercio", "hercios"),
        "GHz": ("gigahercio", "gigahercios"), "kWh": ("kilovatio hora", "kilovatios hora"),
        "dB": ("decibelio", "decibelios"), "M€": ("millón de euros", "millones de euros"), "€": ("euro", "euros"),
        "$": ("dólar", "dólares"), "EUR": ("euro", "euros"), "USD": ("dólar", "dólares"),
    },
    money={"€": ("euro", "euros"), "$": ("dólar", "dólares"), "£": ("libra", "libras")},
    to="a",
    times="veces",
    by="por",
    number="número",
    version="versión",
    minus="menos",
    powers={"²": "al cuadrado", "³": "al cubo"},
    address={"@": "arroba", ".": "punto", "/": "barra", "-": "guion", "_": "guion bajo"},
)  # fmt: skip
