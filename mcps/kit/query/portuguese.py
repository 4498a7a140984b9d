"""Portuguese, of Portugal and of Brazil: the tables of `Lexicon`."""

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
    "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis "
    "dezessete "
    "dezoito dezenove vinte"
)
NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
NUMBERS |= {"uma": 1, "duas": 2, "par": 2, "dezasseis": 16, "dezassete": 17, "dezanove": 19, "dúzia": 12}
NUMBERS |= {"trinta": 30, "quarenta": 40, "cinquenta": 50, "sessenta": 60, "setenta": 70, "oitenta": 80}
NUMBERS |= {"noventa": 90, "cem": 100}

_ORDINAL_STEMS = "primeir segund terceir quart quint sext sétim oitav non décim"
ORDINALS = {
    stem + ending: value
    for value, stem in enumerate(_ORDINAL_STEMS.split(), start=1)
    for ending in ("o", "a", "os", "as")
} | {"último": -1, "última": -1, "últimos": -1, "últimas": -1}
ORDINALS |= {f"{n}{sign}": n for n in range(1, 21) for sign in ("º", "ª")}

_STEMS = {"pret": "Black", "negr": "Black", "branc": "White", "vermelh": "Red", "amarel": "Yellow"}
_STEMS |= {"rox": "Purple", "dourad": "Gold", "pratead": "Silver"}
_COLORS = {stem + ending: name for stem, name in _STEMS.items() for ending in ("o", "a", "os", "as")}
_COLORS |= {
    "azul": "Blue", "azuis": "Blue", "verde": "Green", "verdes": "Green", "laranja": "Orange", "rosa": "Pink",
    "cor-de-rosa": "Pink", "cor de rosa": "Pink", "violeta": "Purple", "lilás": "Purple", "marrom": "Brown",
    "castanho": "Brown", "castanha": "Brown", "bege": "Beige", "ouro": "Gold", "prata": "Silver",
    "cinza": "Gray", "cinzento": "Gray", "cinzenta": "Gray", "turquesa": "Turquoise",
    "azul-marinho": "Navy", "azul marinho": "Navy", "azul escuro": "Dark Blue", "azul claro": "Light Blue",
    "verde escuro": "Dark Green", "verde claro": "Light Green", "cinza escuro": "Dark Gray",
    "cinza claro": "Light Gray", "cinza espacial": "Space Gray", "ouro rosa": "Rose Gold",
    "titânio natural": "Natural Titanium", "titânio azul": "Blue Titanium", "titânio preto": "Black Titanium",
    "titânio branco": "White Titanium",
}  # fmt: skip

PORTUGUESE = Lexicon(
    language="pt",
    contractions=(RANGES,),
    numbers=typed(NUMBERS),
    ordinals=typed(ORDINALS),
    colors=typed(_COLORS) | ENGLISH_COLORS,
    sizes=SIZE_CODES | typed({"pequeno": "S", "pequena": "S", "médio": "M", "média": "M", "grande": "L"}),
    size_intro=r"(?:(?:no |de |em |o )?(?:tamanho|número|numero))",
    currencies=CURRENCY_SIGNS
    | typed({"dólar": "USD", "dólares": "USD", "libra": "GBP", "libras": "GBP", "franco": "CHF"})
    | {"francos": "CHF", "ienes": "JPY", "r$": "BRL", "brl": "BRL", "real": "BRL", "reais": "BRL"},
    thousand=r"k|mil",
    under=typed_patterns(
        r"(?:que cust(?:a|am|e|em) )?(?:por |a )?(?:menos de|abaixo d[eo]s?|até|no máximo|máximo(?: de)?"
        r"|máx\.?"
        r"|não mais (?:de|(?:do )?que)|mais barat[oa]s? (?:do )?que|inferior(?:es)? a"
        r"|menor(?:es)? (?:do )?que|<=?) {amount}(?: ou menos| no máximo)?",
        r"{amount} (?:ou menos|no máximo|máximo)",
        r"(?:(?:o )?meu |com um |um )?orçamento (?:é )?(?:de )?(?:uns )?{amount}",
    ),
    over=typed_patterns(
        r"(?:mais de|acima d[eo]s?|a partir d[eo]s?|desde|no mínimo|mínimo(?: de)?|pelo menos"
        r"|superior(?:es)? a"
        r"|maior(?:es)? (?:do )?que|mais car[oa]s? (?:do )?que|>=?) {amount}(?: ou mais| para cima)?",
        r"{amount} (?:ou mais|para cima|no mínimo)",
    ),
    about=typed_patterns(
        r"(?:cerca de|por volta d[eo]s?|aproximadamente|uns|umas|em torno d[eo]s?|à volta d[eo]s?) {amount}"
    ),
    between=typed_patterns(r"entre {amount} e {amount}", r"de {amount} (?:a|até) {amount}"),
    sorts=typed_sorts(
        (r"(?:por )?preço decrescente|do maior para o menor(?: preço)?", "price_desc"),
        (r"(?:(?:o|a|os|as) )?(?:mais car[oa]s?|maior preço)(?: primeiro)?", "price_desc"),
        (r"(?:(?:o|a|os|as) )?(?:mais (?:barat|em cont)[oa]s?|menor preço)(?: primeiro)?", "price_asc"),
        (r"(?:por )?preço crescente|por preço|do menor para o maior(?: preço)?", "price_asc"),
        (r"barat[oa]s?|(?:económic|econômic)[oa]s?|em conta|acessíve(?:l|is)", "price_asc"),
        (r"(?:(?:o|a|os|as) )?(?:mais recentes?|mais nov[oa]s?|novidades|lançamentos?)", "newest"),
    ),
    in_stock=typed_patterns(
        r"(?:que (?:está|estão|estejam?) )?(?:em (?:stock|estoque)|disponíve(?:l|is)(?: agora)?)"
    ),
    generic=typed_words(
        "produto produtos artigo artigos item itens coisa coisas algo alguma algum tudo todos todas qualquer "
        "catálogo oferta ofertas"
    ),
    fillers=typed_words(
        "um uma uns umas o a os as de do da dos das em no na nos nas com para por pra que e ao à meu "
        "minha meus "
        "minhas me eu nós você vocês te se lhe mostra mostre mostrar mostra-me mostre-me procuro procurar "
        "procura "
        "procurando busco buscar busca encontra encontrar encontre dá-me dê-me quero queria gostaria "
        "preciso tem "
        "têm tens há comprar ver custa custam quanto favor olá oi obrigado obrigada também mais qual "
        "quais pode "
        "podem podes é são está estão cor"
    ),
    measures=(
        "polegadas?|anos?|mês|mes|meses|semanas?|dias?|horas?|minutos?|peças?|pecas?|unidades?|pessoas?|estrelas?"
        "|avaliações|gramas?|quilos?|litros?"
    ),
)
