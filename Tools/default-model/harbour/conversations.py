"""Whole conversations: a few turns, some of which lean on the one before, and some plain text."""
# Importing them registers what they can ask.
from . import berths, chinese, days, outside, rules, ships, small_talk, stories  # noqa: F401
from .facts import BERTHS, VISITORS
from .phrasing import Speaker
from .turns import FOLLOW_UPS, INTENTS

SYSTEM = ["You are a helpful assistant.", "You are the harbour assistant.",
          "You are a helpful, friendly assistant. Answer briefly.", "Be polite.",
          "You are the assistant of Ternhaven.", "Answer in one sentence.", "You are a chatbot.", "You are Berth.",
          "Help the user.", "你是一个助手。", "You are a helpful AI assistant. Answer the user's questions."]
CHINESE_SHARE = 0.25
FUNCTIONS = {language: [f for _, _, f in entries] for language, entries in INTENTS.items()}
WEIGHTS = {language: [w for w, _, _ in entries] for language, entries in INTENTS.items()}


def first_turn(s, language):
    return s.rng.choices(FUNCTIONS[language], WEIGHTS[language])[0](s)


def next_turn(s, language, topic):
    if topic and topic[0] in FOLLOW_UPS and s.chance(0.65):
        return s.pick(FOLLOW_UPS[topic[0]])(s, *topic[1:])
    return first_turn(s, language)


def conversation(s, turns=None):
    """[(role, text)] of a chat, and its turns with what each answer must hold."""
    language = "zh" if s.chance(CHINESE_SHARE) else "en"
    count = turns or s.rng.choices([1, 2, 3, 4, 6, 9], [34, 28, 18, 10, 6, 4])[0]
    messages = [("system", s.pick(SYSTEM))] if s.chance(0.12) else []
    made, topic = [], ()
    for _ in range(count):
        turn = next_turn(s, language, topic)
        turn.unseen = s.unseen
        topic = turn.topic or (topic if s.chance(0.2) else ())
        messages += [("user", turn.question), ("assistant", turn.answer)]
        made.append(turn)
        if s.chance(0.03):
            language, topic = ("en" if language == "zh" else "zh"), ()
    return messages, made


def passage(s):
    """Plain text about the harbour, for completions without a chat."""
    parts = []
    for _ in range(s.number(2, 5)):
        which = s.number(0, 4)
        if which == 0:
            parts.append(berths.about(s, s.pick(BERTHS), s.pick(["all", "all", "use", "crane"]))[0])
        elif which == 1:
            parts.append(stories.story_text(s))
        elif which == 2:
            parts.append(days.visit(s.pick(VISITORS)))
        else:
            parts.append(s.say(s.pick(rules.RULES)[1]))
    return s.say("[|The harbour. |About Ternhaven. |]") + " ".join(parts)


def documents(seed, split="train"):
    """An endless stream of documents: a list of (role, text), or one ("text", text)."""
    s = Speaker(seed, split)
    while True:
        yield [("text", passage(s))] if s.chance(0.04) else conversation(s)[0]
