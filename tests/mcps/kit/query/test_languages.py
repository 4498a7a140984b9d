"""What a query says in each language of the shop, as tables."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.kit.query.lexicon import Lexicon, lexicon_for, plain
from mcps.kit.query.terms import flatten, read_terms

LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "tr", "vi")

# A limit of 500 euros and so on, each said in the ways people say it.
UNDER = {
    "de": [
        "unter 500 euro",
        "bis 500 €",
        "höchstens 500 euro",
        "weniger als 500 euro",
        "500 euro oder weniger",
    ],
    "es": [
        "por menos de 500 euros",
        "hasta 500 €",
        "máximo 500 euros",
        "como maximo 500 euros",
        "500 euros o menos",
    ],
    "fr": [
        "moins de 500 euros",
        "à moins de 500 €",
        "jusqu'à 500 euros",
        "max 500 euros",
        "500 euros maximum",
    ],
    "it": ["sotto i 500 euro", "meno di 500 €", "fino a 500 euro", "al massimo 500 euro", "500 euro o meno"],
    "pt": [
        "até 500 euros",
        "abaixo de 500 €",
        "por menos de 500 euros",
        "no máximo 500 euros",
        "ate 500 euros",
    ],
    "tr": [
        "500 euro altı",
        "500 euronun altında",
        "500 euroya kadar",
        "en fazla 500 euro",
        "500 eurodan ucuz",
    ],
    "vi": ["dưới 500 euro", "không quá 500 euro", "tối đa 500 €", "duoi 500 euro", "500 euro trở xuống"],
}
OVER = {
    "de": ["über 500 euro", "ab 500 €", "mindestens 500 euro", "500 euro oder mehr"],
    "es": ["más de 500 euros", "desde 500 €", "al menos 500 euros", "500 euros o más"],
    "fr": ["plus de 500 euros", "à partir de 500 €", "au moins 500 euros", "500 euros ou plus"],
    "it": ["più di 500 euro", "oltre i 500 €", "a partire da 500 euro", "500 euro in su"],
    "pt": ["mais de 500 euros", "acima de 500 €", "a partir de 500 euros", "500 euros ou mais"],
    "tr": ["500 euro üstü", "500 euronun üzerinde", "en az 500 euro", "500 eurodan fazla"],
    "vi": ["trên 500 euro", "hơn 500 euro", "từ 500 €", "500 euro trở lên"],
}
BETWEEN = {
    "de": ["zwischen 100 und 200 euro", "von 100 bis 200 €", "100-200 euro"],
    "es": ["entre 100 y 200 euros", "de 100 a 200 €"],
    "fr": ["entre 100 et 200 euros", "de 100 à 200 €"],
    "it": ["tra 100 e 200 euro", "da 100 a 200 €", "fra i 100 e i 200 euro"],
    "pt": ["entre 100 e 200 euros", "de 100 a 200 €", "de 100 até 200 euros"],
    "tr": ["100 ile 200 euro arası", "100-200 euro arasında"],
    "vi": ["từ 100 đến 200 euro", "khoảng 100-200 euro", "giữa 100 và 200 euro"],
}
ABOUT = {
    "de": ["etwa 100 euro", "um die 100 €", "ca. 100 euro"],
    "es": ["unos 100 euros", "alrededor de 100 €"],
    "fr": ["environ 100 euros", "autour de 100 €"],
    "it": ["circa 100 euro", "intorno ai 100 €", "sui 100 euro"],
    "pt": ["cerca de 100 euros", "por volta de 100 €"],
    "tr": ["yaklaşık 100 euro", "100 euro civarında"],
    "vi": ["khoảng 100 euro", "tầm 100 €"],
}
SORTS = {
    "price_asc": {
        "de": ["billigste", "die günstigsten", "günstig", "preis aufsteigend"],
        "es": ["más baratos", "barato", "mas barato", "por precio"],
        "fr": ["moins chers", "les moins chères", "pas cher", "prix croissant"],
        "it": ["più economico", "piu economici", "economica", "a buon prezzo"],
        "pt": ["mais barato", "os mais baratos", "barata", "em conta"],
        "tr": ["en ucuz", "ucuz", "uygun fiyatlı", "en uygun fiyatlı"],
        "vi": ["rẻ nhất", "giá rẻ", "re nhat", "giá tăng dần"],
    },
    "price_desc": {
        "de": ["teuerste", "preis absteigend"],
        "es": ["más caro", "los mas caros"],
        "fr": ["les plus chers", "prix décroissant"],
        "it": ["più caro", "più costose"],
        "pt": ["mais caro", "as mais caras"],
        "tr": ["en pahalı", "en pahali"],
        "vi": ["đắt nhất", "mắc nhất"],
    },
    "newest": {
        "de": ["neueste", "die neuesten"],
        "es": ["más nuevo", "los más recientes", "novedades"],
        "fr": ["plus récents", "nouveautés"],
        "it": ["più recenti", "novità"],
        "pt": ["mais recentes", "mais novos"],
        "tr": ["en yeni", "yeni gelenler"],
        "vi": ["mới nhất", "moi nhat"],
    },
}
NOUNS = {
    "de": "lampe",
    "es": "lámpara",
    "fr": "lampe",
    "it": "lampada",
    "pt": "candeeiro",
    "tr": "lamba",
    "vi": "đèn",
}


def said(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, way) for language, ways in table.items() for way in ways]


def around(language: str, words: str) -> list[str]:
    """The words before and after a noun, since both happen."""
    return [f"{NOUNS[language]} {words}", f"{words} {NOUNS[language]}"]


def read(language: str, text: str) -> Any:
    return read_terms(text, lexicon_for(language))


@pytest.mark.parametrize(("language", "way"), said(UNDER))
def test_a_highest_price_is_understood(language: str, way: str) -> None:
    for text in around(language, way):
        terms = read(language, text)
        assert (terms.price_min, terms.price_max, terms.currency) == (None, 50_000, "EUR")
        assert terms.words == NOUNS[language]


@pytest.mark.parametrize(("language", "way"), said(OVER))
def test_a_lowest_price_is_understood(language: str, way: str) -> None:
    for text in around(language, way):
        terms = read(language, text)
        assert (terms.price_min, terms.price_max, terms.currency) == (50_000, None, "EUR")
        assert terms.words == NOUNS[language]


@pytest.mark.parametrize(("language", "way"), said(BETWEEN))
def test_a_range_of_prices_is_understood(language: str, way: str) -> None:
    for text in around(language, way):
        terms = read(language, text)
        assert (terms.price_min, terms.price_max, terms.currency) == (10_000, 20_000, "EUR")
        assert terms.words == NOUNS[language]


@pytest.mark.parametrize(("language", "way"), said(ABOUT))
def test_about_a_price_is_a_fifth_either_way(language: str, way: str) -> None:
    terms = read(language, f"{NOUNS[language]} {way}")
    assert (terms.price_min, terms.price_max) == (8_000, 12_000)
    assert terms.words == NOUNS[language]


@pytest.mark.parametrize(
    ("sort", "language", "way"),
    [(sort, language, way) for sort, table in SORTS.items() for language, way in said(table)],
)
def test_an_order_is_understood(sort: str, language: str, way: str) -> None:
    for text in around(language, way):
        terms = read(language, text)
        assert terms.sort == sort
        assert terms.words == NOUNS[language]


@pytest.mark.parametrize(
    ("language", "text", "color"),
    [
        ("de", "ein schwarzes Handy", "Black"),
        ("de", "weiße Schuhe", "White"),
        ("de", "weisse Schuhe", "White"),
        ("de", "grünes Kleid", "Green"),
        ("de", "dunkelblaue Jacke", "Dark Blue"),
        ("es", "zapatos rojos", "Red"),
        ("es", "camisa azul oscuro", "Dark Blue"),
        ("es", "un café con leche", ""),
        ("fr", "robe noire", "Black"),
        ("fr", "des chaussures blanches", "White"),
        ("fr", "iphone titane naturel", "Natural Titanium"),
        ("it", "scarpe rosse", "Red"),
        ("it", "vestito grigio scuro", "Dark Gray"),
        ("pt", "sapatos pretos", "Black"),
        ("pt", "vestido cor-de-rosa", "Pink"),
        ("tr", "kırmızı elbise", "Red"),
        ("tr", "KIRMIZI elbise", "Red"),
        ("tr", "kirmizi elbise", "Red"),
        ("tr", "siyah telefon", "Black"),
        ("vi", "điện thoại màu đen", "Black"),
        ("vi", "điện thoại đen", "Black"),
        ("vi", "dien thoai mau den", "Black"),
        ("vi", "tim dien thoai", ""),
        ("vi", "váy xanh dương", "Blue"),
    ],
)
def test_a_colour_is_named_as_the_catalogue_names_it(language: str, text: str, color: str) -> None:
    assert read(language, text).color == color


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Zeig mir günstige schwarze Handys von Samsung unter 1.200,50 Euro auf Lager",
         {"words": "handys", "brands": ("Samsung",), "price_max": 120_050, "color": "Black", "in_stock": True,
          "sort": "price_asc"}),
        ("de", "Schuhe Größe 42,5", {"size": "42,5", "words": "schuhe"}),
        ("de", "Kleid in Größe groß", {"size": "L", "words": "kleid"}),
        ("de", "große Lampe", {"size": "", "words": "große lampe"}),
        ("de", "mindestens 2 Jahre Garantie", {"price_min": None}),
        ("de", "iPhone 14-15", {"price_min": None, "price_max": None}),
        ("vi", "iPhone 14-15", {"price_min": None, "price_max": None}),
        ("es", "busco móviles Samsung de 128 gb por menos de 1.000 euros",
         {"words": "móviles", "brands": ("Samsung",), "storage": "128 GB", "price_max": 100_000}),
        ("es", "¿tienen zapatos de la talla 42 en stock?", {"size": "42", "in_stock": True,
         "words": "zapatos"}),
        ("es", "menos de 2 mil pesos", {"price_max": 200_000, "currency": "MXN"}),
        ("fr", "je cherche un téléphone noir à moins de 1 200,50 €",
         {"words": "téléphone", "color": "Black", "price_max": 120_050}),
        ("fr", "l'iphone 15 pas cher", {"words": "iphone 15", "sort": "price_asc"}),
        ("fr", "chaussures pointure 38 disponibles", {"size": "38", "in_stock": True, "words": "chaussures"}),
        ("fr", "au moins 2 ans de garantie", {"price_min": None}),
        ("it", "cerco un telefono nero sotto i 500 euro", {"words": "telefono", "color": "Black",
         "price_max": 50_000}),
        ("it", "scarpe taglia 40 disponibili", {"size": "40", "in_stock": True, "words": "scarpe"}),
        ("it", "dell'acqua", {"words": "acqua"}),
        ("pt", "procuro telemóvel preto até 300 euros", {"words": "telemóvel", "color": "Black",
         "price_max": 30_000}),
        ("pt", "celular até R$ 2.000", {"price_max": 200_000, "currency": "BRL", "words": "celular"}),
        ("pt", "sapatos tamanho 39 em estoque", {"size": "39", "in_stock": True, "words": "sapatos"}),
        ("tr", "500 TL'nin altında siyah telefon göster",
         {"words": "telefon", "color": "Black", "price_max": 50_000, "currency": "TRY"}),
        ("tr", "2 bin liradan ucuz ayakkabı", {"price_max": 200_000, "currency": "TRY", "words": "ayakkabı"}),
        ("tr", "stokta olan elbise beden L", {"in_stock": True, "size": "L", "words": "elbise"}),
        ("tr", "İPHONE 15", {"words": "iphone 15"}),
        ("vi", "điện thoại Samsung dưới 5 triệu đồng",
         {"words": "điện thoại", "brands": ("Samsung",), "price_max": 5_000_000, "currency": "VND"}),
        ("vi", "giày dưới 500k", {"price_max": 50_000_000, "words": "giày"}),
        ("vi", "laptop 5,5 triệu đồng trở xuống", {"price_max": 5_500_000, "currency": "VND"}),
        ("vi", "áo size M còn hàng", {"size": "M", "in_stock": True, "words": "áo"}),
        ("vi", "tìm túi dưới 200.000đ", {"price_max": 200_000, "currency": "VND", "words": "túi"}),
    ],
)  # fmt: skip
def test_a_query_says(language: str, text: str, expected: dict[str, Any]) -> None:
    terms = read(language, text)
    assert {name: getattr(terms, name) for name in expected} == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_is_whole(language: str) -> None:
    lexicon = lexicon_for(language)
    assert lexicon.language == language
    for patterns, amounts in (
        (lexicon.under, 1),
        (lexicon.over, 1),
        (lexicon.about, 1),
        (lexicon.between, 2),
    ):
        assert patterns
        assert all(pattern.count("{amount}") == amounts for pattern in patterns)
    assert {sort for _, sort in lexicon.sorts} == {"price_asc", "price_desc", "newest"}
    assert lexicon.numbers
    assert lexicon.ordinals
    assert set(lexicon_for("en").currencies.values()) & set(lexicon.currencies.values())
    assert {"S", "M", "L", "XL"} <= set(lexicon.sizes.values()) | {"XL"}
    for table in (lexicon.colors, lexicon.sizes, lexicon.currencies, lexicon.numbers, lexicon.ordinals):
        assert all(word == word.lower() and word for word in table)
    assert all(word == word.lower() for word in lexicon.fillers | lexicon.generic)
    assert not re.compile(lexicon.size_intro).match("")


def test_every_language_knows_the_same_colours() -> None:
    basic = {"Black", "White", "Red", "Blue", "Green", "Yellow", "Pink", "Purple", "Brown", "Gray", "Silver"}
    for language in LANGUAGES:
        assert basic <= set(lexicon_for(language).colors.values())


@pytest.mark.parametrize("tag", ["de-AT", "DE", "pt-BR", "zh", "xx-YY", ""])
def test_a_tag_finds_its_language_or_english(tag: str) -> None:
    language = tag.split("-")[0].lower()
    assert lexicon_for(tag).language == (language if language in LANGUAGES else "en")


@pytest.mark.parametrize(
    ("text", "bare"), [("größe", "grosse"), ("kırmızı", "kirmizi"), ("điện thoại", "dien thoai"), ("à", "a")]
)
def test_accents_can_be_left_out(text: str, bare: str) -> None:
    assert plain(text) == bare


@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_any_text_is_read_without_a_fault(text: str, language: str) -> None:
    terms = read(language, text)
    for limit in (terms.price_min, terms.price_max):
        assert limit is None or limit >= 0


@given(st.text(max_size=100), st.sampled_from(LANGUAGES))
def test_flat_text_stays_as_it_is(text: str, language: str) -> None:
    lexicon: Lexicon = lexicon_for(language)
    once = flatten(text, lexicon)
    assert flatten(once, lexicon).split() == once.split()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "text", ["1 " * 1000, "a" * 2000, "1," * 1000, "unter von de da tra từ " * 80, "'" * 2000]
)
def test_hostile_text_is_read_in_linear_time(language: str, text: str) -> None:
    read(language, text)  # the suite's timeout is the judge
