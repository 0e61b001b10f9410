import StructuredJSON

/// Which of llama.cpp's split rules (`tokenizer.ggml.pre`) a tokenizer.json's pre_tokenizer is.
///
/// llama.cpp's converter finds it by the tokens of a sample text; the rule itself says it more exactly.
enum PreTokenizerNames {
    /// - Throws: `JSONError` for a rule that has no name: such a folder can be run, but not be converted.
    static func find(_ root: JSONField) throws(JSONError) -> String {
        let steps = try TokenizerMapping.steps(root["pre_tokenizer"], "pretokenizers")
        let signature = try steps.map { step throws(JSONError) in try self.signature(step) }
            .joined(separator: " + ")
        let ignoresMerges = try root["model"]["ignore_merges"].ifPresent?.bool() ?? false
        let known = names.first {
            $0.signature == signature
                && ($0.ignoresMerges == nil || $0.ignoresMerges == ignoresMerges)
        }
        guard let known else {
            throw JSONError(
                code: .invalidValue,
                reason: """
                    is a split rule that GGUF has no name for (\(CheckpointError.printable(signature))); \
                    run the folder as it is
                    """, path: root["pre_tokenizer"].path)
        }
        return known.name
    }

    /// A step in short: what of it decides where pieces end.
    private static func signature(_ step: JSONField) throws(JSONError) -> String {
        switch try step["type"].string() {
        case "ByteLevel":
            let splits = try step["use_regex"].ifPresent?.bool() ?? true
            return splits ? "ByteLevel" : "bytes"
        case "Digits":
            let single = try step["individual_digits"].ifPresent?.bool() ?? false
            return single ? "digits" : "numbers"
        case "Split":
            let pattern = step["pattern"]
            let regex = try pattern["Regex"].ifPresent?.string()
            let text = regex ?? "text \(pattern.value?["String"]?.string ?? "")"
            let behavior = try step["behavior"].string()
            return behavior == "Isolated" ? text : "\(behavior) \(text)"
        case let other:
            return other
        }
    }

    private struct Rule {
        let name: String
        let signature: String
        /// Rules of one pattern can differ in whether a whole word that is a token is taken at once.
        var ignoresMerges: Bool?
    }

    // Patterns as the models' makers state them: facts of the format, not prose.
    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let spaces = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static func words(_ numbers: String) -> String {
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces
    }

    private static let names: [Rule] = [
        Rule(name: "gpt-2", signature: "ByteLevel"),
        Rule(name: "smollm", signature: "digits + ByteLevel"),
        Rule(name: "llama-bpe", signature: words(#"\p{N}{1,3}"#) + " + bytes", ignoresMerges: true),
        Rule(
            name: "smaug-bpe", signature: words(#"\p{N}{1,3}"#) + " + bytes", ignoresMerges: false),
        Rule(name: "qwen2", signature: words(#"\p{N}"#) + " + bytes"),
        Rule(
            name: "qwen35",
            signature: contractions
                + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"# + spaces
                + " + bytes"),
        Rule(
            name: "tekken",
            signature:
                #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
                + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
                + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces + " + bytes"),
        Rule(
            name: "gpt-4o",
            signature:
                #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
                + #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
                + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
                + #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
                + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces + " + bytes"),
    ]
}
