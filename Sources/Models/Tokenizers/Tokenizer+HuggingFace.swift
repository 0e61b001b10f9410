package import StructuredJSON

extension Tokenizer {
    /// The tokenizer of a tokenizer.json, which follows Hugging Face's `tokenizers` package.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - configuration: the tokenizer_config.json beside it, if there is one: names of special tokens, and
    ///     whether BOS and EOS are added.
    /// - Throws: what is no JSON, missing, or not built, with its JSON path.
    package convenience init(
        huggingFace bytes: [UInt8], configuration: JSONValue? = nil
    ) throws(TokenizerError) {
        let limits = JSONLimits(duplicateKeys: .keepLast)
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes, limits: limits)
        } catch {
            throw TokenizerError(
                code: .invalidValue, field: "tokenizer.json", message: error.message)
        }
        try self.init(huggingFace: value, configuration: configuration)
    }

    /// The same of a file that is parsed already.
    ///
    /// - `endTokens`: what ends an answer besides EOS; ids that are no token do not count.
    package convenience init(
        huggingFace file: JSONValue, configuration: JSONValue? = nil, endTokens: [Int] = []
    ) throws(TokenizerError) {
        var tokenizer = try HuggingFaceTokenizer(ComponentField(file))
        func named(_ name: String) -> Int? {
            // Either a text or an object that describes an added token.
            let value = configuration?[name]
            return (value?.string ?? value?["content"]?.string).flatMap { tokenizer.id(of: $0) }
        }
        let bos = named("bos_token") ?? named("cls_token") ?? tokenizer.postProcessor.firstToken
        let ends = endTokens.filter { tokenizer.text(of: $0) != nil }
        let eos =
            named("eos_token") ?? ends.first ?? named("sep_token")
            ?? tokenizer.postProcessor.lastToken
        let padding = named("pad_token")
        let unknown = tokenizer.unknownToken ?? named("unk_token")
        if configuration?["add_bos_token"]?.bool == true, tokenizer.postProcessor.firstToken == nil
        {
            tokenizer.prefix = bos
        }
        if configuration?["add_eos_token"]?.bool == true, tokenizer.postProcessor.lastToken == nil {
            tokenizer.suffix = eos
        }
        self.init(
            tokenizer,
            special: SpecialTokens(
                bos: bos, eos: eos, unknown: unknown, padding: padding, ends: ends))
    }
}

extension Tokenizer {
    /// The special tokens that models and templates ask for.
    struct SpecialTokens {
        var bos: Int?
        var eos: Int?
        var unknown: Int?
        var padding: Int?
        /// What ends an answer besides EOS.
        var ends: [Int] = []
    }

    /// How the file says that texts which are too long are cut; encoding itself never cuts.
    package var truncation: TruncationSettings? { huggingFace?.truncation }
}
