/// Where the values of `tokenizer.ggml.*` come from: a model file, seen from here.
package protocol TokenizerMetadata {
    func string(_ key: String) throws -> String
    func optionalString(_ key: String) throws -> String?
    func optionalBool(_ key: String) throws -> Bool?
    func optionalInteger(_ key: String) throws -> Int?
    func strings(_ key: String) throws -> [String]
    func optionalStrings(_ key: String) throws -> [String]?
    func optionalIntegers(_ key: String) throws -> [Int]?
    func optionalFloats(_ key: String) throws -> [Float]?
}

extension TokenizerDefinition {
    /// The tokenizer that a file's metadata describe (GGUF specification: section "Tokenizer").
    ///
    /// What a file leaves out is what llama.cpp takes for it, and so is a special token that the vocabulary does not
    /// reach, with a notice; a token that llama.cpp would take and that the vocabulary does not reach is none.
    ///
    /// - Throws: what `metadata` throws for a missing or wrongly typed key, and `TokenizerError` for a kind
    ///   of tokenizer that is not built.
    package init(metadata: some TokenizerMetadata) throws {
        let kind = try metadata.string("tokenizer.ggml.model")
        guard let model = Model(rawValue: kind) else {
            let known = Model.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw TokenizerError(
                code: .unsupportedModel, field: "tokenizer.ggml.model",
                message: "is \(String(kind.prefix(40)).debugDescription); Berth reads \(known)")
        }
        let tokens = try metadata.strings("tokenizer.ggml.tokens")
        let fallback = Defaults(model)
        func flag(_ name: String, default fallback: Bool) throws -> Bool {
            try metadata.optionalBool("tokenizer.ggml.\(name)") ?? fallback
        }
        var notices: [String] = []
        func id(_ name: String, default fallback: Int? = nil) throws -> Int? {
            let usual = fallback.flatMap { tokens.indices.contains($0) ? $0 : nil }
            let key = "tokenizer.ggml.\(name)_token_id"
            guard let stated = try metadata.optionalInteger(key) else { return usual }
            guard tokens.indices.contains(stated) else {
                notices.append(
                    "\(key) is \(stated), which is none of the \(tokens.count) tokens; "
                        + (usual.map { "\($0) is taken" } ?? "it is passed over"))
                return usual
            }
            return stated
        }
        let preTokenizer =
            model == .gemma4
            ? kind : try metadata.optionalString("tokenizer.ggml.pre") ?? "default"
        let rule = model.isBytePair ? try SplitRule(named: preTokenizer) : nil
        let bosToken = try id("bos", default: fallback.bosToken)
        var addBOS = try flag(
            "add_bos_token",
            default: fallback.addBOS || rule?.addsBOS == true && bosToken != nil)
        if rule?.needsBOS == true, bosToken != nil {
            addBOS = true
        }
        let lowercase = try flag("normalizer.lowercase", default: true)
        self.init(
            model: model, preTokenizer: preTokenizer, tokens: tokens,
            types: try metadata.optionalIntegers("tokenizer.ggml.token_type") ?? [],
            scores: try metadata.optionalFloats("tokenizer.ggml.scores") ?? [],
            merges: try metadata.optionalStrings("tokenizer.ggml.merges") ?? [],
            bosToken: bosToken, eosToken: try id("eos", default: fallback.eosToken),
            eotToken: try id("eot"),
            unknownToken: try id("unknown", default: fallback.unknownToken),
            paddingToken: try metadata.optionalInteger("tokenizer.ggml.padding_token_id"),
            addBOS: addBOS,
            addEOS: try flag("add_eos_token", default: fallback.addEOS),
            addSpacePrefix: try flag("add_space_prefix", default: model == .llama))
        eomToken = try id("eom")
        separatorToken = try id("seperator", default: fallback.separatorToken)
        self.lowercase = lowercase
        stripAccents = try flag("normalizer.strip_accents", default: lowercase)
        removeExtraWhitespaces = try flag("remove_extra_whitespaces", default: false)
        normalizationMap =
            try metadata.optionalIntegers("tokenizer.ggml.precompiled_charsmap")?
            .map { UInt8(truncatingIfNeeded: $0) } ?? []
        let name = try metadata.optionalString("general.name") ?? ""
        let architecture = try metadata.optionalString("general.architecture") ?? ""
        strippedAround = StrippedWhitespace(
            name: name, architecture: architecture, preTokenizer: preTokenizer)
        self.notices = notices
    }

    /// What llama.cpp takes where a file says nothing.
    private struct Defaults {
        var bosToken: Int?
        var eosToken: Int?
        var unknownToken: Int?
        var separatorToken: Int?
        var addBOS = false
        var addEOS = false

        init(_ model: Model) {
            switch model {
            case .gpt2, .gemma4:
                break
            case .llama:
                (bosToken, eosToken, unknownToken, addBOS) = (1, 2, 0, true)
            case .bert:
                (bosToken, unknownToken, separatorToken, addBOS) = (101, 100, 102, true)
            case .t5:
                (eosToken, unknownToken, addEOS) = (1, 2, true)
            }
        }
    }
}

/// Special tokens that swallow the white space beside them in a text.
///
/// No GGUF says so; llama.cpp tells these models by their names, and so must whoever wants the same ids.
package enum StrippedWhitespace: Sendable, Equatable {
    case none
    /// Before the token of this text.
    case before(String)
    /// After all special tokens but `<unk>`, `<s>` and `<|endoftext|>`.
    case afterSpecialTokens

    /// What the model's name, its architecture and its split rule say.
    init(name: String, architecture: String, preTokenizer: String) {
        let name = name.lowercased()
        if ["jina-v2-de", "jina-v2-es", "jina-v2-code"].contains(where: preTokenizer.contains)
            || ["nomic-bert-moe", "jina-bert-v3"].contains(where: architecture.contains)
        {
            self = .before("<mask>")
        } else if ["phi-3", "phi3"].contains(where: name.contains) {
            self = .afterSpecialTokens
        } else if name.contains("modern-bert") {
            self = .before("[MASK]")
        } else {
            self = .none
        }
    }
}
