"""Random texts that are hard to tokenize: scripts, spaces, digits, marks, controls, contractions, broken UTF-8."""

import random

RANGES = [
    (0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x531, 0x5F4),
    (0x600, 0x6FF), (0x900, 0x97F), (0xE01, 0xE5B), (0x10A0, 0x11FF), (0x1680, 0x17FF),
    (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x218F), (0x2190, 0x23FF), (0x2C00, 0x2DFF),
    (0x3000, 0x30FF), (0x3100, 0x318F), (0x3400, 0x34FF), (0x4E00, 0x9FFF), (0xA640, 0xA7FF),
    (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFB00, 0xFB4F), (0xFE00, 0xFE6F), (0xFF00, 0xFFEF),
    (0x10400, 0x104FF), (0x118A0, 0x118DF), (0x1D400, 0x1D7FF), (0x1E900, 0x1E95F),
    (0x1F300, 0x1F6FF), (0x20000, 0x2A6DF), (0x2F800, 0x2FA1F), (0x00, 0x1F), (0x7F, 0x9F),
    (0xE000, 0xE010), (0x0378, 0x0379), (0x10FFF0, 0x10FFFF),
]  # fmt: skip

WORDS = """
the harbour wakes before the sun does two cranes swing over the water and set the first boxes down It's
nobody's they'll we've I'd weren't I'M YOU'RE he'S THEY'LL 'twas Hafen größte Straße Möwen naïve 港口 今天有
十二条船 Порт просыпается Άνεμος 船は太陽より クレーン 배가 항구에 नमस्ते שלום مرحبا สวัสดี if(x==1){ return y; } x+=2 a<b <p>
http://berth.example/a_b?c=d&e=f #include <x.h> 100% $5.00 €7 snake_case camelCase HTTPServer XMLHttp ǅungla
iPhone ÉCOLE éTÉ aBcDÉFg 2024-11-24 09:30 3.14159 1,234,567 ½ Ⅷ ٣٤٥ ４５６ e\u0301 n\u0303o \u0915\u094d\u0937 ﬁne Ⅻ K Å
""".split()

PIECES = [
    " ", "  ", "   ", "    ", "\n", "\n\n", "\r\n", "\r", "\t", " \n", "\n ", "\u00a0", "\u3000", "\u2028", "\u0085",
    "\u200b", "\u200d", "\ufeff", "\u0301", "\u0300\u0323", "\u20dd", "'", "’", "''", "'s", "'S", "'t", "'T", "'re", "'RE",
    "'Re", "'ve", "'vE", "'m", "'M", "'ll", "'LL", "'lL", "'d", "'D", "'x", "ſ", "0", "7", "12", "345", "6789", "٣", "½",
    ".", ",", "!", "?", "/", "//", "\\", "(", ")", "|", "…", "。", "、", "،", "-", "_", "$", "+", "=", "~", "^", "`", "<",
    ">", "a", "B", "é", "É", "中", "の", "ア", "가", "ㄅ", "ㄱ", "👍🏽", "👨‍👩‍👧", "🇨🇳", "\x00", "\x01", "\x1c", "\x1f",
    "<sentinel:", "<sentinel:12>", "IMGIMG", "IMGIMGABZ", "IMGIMGAIHBCZ", "▁", "<0x0A>", "\ufffd",
]  # fmt: skip

BROKEN = [
    b"\x80", b"\xff", b"\xc3", b"\xe6\xb8", b"\xf0\x9f\x98", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe0\x80\x80",
    b"\xc1", b"\xbf\xbf",
]  # fmt: skip


class Texts:
    """Draws the same texts for the same seed."""

    def __init__(self, seed: int):
        self.draw = random.Random(seed)

    def piece(self) -> str:
        draw = self.draw
        kind = draw.random()
        if kind < 0.3:
            return draw.choice(WORDS)
        if kind < 0.65:
            return draw.choice(PIECES) * draw.choice([1, 1, 1, 1, 1, 2, 3])
        if kind < 0.7:
            return "".join(draw.choice("0123456789") for _ in range(draw.randint(1, 12)))
        if kind < 0.75:
            return draw.choice(" \n\t\r\u00a0") * draw.choice([2, 3, 5, 8, 17, 33, 70])
        if kind < 0.8:
            return "".join(draw.choice("abXY zé'") for _ in range(draw.randint(1, 8)))
        low, high = draw.choice(RANGES)
        return "".join(chr(draw.randint(low, high)) for _ in range(draw.randint(1, 4)))

    def text(self) -> str:
        return "".join(self.piece() for _ in range(self.draw.randint(1, 14)))

    def broken(self) -> bytes:
        pieces = []
        for _ in range(self.draw.randint(1, 8)):
            is_broken = self.draw.random() < 0.4
            pieces.append(self.draw.choice(BROKEN) if is_broken else self.piece().encode())
        return b"".join(pieces)
