"""French: the tables of `Lexicon`."""

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
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf vingt"
)
NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
NUMBERS |= {"une": 1, "paire": 2, "couple": 2, "douzaine": 12, "trente": 30, "quarante": 40, "cinquante": 50}
NUMBERS |= {"soixante": 60, "cent": 100}

_ORDINAL_WORDS = "premier deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième"
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_WORDS.split(), start=1)}
ORDINALS |= {word + "s": value for word, value in ORDINALS.items()}
ORDINALS |= {"première": 1, "premières": 1, "second": 2, "seconde": 2, "1er": 1, "1ère": 1, "1re": 1}
ORDINALS |= {f"{n}{sign}": n for n in range(2, 21) for sign in ("e", "ème", "eme")}
ORDINALS |= {"dernier": -1, "dernière": -1, "derniers": -1, "dernières": -1}

_COLORS = {
    "noir": "Black", "noire": "Black", "blanc": "White", "blanche": "White", "rouge": "Red", "bleu": "Blue",
    "bleue": "Blue", "vert": "Green", "verte": "Green", "jaune": "Yellow", "orange": "Orange", "rose": "Pink",
    "violet": "Purple", "violette": "Purple", "mauve": "Purple", "brun": "Brown", "brune": "Brown",
    "marron": "Brown", "beige": "Beige", "doré": "Gold", "dorée": "Gold", "argenté": "Silver",
    "argentée": "Silver", "gris": "Gray", "grise": "Gray", "turquoise": "Turquoise", "argent": "Silver",
}  # fmt: skip
_COLORS |= {word + "s": name for word, name in _COLORS.items() if not word.endswith("s")}
_COLORS |= {
    "bleu marine": "Navy", "bleu foncé": "Dark Blue", "bleu clair": "Light Blue", "vert foncé": "Dark Green",
    "vert clair": "Light Green", "gris foncé": "Dark Gray", "gris clair": "Light Gray",
    "gris sidéral": "Space Gray", "or rose": "Rose Gold", "titane naturel": "Natural Titanium",
    "titane bleu": "Blue Titanium", "titane noir": "Black Titanium", "titane blanc": "White Titanium",
}  # fmt: skip

FRENCH = Lexicon(
    language="fr",
    contractions=(RANGES, (r"\b(l|d|qu)'(?=\w)", r"\1' ")),
    numbers=typed(NUMBERS),
    ordinals=typed(ORDINALS),
    colors=typed(_COLORS) | ENGLISH_COLORS,
    sizes=SIZE_CODES
    | typed({"petite": "S", "petit": "S", "moyenne": "M", "moyen": "M", "grande": "L", "grand": "L"}),
    size_intro=r"(?:(?:en |de |la )?(?:taille|pointure))",
    currencies=CURRENCY_SIGNS
    | {"dollar": "USD", "dollars": "USD", "livre": "GBP", "livres": "GBP", "franc": "CHF", "francs": "CHF"}
    | {"yens": "JPY", "balles": "EUR"},
    thousand=r"k|mille",
    under=typed_patterns(
        r"(?:(?:qui )?coût(?:e|ent|ant) )?(?:à )?(?:moins de|en dessous de|au-dessous de|sous(?: les)?"
        r"|jusqu'à"
        r"|(?:au )?maxi(?:mum)?(?: de)?|max\.?|au plus|pas plus de|moins ch(?:er|ère)s? (?:que|de)"
        r"|inférieure?s? à|<=?) {amount}(?: (?:au )?maxi(?:mum)?| max| au plus| ou moins)?",
        r"{amount} (?:(?:au )?maxi(?:mum)?|max|au plus|ou moins)",
        r"(?:mon |un |avec un )?budget (?:est )?(?:de |d' ?environ )?{amount}",
    ),
    over=typed_patterns(
        r"(?:à )?(?:plus de|au-dessus de|à partir de|dès|(?:au )?minimum(?: de)?|au moins|supérieure?s? à"
        r"|plus ch(?:er|ère)s? (?:que|de)|>=?) {amount}(?: ou plus| et plus| minimum)?",
        r"{amount} (?:ou plus|et plus|(?:au )?minimum)",
    ),
    about=typed_patterns(
        r"(?:à )?(?:environ|autour de|aux alentours de|à peu près|vers|dans les) {amount}",
        r"{amount} environ",
    ),
    between=typed_patterns(r"entre {amount} et {amount}", r"de {amount} à {amount}"),
    sorts=typed_sorts(
        (r"(?:par )?prix décroissants?|du plus cher au moins cher", "price_desc"),
        (r"(?:par )?prix croissants?|du moins cher au plus cher|(?:trié[es]* )?par prix", "price_asc"),
        (r"(?:(?:le|la|les) )?moins ch(?:er|ère)s?(?: en premier)?", "price_asc"),
        (r"(?:(?:le|la|les) )?plus ch(?:er|ère)s?(?: en premier)?", "price_desc"),
        (r"pas (?:trop )?ch(?:er|ère)s?|bon marché|abordables?|économiques?", "price_asc"),
        (
            r"(?:(?:le|la|les) )?(?:plus récente?s?|nouveautés?|plus nou(?:veau|veaux|velle|velles))",
            "newest",
        ),
    ),
    in_stock=typed_patterns(r"(?:qui (?:est|sont) )?(?:en stock|disponibles?(?: maintenant)?)"),
    generic=typed_words(
        "produit produits article articles chose choses truc trucs quelque tout tous toutes catalogue gamme "
        "offre offres"
    ),
    fillers=typed_words(
        "un une des le la les l d qu j du de au aux à et en dans avec pour par que qui mon ma mes me moi "
        "nous je "
        "j'ai j'aimerais j'cherche vous tu te montre montrez montrer montre-moi montrez-moi cherche chercher "
        "recherche trouve trouver trouvez donne donnez veux voudrais voudrait besoin avez avez-vous as "
        "as-tu ai a "
        "il y acheter voir coûte coûtent combien s'il te plaît bonjour salut merci aussi quel quelle quels "
        "quelles peux pouvez pouvez-vous est est-ce sont ce cet cette ces quelques couleur chose"
    ),
    measures=(
        "pouces?|ans?|années?|annees?|mois|semaines?|jours?|heures?|minutes?|pièces?|pieces?|unités?|personnes?"
        "|étoiles?|etoiles?|avis|grammes?|kilos?|litres?"
    ),
)
