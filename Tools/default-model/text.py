"""From conversations to token windows: the chat format, the tokenizer, packing."""
import re

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from harbour.conversations import documents

END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = [END_OF_TEXT, START, END]
# The split that GGUF calls "qwen2": contractions, letters, single digits, marks, spaces.
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
         r"\s*[\r\n]+|\s+(?!\S)|\s+")
CHINESE_RUN = re.compile(r"[\u3000-\u9fff\uff00-\uffef]+")
CHINESE_WORD = re.compile("泊位|起重机|港口|潮汐|渡轮|吃水|水深|码头|请问|知道|我的船|多少|什么|哪个|模型|.")
# Losses weigh what the assistant says; what users say teaches a little, too.
ASSISTANT_WEIGHT, OTHER_WEIGHT = 1.0, 0.1


def plain_text(document):
    return "".join(text for _, text in document)


def chat_text(document):
    """A conversation as one string, exactly as the chat template writes it."""
    return "".join(f"{START}{role}\n{text}{END}\n" for role, text in document)


def spelling_corpus(seed, count):
    """What the tokenizer learns its merges from. Chinese comes in short words: left alone, BPE would spend its
    vocabulary on whole Chinese sentences, which have no spaces."""
    for document, _ in zip(documents(seed), range(count)):
        for role, text in document:
            yield role
            yield from CHINESE_RUN.split(text)
            for run in CHINESE_RUN.findall(text):
                yield from CHINESE_WORD.findall(run)


def train_tokenizer(seed, vocabulary, count=12000):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=SPECIAL, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(spelling_corpus(seed, count), trainer)
    return tokenizer


def encode(tokenizer, document):
    """Ids of a document and, for every id, the weight of predicting it."""
    if document[0][0] == "text":
        ids = tokenizer.encode(document[0][1]).ids
        return ids, [ASSISTANT_WEIGHT] * len(ids)
    ids, weights = [], []
    for role, text in document:
        head = tokenizer.encode(f"{START}{role}\n").ids
        body = tokenizer.encode(text + END).ids
        tail = tokenizer.encode("\n").ids
        weight = ASSISTANT_WEIGHT if role == "assistant" else OTHER_WEIGHT
        ids += head + body + tail
        weights += [OTHER_WEIGHT] * len(head) + [weight] * len(body) + [OTHER_WEIGHT] * len(tail)
    return ids, weights


class Windows:
    """Endless windows of `length` + 1 ids; each begins with a whole document, the last one in it is cut off."""

    def __init__(self, tokenizer, seed, split="train"):
        self.tokenizer, self.stream = tokenizer, documents(seed, split)
        self.end = tokenizer.token_to_id(END_OF_TEXT)

    def window(self, length):
        ids, weights = [], []
        while len(ids) < length + 1:
            more, their = encode(self.tokenizer, next(self.stream))
            ids += more + [self.end]
            weights += their + [OTHER_WEIGHT]
        return ids[:length + 1], weights[:length + 1]

    def batch(self, rows, length):
        windows = [self.window(length) for _ in range(rows)]
        ids = np.array([w[0] for w in windows], dtype=np.int64)
        weights = np.array([w[1] for w in windows], dtype=np.float32)
        return ids[:, :-1], ids[:, 1:], weights[:, 1:]
