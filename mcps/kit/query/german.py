"""German: the tables of `Lexicon`."""

from __future__ import annotations

from mcps.kit.query.lexicon import (
    CURRENCY_SIGNS,
    ENGLISH_COLORS,
    RANGES,
    SIZE_CODES,
    Lexicon,
    typed,
    typed_patterns,
    typed_sorts,
    typed_words,
)

_UNITS = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn zwanzig"
)
NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
NUMBERS |= {"ein": 1, "eine": 1, "einen": 1, "einem": 1, "einer": 1, "zwo": 2, "paar": 2, "dutzend": 12}
NUMBERS |= {"dreißig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80}
NUMBERS |= {"neunzig": 90, "hundert": 100}

_ORDINAL_STEMS = "erst zweit dritt viert fünft sechst siebt acht neunt zehnt"
ORDINALS = {
    stem + ending: value
    for value, stem in enumerate(_ORDINAL_STEMS.split(), start=1)
    for ending in ("e", "en", "er", "es", "em")
} | {f"{n}.": n for n in range(1, 21)}
ORDINALS |= {"letzt" + ending: -1 for ending in ("e", "en", "er", "es", "em")}

_STEMS = {
    "schwarz": "Black", "weiß": "White", "rot": "Red", "blau": "Blue", "grün": "Green", "gelb": "Yellow",
    "lila": "Purple", "violett": "Purple", "braun": "Brown", "grau": "Gray", "golden": "Gold",
    "silbern": "Silver", "silberfarben": "Silver", "orangefarben": "Orange", "türkis": "Turquoise",
    "marineblau": "Navy", "dunkelblau": "Dark Blue", "hellblau": "Light Blue", "dunkelgrün": "Dark Green",
    "hellgrün": "Light Green", "dunkelgrau": "Dark Gray", "hellgrau": "Light Gray",
    "dunkelbraun": "Dark Brown", "hellbraun": "Light Brown", "dunkelrot": "Dark Red",
    "hellrosa": "Light Pink",
}  # fmt: skip
_COLORS = {
    stem + ending: name for stem, name in _STEMS.items() for ending in ("", "e", "er", "es", "en", "em")
} | {"rosa": "Pink", "orange": "Orange", "beige": "Beige", "gold": "Gold", "silber": "Silver"}
_COLORS |= {"roségold": "Rose Gold", "space grau": "Space Gray", "titan natur": "Natural Titanium"}

GERMAN = Lexicon(
    language="de",
    contractions=(RANGES, (r"\bgibt's\b", "gibt es"), (r"\bhab's\b", "habe es"), (r"\bgeht's\b", "geht es")),
    numbers=typed(NUMBERS),
    ordinals=typed(ORDINALS),
    colors=typed(_COLORS) | ENGLISH_COLORS,
    sizes=SIZE_CODES | typed({"klein": "S", "mittel": "M", "groß": "L"}),
    size_intro=r"(?:in )?(?:größe|grösse|groesse|grosse|gr\.)",
    currencies=CURRENCY_SIGNS | {"dollar": "USD", "dollars": "USD", "pfund": "GBP", "franken": "CHF"},
    thousand=r"k|tausend|tsd\.?",
    under=typed_patterns(
        r"(?:für |zu )?(?:maximal|max\.?|höchstens|unter|unterhalb von|bis(?: zu)?|weniger als|günstiger als"
        r"|billiger als|nicht (?:mehr|teurer) als|nicht über|<=?) {amount}"
        r"(?: oder (?:weniger|günstiger|billiger|darunter))?",
        r"{amount} (?:oder (?:weniger|günstiger|billiger|darunter)|maximal|höchstens|maximum)",
        r"(?:mein |mit (?:einem )?|ein )?budget (?:ist |von |liegt bei |beträgt )?(?:etwa |rund )?{amount}",
    ),
    over=typed_patterns(
        r"(?:über|oberhalb von|ab|mindestens|mehr als|teurer als|min\.?|>=?) {amount}"
        r"(?: (?:oder mehr|oder darüber|aufwärts))?",
        r"{amount} (?:oder mehr|oder darüber|aufwärts|mindestens)",
    ),
    about=typed_patterns(r"(?:für )?(?:etwa|circa|zirka|ca\.?|ungefähr|rund|um(?: die)?) {amount}"),
    between=typed_patterns(
        r"zwischen {amount} und {amount}",
        r"von {amount} bis(?: zu)? {amount}",
        r"{amount} bis {amount}",
        r"{amount} - (?=\d[\d.,]* ?(?:€|eur)){amount}",  # "iPhone 14-15" is no price
    ),
    sorts=typed_sorts(
        (r"(?:nach )?preis absteigend|absteigend nach preis", "price_desc"),
        (r"(?:(?:das|die|der|den) )?teuerste[nrsm]?(?: zuerst)?", "price_desc"),
        (r"(?:(?:das|die|der|den|am) )?(?:billigst|günstigst|preiswertest)e[nrsm]?(?: zuerst)?", "price_asc"),
        (r"(?:(?:nach )?preis aufsteigend|(?:sortiert )?nach preis)", "price_asc"),
        (r"(?:billig|günstig|preiswert|preisgünstig)(?:e[nrsm]?|ere[nrsm]?)?", "price_asc"),
        (r"(?:(?:das|die|der|den) )?neu(?:e)?ste[nrsm]?(?: zuerst)?|neuheiten|neu eingetroffen", "newest"),
    ),
    in_stock=typed_patterns(r"(?:sofort )?(?:lieferbar|vorrätig|verfügbar)(?:e[nrsm]?)?", r"a[um]f? lager"),
    generic=typed_words(
        "produkt produkte artikel ware waren sache sachen ding dinge etwas was alles irgendetwas irgendwas "
        "angebot angebote sortiment auswahl eins welche"
    ),
    fillers=typed_words(
        "ein eine einen einem einer eines der die das den dem des ich wir mir mich uns du ihr sie euch "
        "bitte zeig "
        "zeige zeigen such suche suchen suchst finde finden gib gibt geben es hast hat habt haben gern gerne "
        "möchte möchten will wollen brauche brauchen kaufen für mit in im von zu zum zur und kostet "
        "kosten wie "
        "viel hallo hi hey danke dank auch noch mal nach welche welcher welches kann können könnt ihn "
        "sind ist bin "
        "was nur ganz schön gut gute guten guter gutes schöne schönen unter über bis etwas führt verkauft"
    ),
    measures=(
        "zoll|jahre?n?|monate?n?|wochen?|tage?n?|stunden?|minuten?|stück|stuck|personen|sterne?|bewertungen"
        "|gramm|kilo|kilogramm"
    ),
)
