"""One question with its answer, and the registry of the functions that make them."""
from dataclasses import dataclass


@dataclass
class Turn:
    question: str
    answer: str
    expects: tuple = ()  # what the answer must hold to be right; "a|b" is either
    topic: tuple = ()  # what a following question may lean on: (kind, values...)
    unseen: bool = False  # whether training never saw this way to ask


INTENTS = {"en": [], "zh": []}  # (weight, name, function of a speaker)
FOLLOW_UPS = {}  # topic kind -> functions of a speaker and the topic's values


def intent(weight, language="en"):
    def register(function):
        INTENTS[language].append((weight, function.__name__, function))
        return function
    return register


def follow_up(kind):
    def register(function):
        FOLLOW_UPS.setdefault(kind, []).append(function)
        return function
    return register
