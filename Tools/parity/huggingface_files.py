"""tokenizer.json files of our own that are built like those of known models, trained on text made here."""

import base64
import collections
import io
import json

import sentencepiece
from tokenizer_texts import Texts
from tokenizer_vocabularies import fields
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

QUIET = {"show_progress": False}
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = [
    r"\p{N}{1,3}",
    "[一-龥぀-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]


class Trainer:
    """Trains on texts that are drawn from a seed."""

    def __init__(self, seed: int, size: int, lines: int = 4000, rules: str = ""):
        """`rules` is a file of normalization rules for SentencePiece, for a small map."""
        texts = Texts(seed)
        self.corpus = [" ".join(texts.text() for _ in range(4)) for _ in range(lines)]
        self.size = size
        self.rules = {"normalization_rule_tsv": rules} if rules else {}

    def train(self, tokenizer: Tokenizer, trainer) -> Tokenizer:
        tokenizer.train_from_iterator(self.corpus, trainer)
        return tokenizer

    def byte_level(self, splits, normalizer=None, special=(), add_prefix_space=False, ignore_merges=False) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
        if normalizer:
            tokenizer.normalizer = normalizer
        steps = list(splits)
        if not isinstance(steps[-1], pre_tokenizers.ByteLevel):
            steps.append(pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space, use_regex=False))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps) if len(steps) > 1 else steps[0]
        trainer = trainers.BpeTrainer(
            vocab_size=self.size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **QUIET
        )
        self.train(tokenizer, trainer)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
        return tokenizer

    def llama3(self) -> Tokenizer:
        split = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
        special = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
        tokenizer = self.byte_level([split], special=special, ignore_merges=True)
        template = processors.TemplateProcessing(
            single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
            special_tokens=[("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))],
        )
        tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
        return tokenizer

    def qwen2(self) -> Tokenizer:
        split = pre_tokenizers.Split(Regex(QWEN2), "isolated")
        tokenizer = self.byte_level([split], normalizers.NFC(), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
        tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=True)])
        return tokenizer

    def gpt2(self) -> Tokenizer:
        return self.byte_level([pre_tokenizers.ByteLevel(add_prefix_space=False)], special=["<|endoftext|>"])

    def gpt4o(self) -> Tokenizer:
        split = pre_tokenizers.Split(Regex(GPT4O), "removed", invert=True)
        return self.byte_level([split], special=["<|endoftext|>", "<|endofprompt|>"], ignore_merges=True)

    def deepseek(self) -> Tokenizer:
        steps = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in DEEPSEEK]
        tokenizer = self.byte_level(steps, normalizers.Sequence([]), ["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"])
        tokenizer.add_tokens([AddedToken("<｜User｜>", normalized=False), AddedToken("<｜Assistant｜>", normalized=False)])
        return tokenizer

    def starcoder(self) -> Tokenizer:
        steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        return self.byte_level(steps, special=["<|endoftext|>", "<fim_prefix>"])

    def falcon(self) -> Tokenizer:
        steps = [
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
        ]
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
        trainer = trainers.BpeTrainer(
            vocab_size=self.size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=["<|endoftext|>", ">>TITLE<<"], **QUIET
        )
        self.train(tokenizer, trainer)
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer

    def roberta(self) -> Tokenizer:
        tokenizer = self.byte_level(
            [pre_tokenizers.ByteLevel(add_prefix_space=True)], special=["<s>", "<pad>", "</s>", "<unk>"]
        )
        tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
        ids = [(token, tokenizer.token_to_id(token)) for token in ("</s>", "<s>")]
        tokenizer.post_processor = processors.RobertaProcessing(*ids)
        return tokenizer

    def sentence_piece(self, kind: str, **options) -> sentencepiece.SentencePieceProcessor:
        model = io.BytesIO()
        # The trainer wants every character in the vocabulary, or nearly every one: so only the most common.
        counts = collections.Counter(character for text in self.corpus for character in text if character != "\0")
        common = {character for character, _ in counts.most_common(self.size // 4)}
        lines = ["".join(c for c in line if c in common) for text in self.corpus for line in text.split("\n")]
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=model, model_type=kind, vocab_size=self.size + 300,
            minloglevel=2, hard_vocab_limit=False, **options,
        )
        self.proto = model.getvalue()
        return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())

    def pieces(self, processor) -> list[tuple[str, float]]:
        return [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())]

    def bpe_from_pieces(self, fuse_unk=True) -> models.BPE:
        """The merges of a SentencePiece BPE vocabulary, as converters find them."""
        processor = self.sentence_piece(
            "bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
            character_coverage=1.0, split_digits=True, allow_whitespace_only_pieces=True,
        )
        pieces = self.pieces(processor)
        vocabulary = {piece: index for index, (piece, _) in enumerate(pieces)}
        merges = []
        for piece, score in pieces:
            local = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
            local = [pair for pair in local if pair[0] in vocabulary and pair[1] in vocabulary]
            local.sort(key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]]))
            merges += [(pair, score) for pair in local]
        merges.sort(key=lambda merge: merge[1], reverse=True)
        return models.BPE(
            vocabulary, [pair for pair, _ in merges], unk_token="<unk>", fuse_unk=fuse_unk, byte_fallback=True
        )

    def with_sentence_piece_decoder(self, tokenizer: Tokenizer, strip: bool) -> Tokenizer:
        steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
        tokenizer.decoder = decoders.Sequence(steps + ([decoders.Strip(" ", 1, 0)] if strip else []))
        return tokenizer

    def llama2(self) -> Tokenizer:
        tokenizer = Tokenizer(self.bpe_from_pieces())
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        self.with_sentence_piece_decoder(tokenizer, strip=True)
        tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in ("<unk>", "<s>", "</s>")])
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
        )
        return tokenizer

    def gemma(self) -> Tokenizer:
        tokenizer = Tokenizer(self.bpe_from_pieces())
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
        self.with_sentence_piece_decoder(tokenizer, strip=False)
        tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in ("<unk>", "<s>", "</s>")])
        tokenizer.add_tokens([AddedToken("\n" * n, normalized=False) for n in range(2, 6)])
        tokenizer.add_tokens([AddedToken("▁" * n, normalized=False) for n in range(2, 6)])
        return tokenizer

    def phi3(self) -> Tokenizer:
        tokenizer = self.llama2()
        tokenizer.add_special_tokens(
            [AddedToken(t, rstrip=True, normalized=False) for t in ("<|end|>", "<|user|>", "<|assistant|>")]
        )
        tokenizer.add_tokens([AddedToken("single", single_word=True), AddedToken("<tool>", lstrip=True)])
        return tokenizer

    def mistral(self) -> Tokenizer:
        tokenizer = self.llama2()
        tokenizer.normalizer = None
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        return tokenizer

    def t5(self) -> Tokenizer:
        processor = self.sentence_piece("unigram", character_coverage=1.0, **self.rules)
        tokenizer = Tokenizer(models.Unigram(self.pieces(processor), unk_id=0))
        tokenizer.normalizer = normalizers.Sequence(
            [
                normalizers.Precompiled(fields(fields(self.proto)[3][-1])[2][-1]),
                normalizers.Strip(left=False, right=True),
                normalizers.Replace(Regex(" {2,}"), "▁"),
            ]
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
        tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
        tokenizer.post_processor = processors.TemplateProcessing(
            single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)]
        )
        return tokenizer

    def xlm_roberta(self) -> Tokenizer:
        tokenizer = self.t5()
        document = json.loads(tokenizer.to_str())
        document["model"]["byte_fallback"] = False
        charsmap = document["normalizer"]["normalizers"][0]
        document["normalizer"] = charsmap
        document["pre_tokenizer"] = {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
            ],
        }
        assert base64.b64decode(charsmap["precompiled_charsmap"])
        return Tokenizer.from_str(json.dumps(document))

    def bert(self, lowercase: bool) -> Tokenizer:
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(
            vocab_size=self.size, limit_alphabet=self.size * 3 // 10, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], **QUIET
        )
        self.train(tokenizer, trainer)
        tokenizer.decoder = decoders.WordPiece()
        ids = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ids
        )
        return tokenizer

    def original_bpe(self) -> Tokenizer:
        """The first GPT and CLIP: words, a suffix at their ends."""
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=False))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.StripAccents()])
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        trainer = trainers.BpeTrainer(
            vocab_size=self.size, end_of_word_suffix="</w>", limit_alphabet=self.size // 4, special_tokens=["<unk>"], **QUIET
        )
        self.train(tokenizer, trainer)
        tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
        return tokenizer

    def word_level(self) -> Tokenizer:
        tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKD(), normalizers.Strip()])
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.UnicodeScripts(),
                pre_tokenizers.CharDelimiterSplit(" "),
                pre_tokenizers.Split(Regex(r"(?<=[a-z])(?=[A-Z])|[aeiou]+?\b"), "merged_with_next"),
                pre_tokenizers.Punctuation("merged_with_previous"),
                pre_tokenizers.FixedLength(4),
            ]
        )
        self.train(tokenizer, trainers.WordLevelTrainer(vocab_size=self.size, special_tokens=["[UNK]"], **QUIET))
        return tokenizer

    def all(self) -> dict:
        return {
            "llama-3": self.llama3, "llama-2": self.llama2, "mistral": self.mistral, "qwen2": self.qwen2, "gpt-2": self.gpt2,
            "gpt-4o": self.gpt4o, "deepseek-v3": self.deepseek, "starcoder": self.starcoder, "falcon": self.falcon,
            "gemma": self.gemma, "phi-3": self.phi3, "t5": self.t5, "xlm-roberta": self.xlm_roberta,
            "bert-uncased": lambda: self.bert(True), "bert-cased": lambda: self.bert(False), "roberta": self.roberta,
            "original-bpe": self.original_bpe, "word-level": self.word_level,
        }  # fmt: skip
