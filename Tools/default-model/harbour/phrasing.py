"""How people say things: alternatives, held-out frames, and the way people really type.

A frame is a sentence with alternatives and slots: "[how deep|what depth] is berth {b}". A list of frames
keeps some of them back: training never sees those, and the evaluation asks with nothing else.
"""
import random
import re
import zlib

ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")
SPACES = re.compile(r"  +")
GAP_BEFORE_MARK = re.compile(r" ([?.,!])")
NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six"]
ORDINALS = ["", "first", "second", "third", "fourth", "fifth", "sixth"]
STOP_WORDS = {"the", "a", "is", "are", "of", "to", "does", "do", "me", "please", "it", "there"}


def expand(rng, text):
    """Chooses one of each [a|b|c], innermost first."""
    while found := ALTERNATIVES.search(text):
        text = text[:found.start()] + rng.choice(found[1].split("|")) + text[found.end():]
    return GAP_BEFORE_MARK.sub(r"\1", SPACES.sub(" ", text)).strip()


class Frames:
    """Ways to ask one thing; about one in seven is held out (at least one, from four on)."""

    def __init__(self, *frames):
        ranked = sorted(frames, key=lambda frame: zlib.crc32(frame.encode()))
        held = max(len(frames) // 7, 1 if len(frames) >= 4 else 0)
        self.heldout, self.train = ranked[:held], ranked[held:]


class Speaker:
    """A seeded source of choices for one split ("train" or "heldout")."""

    def __init__(self, seed, split="train"):
        self.rng = random.Random(seed)
        self.split = split
        self.unseen = False  # whether the last question came from a held-out frame
        self.pick = self.rng.choice

    def chance(self, probability):
        return self.rng.random() < probability

    def number(self, low, high):
        return self.rng.randint(low, high)

    def say(self, text, **slots):
        """An answer: alternatives expanded, nothing misspelt."""
        return expand(self.rng, text).format(**slots)

    def frame(self, frames):
        self.unseen = self.split == "heldout" and bool(frames.heldout)
        return expand(self.rng, self.pick(frames.heldout if self.unseen else frames.train))

    def ask(self, frames, **slots):
        """A question in English, typed the way people type."""
        return self.typed(self.frame(frames).format(**slots))

    def ask_zh(self, frames, **slots):
        question = self.frame(frames).format(**slots)
        if self.chance(0.15):
            question = self.pick(["请问", "你好，", "请问，", "我想知道", "麻烦问一下，"]) + question
        if self.chance(0.3):
            question = question.rstrip("？。！")
        elif self.chance(0.1):
            question = question.replace("？", "?").replace("，", ",")
        return question

    def berth_name(self, number):
        """Berth 3, the way somebody may call it."""
        if self.chance(0.62):
            return f"berth {number}"
        return self.say(self.pick([
            "berth {w}", "berth no. {n}", "berth number {n}", "berth #{n}", "number {n}", "the {o} berth",
            "berth{n}", "b{n}", "Berth {n}", "berth no {n}"]),
            n=number, w=NUMBER_WORDS[number], o=ORDINALS[number])

    def typed(self, text):
        if self.chance(0.13):
            text = self.pick(OPENERS) + text[0].lower() + text[1:]
        if self.chance(0.10):
            text = text.rstrip("?.!") + self.pick(CLOSERS)
        elif not text.endswith(("?", ".", "!")) and self.chance(0.55):
            text += "?" if text.split(" ")[0].lower() in QUESTION_WORDS else self.pick([".", "", "?"])
        if self.chance(0.55):
            text = text.lower()
        elif self.chance(0.9):
            text = text[0].upper() + text[1:]
        if self.chance(0.35):
            text = text.rstrip("?.!")
        if self.chance(0.06):
            words = text.split(" ")
            kept = [w for w in words if w.lower() not in STOP_WORDS or self.chance(0.3)]
            text = " ".join(kept) if len(kept) > 1 else text
        if self.chance(0.10):
            text = self.misspelt(text)
        if self.chance(0.02):
            text = text.upper()
        return text

    def misspelt(self, text):
        """One slip of a finger inside a word; numbers are left alone."""
        places = [i for i in range(1, len(text) - 1) if text[i - 1:i + 2].isalpha()]
        if not places:
            return text
        i = self.pick(places)
        slip = self.number(0, 3)
        if slip == 0:
            return text[:i] + text[i + 1:]
        if slip == 1:
            return text[:i] + text[i + 1] + text[i] + text[i + 2:]
        if slip == 2:
            return text[:i] + text[i] + text[i:]
        return text[:i] + self.pick("abcdefghijklmnopqrstuvwxyz") + text[i + 1:]


OPENERS = [
    "please tell me, ", "Hi, ", "hello, ", "hey, ", "hey ", "excuse me, ", "so, ", "ok, ", "and ", "sorry, ",
    "can you tell me ", "could you tell me ", "do you know ", "tell me ", "i want to know ", "I would like to know ",
    "quick question: ", "one question, ", "good morning, ", "Dear harbour, ", "ahoy, ", "please, ", "um, ",
    "I was wondering, ", "just curious, ", "hi there, ", "okay so ", "well, ", "now, ", "next question: "]
CLOSERS = ["? thanks", " please?", " please", ", please?", "? Thank you!", " pls", "??", " thx", ", do you know?",
           "?!", " right now?", "...", ", thanks", " today?", "? I need to know", " here?", " in this harbour?",
           " in Ternhaven?", " exactly?"]
QUESTION_WORDS = {
    "how", "what", "which", "where", "when", "who", "why", "can", "could", "is", "are", "do", "does", "may",
    "will", "would", "should", "did", "has", "have", "must", "whats", "what's", "at", "in"}
