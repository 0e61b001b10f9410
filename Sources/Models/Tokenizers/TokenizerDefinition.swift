/// All that makes a tokenizer, as plain values; ``Tokenizer/init(_:)`` checks them.
package struct TokenizerDefinition: Sendable, Equatable {
    /// How text becomes tokens.
    package enum Model: String, Sendable, CaseIterable {
        /// Byte-level byte-pair encoding (GPT-2 and later): text is split by a pre-tokenizer, then
        /// merged in the order of `merges`.
        case gpt2
        /// SentencePiece byte-pair encoding (Llama 1 and 2): merged by `scores`, unknown characters
        /// become byte tokens.
        case llama
        /// Byte-pair encoding of text as it is: spaces are U+2581, unknown characters become byte tokens.
        case gemma4
        /// WordPiece (BERT): words are cut into the longest tokens from the left.
        case bert
        /// SentencePiece's unigram model (T5, XLM-RoBERTa): the cut whose scores add up highest.
        case t5

        /// Whether text is split by a pre-tokenizer and merged in the order of `merges`.
        var isBytePair: Bool { self == .gpt2 || self == .gemma4 }
    }

    package var model: Model
    /// Name of the split rule of ``Model/gpt2``, as `tokenizer.ggml.pre` spells it.
    package var preTokenizer: String
    /// Token texts by id, all different; an empty one is never matched.
    ///
    /// In ``Model/gpt2`` bytes are written in GPT-2's alphabet.
    package var tokens: [String]
    /// Raw values of ``TokenType``, one a token; when empty, all are normal.
    package var types: [Int]
    /// ``Model/llama``: one a token, the higher merges first.
    package var scores: [Float]
    /// ``Model/gpt2``: "left right", the earlier merges first.
    package var merges: [String]

    package var bosToken: Int?
    package var eosToken: Int?
    /// End of turn, where a model keeps it apart from `eosToken`.
    package var eotToken: Int?
    package var unknownToken: Int?
    /// Ignored where it is not a token: files name ids past the end, and encoding never pads.
    package var paddingToken: Int?

    /// Whether encoding with special tokens begins with BOS, and ends with EOS.
    package var addBOS: Bool
    package var addEOS: Bool
    /// ``Model/llama``: a space goes before the text, and before text that follows a special token.
    package var addSpacePrefix: Bool
    /// End of message, after which a tool speaks, where a model has one.
    package var eomToken: Int?
    /// ``Model/bert``: goes last when special tokens are added.
    package var separatorToken: Int?
    /// ``Model/bert``: whether letters become lowercase, and accents are taken off.
    package var lowercase = true
    package var stripAccents = true
    /// ``Model/t5``: runs of spaces count as one, and none stay at the ends.
    package var removeExtraWhitespaces = false
    /// ``Model/t5``: `precompiled_charsmap`, SentencePiece's trie of what characters become; empty for none.
    package var normalizationMap: [UInt8] = []
    /// Which special tokens swallow the white space beside them.
    package var strippedAround = StrippedWhitespace.none
    /// What was passed over in the file that this was read from, in words for people.
    package var notices: [String] = []

    /// A definition in which everything not given is left out.
    package init(
        model: Model, preTokenizer: String = "default", tokens: [String], types: [Int] = [],
        scores: [Float] = [], merges: [String] = [], bosToken: Int? = nil, eosToken: Int? = nil,
        eotToken: Int? = nil, unknownToken: Int? = nil, paddingToken: Int? = nil,
        addBOS: Bool = false, addEOS: Bool = false, addSpacePrefix: Bool = true
    ) {
        self.model = model
        self.preTokenizer = preTokenizer
        self.tokens = tokens
        self.types = types
        self.scores = scores
        self.merges = merges
        self.bosToken = bosToken
        self.eosToken = eosToken
        self.eotToken = eotToken
        self.unknownToken = unknownToken
        self.paddingToken = paddingToken
        self.addBOS = addBOS
        self.addEOS = addEOS
        self.addSpacePrefix = addSpacePrefix
    }
}

/// What a token is for; raw values are those of `tokenizer.ggml.token_type`.
package enum TokenType: Int, Sendable {
    /// Not said; never written out.
    case undefined = 0
    case normal = 1
    case unknown = 2
    /// Steers the model; not part of the text.
    case control = 3
    /// Part of the text, and always found in it before anything else.
    case userDefined = 4
    case unused = 5
    /// One byte, written `<0x0A>`.
    case byte = 6

    /// Whether the token stands for text that a reader should see.
    var isText: Bool {
        switch self {
        case .normal, .userDefined, .byte: true
        case .undefined, .unknown, .control, .unused: false
        }
    }
}
