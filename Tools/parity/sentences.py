"""Two hundred texts for comparing encoders: short and long, several scripts, punctuation, and what nobody expects."""

PLACES = ["the harbour", "the northern quay", "a warehouse", "the old lighthouse", "the customs office"]
THINGS = ["a crane", "the pilot boat", "a container of oranges", "the tide table", "an invoice"]

SHORT = [
    "a", "I", "?", "!!!", "...", "42", "3.14159", "ok", "No.", "Yes, please.", "hello", "HELLO", "Hello, world!",
    "\u00e9t\u00e9", "na\u00efve caf\u00e9", "#hashtag", "@mention", "1,000,000", "C++", "don't", "e-mail", "x = y + 1",
    "2026-01-31", "09:45", "50 %", "A/B", "(brackets)", "[SEP]", "[MASK] me", "under_score", "CamelCaseWord",
]

CHINESE = [
    "\u4f60\u597d", "\u4f60\u597d\uff0c\u4e16\u754c\uff01", "\u6e2f\u53e3\u4eca\u5929\u5173\u95ed\u3002",
    "\u54ea\u4e2a\u6cca\u4f4d\u53ef\u4ee5\u505c\u6cb9\u8f6e\uff1f", "\u6211\u4eec\u660e\u5929\u65e9\u4e0a\u516b\u70b9\u51fa\u53d1\u3002",
    "\u4ef7\u683c\u662f\u591a\u5c11\uff1f", "\u96c6\u88c5\u7bb1\u91cc\u6709\u4e00\u5343\u4e2a\u6a59\u5b50\u3002", "\u4e0a\u6d77\u4e0e\u5317\u4eac",
    "\u6f6e\u6c34\u5728\u4e2d\u5348\u6da8\u5230\u6700\u9ad8\uff0cship 7 can leave.", "\u8c22\u8c22\u60a8\u7684\u5e2e\u52a9",
]

OTHERS = [
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430?", "\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5 \u03ba\u03cc\u03c3\u03bc\u03b5", "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c", "\uc548\ub155\ud558\uc138\uc694",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u00dcbergr\u00f6\u00dfentr\u00e4ger im Hafen",
    "\u00bfD\u00f3nde est\u00e1 el puerto?", "L'\u00e9t\u00e9 au bord de la mer", "Nie ma \u0142odzi w porcie",
]

EMOJI = [
    "\U0001f6a2", "\U0001f6a2\U0001f30a\u2693", "The ship \U0001f6a2 sails at dawn \U0001f305", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family of four",
    "\u2764\ufe0f thanks!", "\U0001f1e8\U0001f1f3 \U0001f1eb\U0001f1f7", "100 \u20ac or 90 \u00a3", "\u2192 \u2190 \u2191 \u2193", "\u00bd cup, \u00b2\u2075 \u00b0C", "\u2460 first \u2461 second",
]

CODE = [
    "def area(r): return 3.14159 * r ** 2", "SELECT name FROM ships WHERE length > 200 ORDER BY name;",
    "for (int i = 0; i < n; i++) { sum += x[i]; }", "<p class=\"note\">Closed</p>", "https://example.org/path?q=1&r=2",
    "{\"ship\": \"Aurora\", \"length\": 180}", "git commit -m 'message'", "/usr/local/bin/program --flag=value",
    "E = m c^2", "O(n log n)",
]

QUESTIONS = [
    "What is the capital of France?", "How do I reset my password?", "Why is the sky blue?",
    "When does the ferry leave?", "Which berth is deep enough for a tanker?", "Who signed the contract?",
    "Where can I buy a ticket?", "Is it safe to swim here?", "How much does the pilot cost?",
    "Can a machine understand a text?",
]


def sentences():
    texts = SHORT + CHINESE + OTHERS + EMOJI + CODE + QUESTIONS
    for place in PLACES:
        for thing in THINGS:
            texts.append(f"Yesterday we saw {thing} near {place}.")
            texts.append(f"{thing.capitalize()} was moved from {place} because the weather was getting worse.")
    long = "The report describes {0} at {1} and lists what was paid, by whom, and on which day of the week. "
    for index in range(30):
        parts = [long.format(THINGS[(index + n) % 5], PLACES[(index * 3 + n) % 5]) for n in range(1 + index // 2)]
        texts.append("".join(parts) + f"Entry {index}.")
    count = 200 - len(texts)
    numbers = ["one", "two", "three", "five", "eight", "thirteen", "twenty-one", "thirty-four"]
    for index in range(count):
        texts.append(f"Ship number {index * 37 % 101} carries {numbers[index % 8]} containers and needs a berth.")
    assert len(texts) == 200, len(texts)
    return texts
