"""Italian: the tables of `Lexicon`."""

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
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici "
    "sedici "
    "diciassette diciotto diciannove venti"
)
NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
NUMBERS |= {"un": 1, "una": 1, "paio": 2, "coppia": 2, "dozzina": 12, "trenta": 30, "quaranta": 40}
NUMBERS |= {"cinquanta": 50, "sessanta": 60, "settanta": 70, "ottanta": 80, "novanta": 90, "cento": 100}

_ORDINAL_STEMS = "prim second terz quart quint sest settim ottav non decim"
ORDINALS = {
    stem + ending: value
    for value, stem in enumerate(_ORDINAL_STEMS.split(), start=1)
    for ending in ("o", "a", "i", "e")
    if stem + ending not in ("none", "noni")
} | {"ultimo": -1, "ultima": -1, "ultimi": -1, "ultime": -1}
ORDINALS |= {f"{n}{sign}": n for n in range(1, 21) for sign in ("º", "ª", "°")}

_STEMS = {"ner": "Black", "ross": "Red", "azzurr": "Light Blue", "giall": "Yellow", "dorat": "Gold"}
_STEMS |= {"argentat": "Silver", "grigi": "Gray"}
_COLORS = {stem + ending: name for stem, name in _STEMS.items() for ending in ("o", "a", "i", "e")}
_COLORS |= {
    "bianco": "White", "bianca": "White", "bianchi": "White", "bianche": "White", "blu": "Blue",
    "verde": "Green", "verdi": "Green", "arancione": "Orange", "arancioni": "Orange", "rosa": "Pink",
    "viola": "Purple", "marrone": "Brown", "marroni": "Brown", "beige": "Beige", "oro": "Gold",
    "argento": "Silver", "turchese": "Turquoise", "blu scuro": "Dark Blue", "blu navy": "Navy",
    "blu chiaro": "Light Blue", "celeste": "Light Blue", "verde scuro": "Dark Green",
    "verde chiaro": "Light Green", "grigio scuro": "Dark Gray", "grigio chiaro": "Light Gray",
    "grigi": "Gray",
    "grigio siderale": "Space Gray", "oro rosa": "Rose Gold", "titanio naturale": "Natural Titanium",
    "titanio blu": "Blue Titanium", "titanio nero": "Black Titanium", "titanio bianco": "White Titanium",
}  # fmt: skip

ITALIAN = Lexicon(
    language="it",
    contractions=(RANGES, (r"\b(l|d|un|dell|all|nell|sull|dall|quell)'(?=\w)", r"\1' ")),
    numbers=typed(NUMBERS),
    ordinals=typed(ORDINALS),
    colors=typed(_COLORS) | ENGLISH_COLORS,
    sizes=SIZE_CODES | {"piccola": "S", "piccolo": "S", "media": "M", "medio": "M", "grande": "L"},
    size_intro=r"(?:(?:di |in |della )?(?:taglia|misura|numero))",
    currencies=CURRENCY_SIGNS
    | {"dollaro": "USD", "dollari": "USD", "sterlina": "GBP", "sterline": "GBP", "franco": "CHF"}
    | {"franchi": "CHF"},
    thousand=r"k|mila|mille",
    under=typed_patterns(
        r"(?:che cost(?:a|ano|i|ino) )?(?:a )?(?:meno di|(?:al di )?sotto(?: i| gli| ai| agli)?"
        r"|fino a(?:i|gli)?"
        r"|(?:al )?massimo(?: di)?|max\.?|non (?:più di|oltre)(?: i| gli)?|entro(?: i| gli)?"
        r"|inferior[ei] a(?:i|gli)?|più economic(?:o|a|i|he) di|<=?) {amount}(?: o meno| al massimo"
        r"| massimo)?",
        r"{amount} (?:o meno|al massimo|massimo)",
        r"(?:il mio |con un |un )?budget (?:è )?(?:di )?(?:circa )?{amount}",
    ),
    over=typed_patterns(
        r"(?:più di|oltre(?: i| gli)?|(?:al di )?sopra(?: i| gli| ai| agli)?|a partire da|da almeno|almeno"
        r"|(?:al )?minimo(?: di)?|superior[ei] a(?:i|gli)?|più car[oaie] di|>=?) {amount}(?: o più| in su)?",
        r"{amount} (?:o più|in su|minimo)",
    ),
    about=typed_patterns(
        r"(?:circa|(?:intorno|attorno) a(?:i|gli)?|più o meno|sui|sugli) {amount}", r"{amount} circa"
    ),
    between=typed_patterns(
        r"(?:tra|fra)(?: i| gli)? {amount} e(?: i| gli)? {amount}",
        r"da(?:i|gli)? {amount} a(?:i|gli)? {amount}",
    ),
    sorts=typed_sorts(
        (r"(?:per )?prezzo decrescente|dal più caro", "price_desc"),
        (r"(?:(?:il|la|i|le|lo|gli) )?più (?:car|costos)[oaie](?: per prim[oaie])?", "price_desc"),
        (
            r"(?:(?:il|la|i|le|lo|gli) )?(?:più economic(?:o|a|i|he)|meno (?:car|costos)[oaie])"
            r"(?: per prim[oaie])?",
            "price_asc",
        ),
        (r"(?:per )?prezzo crescente|(?:ordinat[oaie] )?per prezzo|dal più economico", "price_asc"),
        (r"economic(?:o|a|i|he)|a buon (?:mercato|prezzo)|convenient[ei]|poco cos(?:toso|tosi)", "price_asc"),
        (
            r"(?:(?:il|la|i|le|lo|gli) )?(?:più (?:recent[ei]|nuov[oaie])|ultim[ei] arriv[io]|novità)",
            "newest",
        ),
    ),
    in_stock=typed_patterns(r"(?:che (?:è|sono) )?(?:disponibil[ei](?: subito| ora)?|in magazzino|in stock)"),
    generic=typed_words(
        "prodotto prodotti articolo articoli cosa cose qualcosa qualsiasi tutto tutti tutte catalogo "
        "offerta offerte"
    ),
    fillers=typed_words(
        "un uno una il lo la i gli le l d dell all nell sull di del dello della dei degli delle a al ai "
        "alla in nel "
        "nella con per da che e mio mia miei mie mi me ci noi io tu lei voi ti vi mostra mostrami "
        "mostrate cerca "
        "cerco cercare cercando trova trovami trovare dammi voglio vorrei vorremmo bisogno ho ha hai "
        "avete hanno "
        "c'è ci sono comprare vedere costa costano quanto favore ciao salve grazie anche qualche quale "
        "quali può "
        "puoi potete è sono piacerebbe avere colore"
    ),
    measures=(
        "pollici|ann[oi]|mes[ei]|settiman[ae]|giorn[oi]|or[ae]|minut[oi]|pezz[oi]|unità|person[ae]|stell[ae]"
        "|recensioni|grammi|chil[oi]|litri"
    ),
)
