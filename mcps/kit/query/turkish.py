"""Turkish: the tables of `Lexicon`."""

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

_UNITS = "sıfır bir iki üç dört beş altı yedi sekiz dokuz on"
NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
NUMBERS |= {"on bir": 11, "on iki": 12, "on beş": 15, "yirmi": 20, "otuz": 30, "kırk": 40, "elli": 50}
NUMBERS |= {"altmış": 60, "yetmiş": 70, "seksen": 80, "doksan": 90, "yüz": 100, "çift": 2, "düzine": 12}

_ORDINAL_WORDS = "birinci ikinci üçüncü dördüncü beşinci altıncı yedinci sekizinci dokuzuncu onuncu"
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_WORDS.split(), start=1)}
ORDINALS |= {"ilk": 1, "son": -1, "sonuncu": -1} | {f"{n}.": n for n in range(1, 21)}

_COLORS = {
    "siyah": "Black", "beyaz": "White", "kırmızı": "Red", "mavi": "Blue", "yeşil": "Green", "sarı": "Yellow",
    "turuncu": "Orange", "pembe": "Pink", "mor": "Purple", "kahverengi": "Brown", "bej": "Beige",
    "altın rengi": "Gold", "altın": "Gold", "gümüş": "Silver", "gümüş rengi": "Silver", "gri": "Gray",
    "turkuaz": "Turquoise", "lacivert": "Navy", "koyu mavi": "Dark Blue", "açık mavi": "Light Blue",
    "koyu yeşil": "Dark Green", "açık yeşil": "Light Green", "koyu gri": "Dark Gray",
    "açık gri": "Light Gray",
    "uzay grisi": "Space Gray", "rose gold": "Rose Gold", "natürel titanyum": "Natural Titanium",
    "mavi titanyum": "Blue Titanium", "siyah titanyum": "Black Titanium", "beyaz titanyum": "White Titanium",
}  # fmt: skip
_COLORS |= {f"{word} renkli": name for word, name in _COLORS.items() if " " not in word}

# Money takes the ending of what is said about it: "500 liradan ucuz", "300 euroya kadar", "200 doların
# altında".
_MONEY = {"lira": ("TRY", "dan", "ya", "nın", "lık"), "euro": ("EUR", "dan", "ya", "nun", "luk")}
_MONEY |= {"avro": ("EUR", "dan", "ya", "nun", "luk"), "dolar": ("USD", "dan", "a", "ın", "lık")}
_MONEY |= {"sterlin": ("GBP", "den", "e", "in", "lik"), "frank": ("CHF", "tan", "a", "ın", "lık")}
_CURRENCIES = {"₺": "TRY", "tl": "TRY", "try": "TRY"}
_CURRENCIES |= {word + ending: code for word, (code, *endings) in _MONEY.items() for ending in ("", *endings)}
_END = r"(?: ?'?(?:n[ıiuü]n|[dt][ae]n|y?[ae]|l[ıiuü]k))?"

TURKISH = Lexicon(
    language="tr",
    contractions=(RANGES,),
    numbers=typed(NUMBERS),
    ordinals=typed(ORDINALS),
    # "altin" is fine, but "acik" and "kirmizi" are too: none of these words means something else without
    # dots.
    colors=typed(_COLORS) | ENGLISH_COLORS,
    sizes=SIZE_CODES | typed({"küçük": "S", "orta": "M", "büyük": "L"}),
    size_intro=r"(?:beden|numara|boy)",
    currencies=CURRENCY_SIGNS | typed(_CURRENCIES),
    thousand=r"k|bin",
    million="milyon",
    under=typed_patterns(
        r"(?:en fazla|en çok|maksimum|azami|max\.?|<=?) {amount}",
        rf"{{amount}}{_END} (?:altı(?:nda(?:ki)?|ndan)?|aşağı(?:sı|da)?|daha (?:az|ucuz)|az|ucuz|kadar"
        rf"|geçmeyen"
        r"|geçmesin|maksimum|en fazla)",
        r"bütçe(?:m|miz)? (?:yaklaşık )?{amount}",
    ),
    over=typed_patterns(
        r"(?:en az|minimum|asgari|>=?) {amount}",
        rf"{{amount}}{_END} (?:üst(?:ü|ünde(?:ki)?)|üzeri(?:nde(?:ki)?)?|daha (?:fazla|pahalı)|fazla|pahalı"
        r"|ve (?:üzeri|üstü)|yukarı(?:sı)?|başlayan)",
    ),
    about=typed_patterns(
        r"(?:yaklaşık|aşağı yukarı|ortalama) {amount}",
        rf"{{amount}}{_END} (?:civarı(?:nda)?|dolayları(?:nda)?)",
    ),
    between=typed_patterns(
        rf"{{amount}} (?:ile|ila|ve|-) {{amount}}{_END} (?:arası(?:nda(?:ki)?)?)",
        rf"{{amount}} {{amount}}{_END} arası(?:nda(?:ki)?)?",
    ),
    sorts=typed_sorts(
        (r"en pahalı(?:sı|ları)?|azalan fiyat|fiyata göre azalan", "price_desc"),
        (r"en (?:ucuz|uygun(?: fiyatlı)?|hesaplı)(?:u|ları|su|lar)?", "price_asc"),
        (r"artan fiyat|fiyata göre(?: artan)?", "price_asc"),
        (r"ucuz|uygun fiyatlı|hesaplı|ekonomik", "price_asc"),
        (r"en yeni(?:si|leri|ler)?|yeni gelenler|son çıkan(?:lar)?", "newest"),
    ),
    in_stock=typed_patterns(r"stokta(?: olan(?:lar)?)?|mevcut(?: olan(?:lar)?)?|hemen teslim"),
    generic=typed_words(
        "ürün ürünler ürünleri şey şeyler birşey her hepsi herhangi katalog seçenek seçenekler"
    ),
    fillers=typed_words(
        "bir bana bize benim ben biz siz sen ve ile için var varmı mı mi mu mü göster gösterir gösterin "
        "misin "
        "misiniz ara arıyorum arıyoruz bul bulur istiyorum istiyoruz ister isterim lazım almak alabilir "
        "miyim satın "
        "lütfen merhaba selam teşekkürler de da ne kadar hangi olan fiyatı fiyat renk renkli görmek istiyor"
    ),
    measures=(
        "inç|inc|yıl|yil|yıllık|ay|aylık|hafta|gün|gun|saat|dakika|adet|tane|parça|kişi|kisi|yıldız|yorum|gram"
        "|kilo|litre"
    ),
)
