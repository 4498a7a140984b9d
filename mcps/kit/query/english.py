"""English: the tables of `Lexicon`."""

from __future__ import annotations

from mcps.kit.query.lexicon import Lexicon, words

CONTRACTIONS = (
    (r"\b(can)'?t\b|\bcannot\b", "can not"),
    (r"\bwon'?t\b", "will not"),
    (r"\b(do|does|did|is|are|was|has|have|would|could|should)n'?t\b", r"\1 not"),
    (r"\bi'?m\b", "i am"),
    (r"\b(i|you|we|they)'d\b", r"\1 would"),
    (r"\b(i|you|we|they|it|that)'ll\b", r"\1 will"),
    (r"\b(i|you|we|they)'?ve\b", r"\1 have"),
    (r"\b(you|we|they)'re\b", r"\1 are"),
    (r"\b(what|where|how|who|when|that|it|there|here)'?s\b", r"\1 is"),
    (r"\blet's\b", "let us"),
    (r"\bwanna\b", "want to"),
    (r"\bgonna\b", "going to"),
    (r"\bgotta\b", "have to"),
    (r"\bgimme\b", "give me"),
    (r"\blemme\b", "let me"),
    (r"\b(?:plz|pls|plss)\b", "please"),
    (r"\b(?:thx|thnx|tnx|thanx|ty|tysm)\b", "thanks"),
    (r"\bu\b", "you"),
    (r"\bur\b", "your"),
    (r"\br u\b", "are you"),
    (r"\be-mail(s|ed|ing)?\b", r"email\1"),
    (r"\bcheck-out\b", "checkout"),
)

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
NUMBERS |= {"seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40}
NUMBERS |= {"fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100}
NUMBERS |= {"couple": 2, "pair": 2, "dozen": 12, "half dozen": 6}

_ORDINAL_WORDS = "first second third fourth fifth sixth seventh eighth ninth tenth"
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_WORDS.split(), start=1)}
ORDINALS |= {f"{n}{suffix}": n for n, suffix in ((1, "st"), (2, "nd"), (3, "rd"))}
ORDINALS |= {f"{n}th": n for n in range(4, 21)}
ORDINALS |= {"last": -1, "final": -1, "top": 1}

_COLORS = (
    "black white red blue green yellow orange pink purple brown beige gold silver turquoise navy teal ivory "
    "khaki maroon burgundy violet magenta cyan graphite midnight starlight titanium bronze coral lilac"
)
COLORS = {word: word.capitalize() for word in _COLORS.split()}
COLORS |= {
    "grey": "Gray",
    "gray": "Gray",
    "golden": "Gold",
    "rose gold": "Rose Gold",
    "rosegold": "Rose Gold",
}
COLORS |= {
    "space gray": "Space Gray",
    "space grey": "Space Gray",
    "navy blue": "Navy",
    "off white": "Off White",
}
for _tone in ("natural", "blue", "black", "white", "desert"):
    COLORS[f"{_tone} titanium"] = f"{_tone.capitalize()} Titanium"
for _tone in ("light", "dark"):
    for _base in ("blue", "green", "gray", "grey", "brown", "red", "pink"):
        COLORS[f"{_tone} {_base}"] = f"{_tone.capitalize()} {COLORS[_base]}"

SIZES = {"extra small": "XS", "small": "S", "medium": "M", "large": "L", "extra large": "XL"}
SIZES |= {size.lower(): size for size in ("XS", "XL", "XXS", "XXL", "XXXL", "2XL", "3XL", "4XL")}

CURRENCIES = {"€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD"}
CURRENCIES |= {"dollar": "USD", "dollars": "USD", "bucks": "USD", "buck": "USD", "£": "GBP", "gbp": "GBP"}
CURRENCIES |= {"pound": "GBP", "pounds": "GBP", "quid": "GBP", "chf": "CHF", "franc": "CHF", "francs": "CHF"}
CURRENCIES |= {"¥": "JPY", "jpy": "JPY", "yen": "JPY", "₹": "INR", "inr": "INR", "rupees": "INR"}

ENGLISH = Lexicon(
    language="en",
    contractions=CONTRACTIONS,
    numbers=NUMBERS,
    ordinals=ORDINALS,
    colors=COLORS,
    sizes=SIZES,
    size_intro=r"(?:in |a )?size",
    size_link="in",
    currencies=CURRENCIES,
    thousand="k|thousand|grand",
    under=(
        r"(?:(?:that |which )?(?:is |are |costs? |priced (?:at )?|for )?(?:at )?)?"
        r"(?:under|below|less than|cheaper than|lower than|no more than|not more than|not over|up to|at most"
        r"|maximum(?: of)?|(?<!pro )max(?: price)?(?: of)?|beneath|<=?) {amount}"
        r"(?: or (?:less|cheaper|below))?",
        r"{amount} (?:or less|or cheaper|or below|maximum|at most|tops)",
        r"(?:my |a |with a |on a )?(?:budget|limit) (?:is |of )?(?:about |around )?{amount}",
    ),
    over=(
        r"(?:(?:that |which )?(?:is |are |costs? |priced )?)?"
        r"(?:over|above|more than|at least|starting (?:at|from)|no less than|minimum(?: of)?|upwards of"
        r"|min(?: price)?(?: of)?|>=?) {amount}(?: (?:or more|and up|upwards?|plus))?",
        r"{amount} (?:or more|and up|and above|upwards?|minimum)",
    ),
    about=(
        r"(?:(?<!me )(?<!more )(?<!info )(?<!know )about|around|roughly|approximately|circa|something like)"
        r" {amount}",
    ),
    between=(
        r"(?:priced )?between {amount} (?:and|to|-) {amount}",
        r"(?:priced )?from {amount} (?:to|up to|until|-) {amount}",
        r"(?:in the )?(?:price )?range (?:of |from )?{amount} ?(?:to|-|and) {amount}",
    ),
    sorts=(
        (
            r"(?:the )?(?:cheapest|lowest[ -]priced?|least expensive|most affordable)(?: first| ones?)?",
            "price_asc",
        ),
        (r"(?:cheap(?:er)?|inexpensive|affordable|low[ -]cost|budget)(?: ones?)?", "price_asc"),
        (
            r"(?:sort(?:ed)? |order(?:ed)? )?(?:by )?(?:price )?(?:from )?(?:low(?:est)? to high(?:est)?)",
            "price_asc",
        ),
        (r"(?:sort(?:ed)? |order(?:ed)? )by price", "price_asc"),
        (r"(?:the )?(?:most expensive|priciest|dearest|highest[ -]priced?)(?: first| ones?)?", "price_desc"),
        (
            r"(?:sort(?:ed)? |order(?:ed)? )?(?:by )?(?:price )?(?:from )?(?:high(?:est)? to low(?:est)?)",
            "price_desc",
        ),
        (r"(?:the )?(?:newest|latest|most recent|new arrivals|just in)(?: first| ones?)?", "newest"),
    ),
    in_stock=(r"(?:that (?:is|are) )?(?:currently )?in stock(?: now| only)?", r"available (?:right )?now"),
    generic=words(
        "product products item items thing things stuff something anything everything article articles goods "
        "one ones all any some selection range catalogue catalog"
    ),
    fillers=words(
        "a an the me my i we you please show find search look looking for get give want need do does have "
        "has sell is are there got any some with in of to and that which can could would like buy see browse "
        "list display us your what stock carry available hi hello hey thanks thank interested it its am "
        "just maybe also still kind sort type good nice tell about after at least be will"
    ),
)
