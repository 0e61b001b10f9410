import StructuredJSON

/// GGML's token types (`llama_token_type`).
enum TokenType: Int32 {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
}

/// The tokens of a tokenizer.json by id: the model's vocabulary, added tokens over it, and fillers up to the rows of
/// the embedding.
struct TokenTable {
    private(set) var texts: [String]
    private(set) var types: [TokenType]
    /// Of a Unigram model.
    private(set) var scores: [Float]
    private var ids: [ExactString: Int] = [:]

    init(_ root: JSONField, vocabulary: Int) throws(JSONError) {
        texts = (0..<vocabulary).map { "[PAD\($0)]" }
        types = Array(repeating: .unused, count: vocabulary)
        scores = Array(repeating: -10_000, count: vocabulary)
        let model = root["model"]["vocab"]
        if model.value?.array == nil {
            for (text, value) in try model.object() {
                guard let id = value.int else {
                    throw model[text].invalid("must be a token's id", .wrongType)
                }
                try add(text, id, .normal, field: model)
            }
        } else {
            for (id, entry) in try model.array().enumerated() {
                let pair = try entry.array()
                guard pair.count == 2 else { throw entry.invalid("must be a token and its score") }
                try add(try pair[0].string(), id, .normal, field: entry)
                scores[id] = Float(try pair[1].double())
            }
        }
        for entry in try root["added_tokens"].ifPresent?.array() ?? [] {
            let text = try entry["content"].string()
            let isSpecial = try entry["special"].ifPresent?.bool() ?? false
            // As convert_hf_to_gguf has it: some tokens that are control tokens are not marked so.
            let isControl = isSpecial || Self.looksSpecial(text)
            let written = isControl ? text : text.replacing(scalar: "\u{2581}", with: " ")
            try add(
                written, try entry["id"].int(in: 0...Int(Int32.max)),
                isControl ? .control : .userDefined, field: entry)
        }
    }

    private mutating func add(_ text: String, _ id: Int, _ type: TokenType, field: JSONField)
        throws(JSONError)
    {
        guard texts.indices.contains(id) else {
            throw JSONError(
                code: .invalidValue,
                reason: """
                    gives "\(text.prefix(40))" the id \(id), but the embedding has rows for \(texts.count) tokens; \
                    tokenizer and weights are of different models
                    """, path: field.path)
        }
        texts[id] = text
        types[id] = type
        ids[ExactString(text)] = id
    }

    func id(of text: String) -> Int? {
        ids[ExactString(text)]
    }

    mutating func mark(_ id: Int, _ type: TokenType) {
        guard types.indices.contains(id) else { return }
        types[id] = type
    }

    /// Finds the tokens of single bytes, `<0x00>` to `<0xFF>`.
    mutating func markBytes() {
        for byte in 0..<256 {
            let digits = String(byte, radix: 16, uppercase: true)
            guard let id = id(of: "<0x\(byte < 16 ? "0" : "")\(digits)>") else { continue }
            types[id] = .byte
        }
    }

    private static func looksSpecial(_ text: String) -> Bool {
        ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains(text)
            || (text.hasPrefix("<|") && text.hasSuffix("|>"))
            || (text.hasPrefix("<｜") && text.hasSuffix("｜>"))
            || (text.hasPrefix("<unused") && text.hasSuffix(">"))
    }
}

extension String {
    /// Scalar by scalar, where `replacing` would pass over one that a combining mark follows.
    func replacing(scalar: Unicode.Scalar, with other: Unicode.Scalar) -> String {
        var result = UnicodeScalarView()
        result.append(contentsOf: unicodeScalars.lazy.map { $0 == scalar ? other : $0 })
        return String(result)
    }
}
