import StructuredJSON

/// tokenizer.json as `tokenizer.ggml.*`, as convert_hf_to_gguf writes it.
///
/// GGUF names a tokenizer's rules where tokenizer.json spells them out, so only what it has names for can be written.
struct TokenizerMapping {
    private(set) var values: [(key: String, value: GGUFTypedValue)] = []

    static let fileName = "tokenizer.json"

    /// - `vocabulary`: rows of the embedding; ids without a token are filled up.
    /// - Throws: ``CheckpointError`` for a folder without tokenizer.json, and for rules that GGUF cannot name.
    init(_ folder: ModelFolder, vocabulary: Int) throws(CheckpointError) {
        let document = try Self.document(folder)
        let special = try SpecialTokens(folder, document)
        do throws(JSONError) {
            let root = JSONField(document)
            var tokens = try TokenTable(root, vocabulary: vocabulary)
            switch try root["model"]["type"].oneOf(["BPE", "WordPiece", "Unigram"]) {
            case "WordPiece": try mapWordPiece(root, &tokens)
            case "Unigram": try mapUnigram(root, &tokens, special)
            default:
                if try root["model"]["byte_fallback"].ifPresent?.bool() ?? false {
                    try mapSentencePiece(root, &tokens, special)
                } else {
                    try mapByteLevel(root, &tokens)
                }
            }
            set("token_type", .int32s(tokens.types.map(\.rawValue)))
            for (key, value) in special.values { set(key, value) }
        } catch {
            throw folder.error(Self.fileName, error)
        }
    }

    /// The parsed file.
    static func document(_ folder: ModelFolder) throws(CheckpointError) -> JSONValue {
        if let document = try folder.json(fileName, isTable: true) { return document }
        throw folder.error(
            .missingField, fileName, "file",
            """
            is missing; save the tokenizer with transformers' AutoTokenizer.save_pretrained, which writes it
            """)
    }

    private mutating func set(_ key: String, _ value: GGUFTypedValue) {
        values.append(("tokenizer.ggml.\(key)", value))
    }

    private mutating func mapByteLevel(_ root: JSONField, _ tokens: inout TokenTable)
        throws(JSONError)
    {
        set("model", .string("gpt2"))
        set("pre", .string(try PreTokenizerNames.find(root)))
        set("tokens", .strings(tokens.texts))
        set("merges", .strings(try Self.merges(root).map { "\($0.left) \($0.right)" }))
    }

    /// BPE over characters, with tokens for single bytes: what SentencePiece calls BPE.
    ///
    /// A SentencePiece file has a score for each token and merges what scores highest; here the score is the rank of the
    /// merge that makes the token, so that both merge in the same order.
    private mutating func mapSentencePiece(
        _ root: JSONField, _ tokens: inout TokenTable, _ special: SpecialTokens
    ) throws(JSONError) {
        let merges = try Self.merges(root)
        var scores = [Float](repeating: -Float(merges.count + 1), count: tokens.texts.count)
        for (rank, merge) in merges.enumerated().reversed() {
            if let id = tokens.id(of: merge.left + merge.right) { scores[id] = -Float(rank) }
        }
        tokens.markBytes()
        if let unknown = special.ids["unk"] { tokens.mark(unknown, .unknown) }
        set("model", .string("llama"))
        set("pre", .string("default"))
        set("tokens", .strings(tokens.texts))
        set("scores", .float32s(scores))
        set("add_space_prefix", .bool(try Self.addsSpacePrefix(root)))
    }

    /// Words begin with a mark instead of continuing ones, as llama.cpp keeps them.
    ///
    /// By scalars: to a `Character`, a prefix and the combining mark after it are one.
    private mutating func mapWordPiece(_ root: JSONField, _ tokens: inout TokenTable)
        throws(JSONError)
    {
        let prefix = try root["model"]["continuing_subword_prefix"].ifPresent?.string() ?? "##"
        set("model", .string("bert"))
        set("pre", .string("default"))
        set(
            "tokens",
            .strings(
                zip(tokens.texts, tokens.types).map { text, type in
                    if type == .control || type == .unused { return text }
                    let scalars = text.unicodeScalars
                    return scalars.starts(with: prefix.unicodeScalars)
                        ? String(scalars.dropFirst(prefix.unicodeScalars.count))
                        : "\u{2581}\(text)"
                }))
    }

    private mutating func mapUnigram(
        _ root: JSONField, _ tokens: inout TokenTable, _ special: SpecialTokens
    ) throws(JSONError) {
        let stated = try root["model"]["unk_id"].ifPresent?.int(
            in: 0...max(0, tokens.texts.count - 1))
        if let unknown = stated ?? special.ids["unk"] { tokens.mark(unknown, .unknown) }
        tokens.markBytes()
        set("model", .string("t5"))
        set("pre", .string("default"))
        set("tokens", .strings(tokens.texts))
        set("scores", .float32s(tokens.scores))
        set("add_space_prefix", .bool(try Self.addsSpacePrefix(root)))
        let steps = try Self.steps(root["normalizer"], "normalizers")
        var removesSpaces = false
        for step in steps {
            switch try step["type"].string() {
            case "Precompiled":
                let text = try step["precompiled_charsmap"].ifPresent?.string() ?? ""
                guard let bytes = Base64.decoded(text) else {
                    throw step["precompiled_charsmap"].invalid("must be base64")
                }
                set("precompiled_charsmap", .array(.uint8, bytes.map { .uint8($0) }))
            case "Replace", "Strip": removesSpaces = true
            default: break
            }
        }
        set("remove_extra_whitespaces", .bool(removesSpaces))
    }

    /// Whether a space is put before a text: by a normalizer that prepends one, or by Metaspace.
    private static func addsSpacePrefix(_ root: JSONField) throws(JSONError) -> Bool {
        for step in try steps(root["normalizer"], "normalizers")
        where try step["type"].string() == "Prepend" {
            return true
        }
        for step in try steps(root["pre_tokenizer"], "pretokenizers")
        where try step["type"].string() == "Metaspace" {
            if let scheme = try step["prepend_scheme"].ifPresent?.string() {
                return scheme != "never"
            }
            return try step["add_prefix_space"].ifPresent?.bool() ?? true
        }
        return false
    }

    /// A step, or the steps of a Sequence.
    static func steps(_ field: JSONField, _ list: String) throws(JSONError) -> [JSONField] {
        guard let field = field.ifPresent else { return [] }
        guard try field["type"].string() == "Sequence" else { return [field] }
        return try field[list].array()
    }

    /// Pairs, or texts with a space between the two (before tokenizers 0.20).
    private static func merges(_ root: JSONField) throws(JSONError) -> [(
        left: String, right: String
    )] {
        // GGUF has a space between the two; inside a part it is written as byte-level BPE writes it.
        func spelled(_ part: String) -> String { part.replacing(scalar: " ", with: "\u{0120}") }
        return try root["model"]["merges"].array().map { entry throws(JSONError) in
            if let text = entry.value?.string {
                let parts = text.unicodeScalars.split(
                    separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { throw entry.invalid("must be two tokens") }
                return (String(parts[0]), String(parts[1]))
            }
            let parts = try entry.array()
            guard parts.count == 2 else { throw entry.invalid("must be two tokens") }
            return (spelled(try parts[0].string()), spelled(try parts[1].string()))
        }
    }
}
