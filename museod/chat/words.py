"""The words by which people refer to things, in all languages of the shop at once: a table, nothing else."""

from __future__ import annotations


# Folded as `reference.words` folds: lower case, no accents. One set for all languages: a filler of one
# language that means something in another is left out.
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLERS = _words(
    # English
    """a an the this that these those one ones it its them they in of to my for with and or please i d id ll
    me we you do does have has is are there s take want would like get give put add buy need show some any
    basket cart bag into also just ok okay then"""
    # Spanish, Portuguese
    """ el la los las lo un una uno unos este esta ese esa esto eso de del al en con por favor y e mi quiero
    tiene tienen teneis hay anade anadir agrega pon cesta carrito tambien
    os as um uma isto isso esse essa do da dos das no na ao com meu quero tem voces adicione coloque carrinho
    cesto tambem"""
    # French, Italian
    """ le les l une des du ce cet cette ces celui celle d au aux avec s il vous plait et mon ma je veux
    voudrais avez vous ajoute ajoutez mets mettez panier est qu que
    il gli i una di quello quella questo questa nel nella con per favore e mio vorrei voglio avete aggiungi
    metti carrello che c"""
    # German
    """ der die das den dem des ein eine einen einem einer dieses diese diesen mit in im von vom zu zum zur
    bitte und mein meinen meine ich mochte will hatte gern gerne habt ihr haben sie gibt es fuge hinzu leg
    lege nimm kaufe kaufen warenkorb auch"""
    # Turkish, Vietnamese
    """ bir bu su o ve ile icin lutfen benim sepetime sepete ekle var mi mu istiyorum olan tane
    cai chiec nay do kia va cho toi vao gio hang them mua co khong nhe voi mau ban muon loai"""
)

YES = _words(
    """yes y yep yeah sure ok okay please do_it si claro vale sim oui d_accord ja klar gern gerne evet tamam
    certo va_bene bien_sur por_favor natuerlich naturlich co vang dong_y duoc olur"""
)

# A yes to something that cannot be taken back: nothing but these, and at least one of the first.
FIRM_YES = _words(
    """yes y yep yeah sure ok okay si sim oui ja evet tamam certo vale claro va_bene bien_sur co vang dong
    duoc confirm confirmed confirmo confirma confirme confirmer bestatigen bestatige confermo
    onayliyorum onayla xac correct correcto correto richtig genau esatto dogru dung d_accord bien olur
    dale natuerlich naturlich gerne gern go"""
)
YES_COMPANY = _words(
    """please do it that thanks thank you go ahead i s that s right por favor hazlo gracias adelante bitte
    tu es mach es das danke s il vous plait te plait faites fais le merci allez y per favore fallo
    grazie pode fazer faca isso obrigado obrigada lutfen yap yapin tesekkurler lam di nhan y roi a vay
    bien sur d accord va bene definitely absolutely sicher unbedingt con the payment delete pay order"""
)
NO = _words(
    """no n nope nah not nein nee non nao hayir khong cancel cancelar cancela annuler annule abbrechen
    annulla annullare iptal huy stop nevermind lieber_nicht never_mind forget_it olvidalo laisse
    laisse_tomber vergiss_es esquece lascia_stare bosver vazgectim vazgec bo_qua thoi khong_can
    no_gracias nao_obrigado no_grazie non_merci nein_danke no_thanks no_thank_you don_t do_not
    hayir_tesekkurler khong_cam_on"""
)
# What a correction begins with: "no, the blue one".
CORRECTIONS = _words(
    "no nope nein non nao hayir khong actually wait sorry eigentlich doch lieber mejor perdon plutot desole "
    "anzi scusa melhor desculpe aslinda pardon a_khong xin_loi"
)
ALL = _words(
    """all every everything todos todas todo tout tous toutes alle alles saemtliche tutti tutte tutto tudo
    hepsi hepsini tum butun her tat_ca moi"""
)
LOWERING = _words(
    """lower reduce decrease cut discount cheaper drop off less rebaja rebajar reduce reducir baja bajar
    descuento baisse baisser reduis reduire remise moins senke senken reduziere reduzieren rabatt
    billiger gunstiger baixe baixar reduza reduzir desconto abbassa abbassare riduci ridurre sconto
    dusur indir azalt indirim giam ha"""
)

MORE = _words(
    """more show_more more_please next next_page mas ver_mas mostrar_mas mais ver_mais mostrar_mais plus
    voir_plus afficher_plus mehr mehr_zeigen mehr_anzeigen zeig_mehr altro mostra_altro mostra_altri
    daha_fazla daha_fazla_goster xem_them them_nua"""
)

ORDINALS: dict[str, int] = {
    word: number
    for number, group in enumerate(
        (
            "first 1st primero primera primer premier premiere 1er erste ersten erster erstes primeiro "
            "primeira primo prima ilk birinci",
            "second 2nd segundo segunda deuxieme seconde zweite zweiten zweiter zweites secondo seconda "
            "ikinci ikincisi",
            "third 3rd tercero tercera tercer troisieme dritte dritten dritter drittes terceiro terceira "
            "terzo terza ucuncu ucuncusu",
            "fourth 4th cuarto cuarta quatrieme vierte vierten vierter viertes quarto quarta dorduncu",
            "fifth 5th quinto quinta cinquieme funfte funften funfter funftes besinci",
        ),
        start=1,
    )
    for word in group.split()
}
LAST = _words("last ultimo ultima dernier derniere letzte letzten letzter letztes sonuncu cuoi")
VIETNAMESE_ORDINALS = {"nhat": 1, "hai": 2, "ba": 3, "tu": 4, "nam": 5}

NUMBERS: dict[str, int] = {
    word: number
    for number, group in enumerate(
        (
            "one uno una un une ein eine einen um uma bir mot",
            "two dos deux zwei dois duas due iki hai",
            "three tres trois drei tre uc ba",
            "four cuatro quatre vier quatro quattro dort bon",
            "five cinco cinq funf cinque bes",
            "six seis sechs sei alti sau",
            "seven siete sept sieben sete sette yedi bay",
            "eight ocho huit acht oito otto sekiz tam",
            "nine nueve neuf neun nove dokuz chin",
            "ten diez dix zehn dez dieci muoi",
        ),
        start=1,
    )
    for word in group.split()
}

# Colours as people say them → the English word that the catalogue uses. A word is looked up as written and
# then folded: Vietnamese "đen" is black, German "den" is an article.
COLOURS: dict[str, str] = {
    word: colour
    for colour, group in {
        "black": "negro negra noir noire schwarz schwarze schwarzen schwarzes preto preta nero nera siyah "
        "đen",
        "white": "blanco blanca blanc blanche weiss weisse weissen weisses branco branca bianco bianca beyaz "
        "trang trắng",
        "blue": "azul bleu bleue blau blaue blauen blaues blu mavi",
        "green": "verde vert verte grun grune grunen grunes yesil",
        "red": "rojo roja rouge rot rote roten rotes vermelho vermelha rosso rossa kirmizi đỏ",
        "pink": "rosa rose rosado pembe hong hồng",
        "yellow": "amarillo amarilla jaune gelb gelbe gelben gelbes amarelo amarela giallo gialla sari vàng",
        "purple": "morado purpura violet violette lila roxo viola mor tím",
        "grey": "gray gris grise grau graue grauen graues cinza grigio grigia gri xám",
        "silver": "plata argent argente silber prata argento gumus bạc",
        "gold": "oro dorado golden ouro dourado altin",
        "natural": "naturel naturelle natur naturale dogal",
        "brown": "marron brun braun braune braunen castanho marrom marrone kahverengi nâu",
    }.items()
    for word in group.split()
}
