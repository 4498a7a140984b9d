"""Spanish: the tables of `Lexicon`."""

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
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte"
)
NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
NUMBERS |= {"un": 1, "una": 1, "par": 2, "docena": 12, "treinta": 30, "cuarenta": 40, "cincuenta": 50}
NUMBERS |= {"sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90, "cien": 100}

_ORDINAL_STEMS = "primer segund tercer cuart quint sext séptim octav noven décim"
ORDINALS = {
    stem + ending: value
    for value, stem in enumerate(_ORDINAL_STEMS.split(), start=1)
    for ending in ("o", "a", "os", "as")
} | {"primer": 1, "tercer": 3, "último": -1, "última": -1, "últimos": -1, "últimas": -1}
ORDINALS |= {f"{n}{sign}": n for n in range(1, 21) for sign in ("º", "ª", ".º", "o", "a")}

_STEMS = {"negr": "Black", "blanc": "White", "roj": "Red", "amarill": "Yellow", "morad": "Purple"}
_STEMS |= {"dorad": "Gold", "platead": "Silver", "púrpur": "Purple"}
_COLORS = {stem + ending: name for stem, name in _STEMS.items() for ending in ("o", "a", "os", "as")}
_COLORS |= {
    "azul": "Blue", "azules": "Blue", "verde": "Green", "verdes": "Green", "naranja": "Orange",
    "rosa": "Pink",
    "rosado": "Pink", "rosada": "Pink", "violeta": "Purple", "lila": "Purple", "marrón": "Brown",
    "marrones": "Brown", "café": "Brown", "beige": "Beige", "beis": "Beige", "oro": "Gold", "plata": "Silver",
    "gris": "Gray", "grises": "Gray", "turquesa": "Turquoise", "azul marino": "Navy",
    "azul oscuro": "Dark Blue", "azul claro": "Light Blue", "celeste": "Light Blue",
    "verde oscuro": "Dark Green", "verde claro": "Light Green", "gris oscuro": "Dark Gray",
    "gris claro": "Light Gray", "gris espacial": "Space Gray", "oro rosa": "Rose Gold",
    "titanio natural": "Natural Titanium", "titanio azul": "Blue Titanium", "titanio negro": "Black Titanium",
    "titanio blanco": "White Titanium",
}  # fmt: skip

SPANISH = Lexicon(
    language="es",
    contractions=(RANGES, (r"[¿¡]", " ")),
    numbers=typed(NUMBERS),
    ordinals=typed(ORDINALS),
    # "café" is the drink first, with or without its accent.
    colors=typed({word: name for word, name in _COLORS.items() if word != "café"}) | ENGLISH_COLORS,
    sizes=SIZE_CODES | typed({"pequeña": "S", "pequeño": "S", "mediana": "M", "mediano": "M", "grande": "L"}),
    size_intro=r"(?:(?:en |de )?(?:la )?(?:talla|tamaño|tamano|número|numero))",
    currencies=CURRENCY_SIGNS
    | typed({"dólar": "USD", "dólares": "USD", "libra": "GBP", "libras": "GBP", "franco": "CHF"})
    | {"francos": "CHF", "yenes": "JPY", "peso": "MXN", "pesos": "MXN", "mxn": "MXN"},
    thousand=r"k|mil",
    under=typed_patterns(
        r"(?:que (?:cuest[ae]n?|valg?an?|no pasen? de) )?(?:por |a )?(?:menos de|por debajo de|debajo de"
        r"|bajo|hasta"
        r"|máximo(?: de)?|máx\.?|como máximo|no más de|más barat[oa]s? (?:que|de)|inferior(?:es)? a"
        r"|menor(?:es)? (?:a|de|que)|<=?) {amount}(?: o menos| como máximo)?",
        r"{amount} (?:o menos|como máximo|máximo|como mucho)",
        r"(?:mi |con un |con |un )?presupuesto (?:es |de |es de )?(?:unos )?{amount}",
    ),
    over=typed_patterns(
        r"(?:más de|por encima de|a partir de|desde|mínimo(?: de)?|como mínimo|al menos|superior(?:es)? a"
        r"|mayor(?:es)? (?:a|de|que)|más car[oa]s? (?:que|de)|>=?) {amount}(?: o más| en adelante)?",
        r"{amount} (?:o más|en adelante|como mínimo|mínimo)",
    ),
    about=typed_patterns(
        r"(?:por )?(?:alrededor de|unos|unas|cerca de|aproximadamente|en torno a(?: los)?"
        r"|más o menos) {amount}"
    ),
    between=typed_patterns(r"entre {amount} y {amount}", r"(?:de|desde) {amount} (?:a|hasta) {amount}"),
    sorts=typed_sorts(
        (r"(?:(?:el|la|los|las|lo) )?(?:más car[oa]s?|mayor precio)(?: primero)?", "price_desc"),
        (r"(?:por )?precio descendente|de mayor a menor(?: precio)?", "price_desc"),
        (
            r"(?:(?:el|la|los|las|lo) )?(?:más (?:barat|económic)[oa]s?|menor precio)(?: primero)?",
            "price_asc",
        ),
        (r"(?:ordenad[oa]s? )?por precio(?: ascendente)?|de menor a mayor(?: precio)?", "price_asc"),
        (r"(?:barat|económic)[oa]s?|asequibles?", "price_asc"),
        (
            r"(?:(?:el|la|los|las|lo) )?(?:más nuev[oa]s?|más recientes?|novedades|recién llegad[oa]s?)",
            "newest",
        ),
    ),
    in_stock=typed_patterns(r"(?:que estén? )?(?:en stock|en existencias?|disponibles?(?: ahora)?)"),
    generic=typed_words(
        "producto productos artículo artículos cosa cosas algo todo todos alguno alguna cualquiera catálogo "
        "oferta ofertas selección"
    ),
    fillers=typed_words(
        "un una unos unas el la los las lo de del al a y en con para por que mi mis me nos yo tú usted te "
        "se le "
        "muestra muéstrame muéstrenme enséñame busca buscar busco buscando encuentra encontrar dame quiero "
        "quisiera querría necesito tiene tienen tienes tenéis hay comprar ver cuesta cuestan cuánto favor "
        "hola "
        "gracias también más algún alguna algunos algunas qué cuál cuáles puede puedes pueden gustaría es "
        "son "
        "está están color"
    ),
    measures=(
        "pulgadas?|años?|anos?|mes(?:es)?|semanas?|días?|dias?|horas?|minutos?|piezas?|unidades?|personas?"
        "|estrellas?|reseñas?|gramos?|kilos?|litros?|vatios?"
    ),
)
