"""Vietnamese: the tables of `Lexicon`."""

from __future__ import annotations

from mcps.kit.query.lexicon import (
    CURRENCY_SIGNS,
    ENGLISH_COLORS,
    RANGES,
    SIZE_CODES,
    Lexicon,
    plain,
    typed,
    typed_patterns,
    typed_sorts,
    typed_words,
)

_UNITS = "không một hai ba bốn năm sáu bảy tám chín mười"
NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
NUMBERS |= {"mười một": 11, "mười hai": 12, "mười lăm": 15, "hai mươi": 20, "đôi": 2, "cặp": 2, "tá": 12}
NUMBERS |= {"ba mươi": 30, "năm mươi": 50, "một trăm": 100}

_ORDINAL_WORDS = "nhất hai ba tư năm sáu bảy tám chín mười"
ORDINALS = {f"thứ {word}": value for value, word in enumerate(_ORDINAL_WORDS.split(), start=1)}
ORDINALS |= {"đầu tiên": 1, "cuối cùng": -1, "cuối": -1} | {f"thứ {n}": n for n in range(1, 21)}

_COLORS = {
    "đen": "Black", "trắng": "White", "đỏ": "Red", "xanh dương": "Blue", "xanh da trời": "Light Blue",
    "xanh lam": "Blue", "xanh nước biển": "Blue", "xanh lá": "Green", "xanh lá cây": "Green",
    "xanh lục": "Green", "vàng": "Yellow", "hồng": "Pink", "tím": "Purple", "nâu": "Brown", "bạc": "Silver",
    "xám": "Gray", "ghi": "Gray", "xanh ngọc": "Turquoise", "xanh navy": "Navy", "xanh đậm": "Dark Blue",
    "xám đậm": "Dark Gray", "xám nhạt": "Light Gray", "vàng hồng": "Rose Gold", "vàng gold": "Gold",
    "titan tự nhiên": "Natural Titanium", "titan xanh": "Blue Titanium", "titan đen": "Black Titanium",
    "titan trắng": "White Titanium",
}  # fmt: skip
# Without its marks a colour is too often another word ("tim" is to look for), unless "màu" announces it.
_ANNOUNCED = {f"màu {word}": name for word, name in _COLORS.items()}
_ANNOUNCED |= {"màu cam": "Orange", "màu be": "Beige", "màu xanh": "Blue"}
_COLORS |= _ANNOUNCED | {plain(word): name for word, name in _ANNOUNCED.items()}
_COLORS |= {plain(word): name for word, name in _COLORS.items() if word.startswith("xanh ")}

VIETNAMESE = Lexicon(
    language="vi",
    contractions=(RANGES,),
    numbers=typed(NUMBERS, but=("ba", "tam", "nam", "sau", "doi", "cap", "ta", "hai", "khong")),
    ordinals=typed(ORDINALS),
    colors=_COLORS | ENGLISH_COLORS,
    sizes=SIZE_CODES | typed({"nhỏ": "S", "vừa": "M", "lớn": "L"}),
    size_intro=r"(?:size|cỡ|kích cỡ|kích thước|co|kich co|kich thuoc|số)",
    currencies=CURRENCY_SIGNS
    | typed(
        {"₫": "VND", "đ": "VND", "vnđ": "VND", "đồng": "VND", "đô la": "USD", "đô": "USD"}, but=("d", "do")
    )
    | typed({"bảng anh": "GBP", "yên": "JPY"}),
    thousand=r"k|nghìn|ngàn|nghin|ngan",
    million=r"triệu|trieu|tr|củ",
    under=typed_patterns(
        r"(?:giá )?(?:tầm )?(?:dưới|thấp hơn|ít hơn|rẻ hơn|không quá|tối đa|nhỏ hơn|đến|tới|<=?) {amount}"
        r"(?: trở xuống)?",
        r"{amount} (?:trở xuống|đổ lại|đổ xuống|trở lại)",
        r"ngân sách (?:của tôi )?(?:là )?(?:khoảng )?{amount}",
    ),
    over=typed_patterns(
        r"(?:giá )?(?:trên|cao hơn|nhiều hơn|hơn|từ|ít nhất|tối thiểu|đắt hơn|lớn hơn|>=?) {amount}"
        r"(?: trở lên)?",
        r"{amount} (?:trở lên|đổ lên)",
    ),
    about=typed_patterns(r"(?:giá )?(?:khoảng|tầm|cỡ|chừng|xấp xỉ|quanh) {amount}"),
    between=typed_patterns(
        r"(?:giá )?(?:trong khoảng |khoảng )?từ {amount} (?:đến|tới|-) {amount}",
        r"(?:giá |tầm |trong khoảng |khoảng ){amount} - {amount}",
        r"{amount} (?:đến|tới) {amount}",
        r"(?:giá )?giữa {amount} và {amount}",
    ),
    sorts=typed_sorts(
        (r"(?:đắt|mắc) nhất|giá cao nhất|giá giảm dần|từ cao đến thấp", "price_desc"),
        (r"rẻ nhất|giá thấp nhất|giá tăng dần|từ thấp đến cao|theo giá", "price_asc"),
        (r"(?:giá )?rẻ|bình dân|giá tốt", "price_asc"),
        (r"mới nhất|hàng mới(?: về)?|mới về", "newest"),
    ),
    in_stock=typed_patterns(r"còn hàng|có sẵn|sẵn hàng"),
    generic=typed_words("sản phẩm mặt hàng món đồ thứ gì cái nào tất cả mọi"),
    fillers=typed_words(
        "tôi mình em anh chị bạn shop cho xem tìm kiếm muốn mua cần có không các những một chiếc cái con "
        "của và với "
        "ở để là hãy làm ơn giúp xin chào cảm ơn bao nhiêu giá tiền loại nào gì đi nhé ạ được thể hiển "
        "thị bán màu "
        "mấy thêm"
    ),
    measures="inch|năm|tháng|tuần|ngày|giờ|phút|chiếc|cái|người|sao|đánh giá|gam|lít|ký|cân",
)
