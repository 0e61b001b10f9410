import StructuredJSON

/// Which token begins, ends, separates and fills, and which of them are put around a text.
///
/// Names come from tokenizer_config.json, then special_tokens_map.json; ids that neither gives from config.json; further
/// ends of an answer from generation_config.json.
struct SpecialTokens {
    /// By role: bos, eos, unk, sep, pad, cls, mask, eot, eom.
    private(set) var ids: [String: Int] = [:]
    private var adds: [String: Bool] = [:]
    private var names: [String: String] = [:]
    private var vocabulary: [ExactString: Int] = [:]

    private static let roles = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]
    /// GGUF's spelling, where it is another.
    private static let keys = ["unk": "unknown", "sep": "seperator", "pad": "padding"]

    init(_ folder: ModelFolder, _ tokenizer: JSONValue) throws(CheckpointError) {
        let root = JSONField(tokenizer)
        do throws(JSONError) {
            for entry in try root["added_tokens"].ifPresent?.array() ?? [] {
                let text = ExactString(try entry["content"].string())
                vocabulary[text] = try entry["id"].int(in: 0...Int(Int32.max))
            }
        } catch {
            throw folder.error(TokenizerMapping.fileName, error)
        }
        for name in ["tokenizer_config.json", "special_tokens_map.json"] {
            guard let document = try folder.json(name) else { continue }
            do throws(JSONError) {
                try readNames(JSONField(document), root)
            } catch {
                throw folder.error(name, error)
            }
        }
        do throws(JSONError) {
            try readTemplate(root["post_processor"])
        } catch {
            throw folder.error(TokenizerMapping.fileName, error)
        }
        for (role, name) in names { ids[role] = vocabulary[ExactString(name)] }
        try readIDs(folder)
        let ends = try GenerationMapping(folder).endTokens
        if ids["eos"] == nil { ids["eos"] = ends.first }
        let others = ends.filter { $0 != ids["eos"] && $0 != ids["eot"] }
        let free = ["eot", "eom"].filter { ids[$0] == nil }
        for (role, id) in zip(free, others) { ids[role] = id }
    }

    private mutating func readNames(_ config: JSONField, _ tokenizer: JSONField) throws(JSONError) {
        for role in Self.roles {
            if let add = config["add_\(role)_token"].ifPresent?.value?.bool, adds[role] == nil {
                adds[role] = add
            }
            guard names[role] == nil, let field = config["\(role)_token"].ifPresent else {
                continue
            }
            let isText = field.value?.string != nil
            let name = try isText ? field.string() : field["content"].string()
            names[role] = name
            if vocabulary[ExactString(name)] == nil {
                vocabulary[ExactString(name)] = tokenizer["model"]["vocab"].value?[name]?.int
            }
        }
    }

    /// A template that begins or ends with a special token says that it is added.
    private mutating func readTemplate(_ field: JSONField) throws(JSONError) {
        // BERT's files name no begin and end, but a classifier and a separator in their places.
        if names["bos"] == nil { names["bos"] = names["cls"] }
        if names["eos"] == nil { names["eos"] = names["sep"] }
        for step in try TokenizerMapping.steps(field, "processors") {
            switch try step["type"].string() {
            case "RobertaProcessing", "BertProcessing":
                for role in ["bos", "eos", "sep"] { adds[role] = true }
            case "TemplateProcessing":
                let single = try step["single"].array()
                guard single.count > 1 else { continue }
                for piece in single.dropFirst().dropLast()
                where piece["SpecialToken"].ifPresent != nil {
                    throw step["single"].invalid(
                        "puts more tokens around a text than GGUF can say; run the folder as it is")
                }
                // GGUF can put two tokens around a text, whatever the files call them (Qwen3-Embedding ends texts with
                // a token that is not its end of an answer).
                if let first = try Self.specialToken(single[0]) {
                    adds["bos"] = true
                    if first != names["cls"] { names["bos"] = first }
                }
                if let last = try Self.specialToken(single[single.count - 1]) {
                    adds["eos"] = true
                    guard last != names["sep"], last != names["eos"] else { continue }
                    names["eot"] = names["eos"]
                    names["eos"] = last
                }
            default: break
            }
        }
    }

    private static func specialToken(_ field: JSONField) throws(JSONError) -> String? {
        guard let token = field["SpecialToken"].ifPresent else { return nil }
        return try token["id"].string()
    }

    private mutating func readIDs(_ folder: ModelFolder) throws(CheckpointError) {
        guard let document = try folder.json(ConfigurationMapping.fileName) else { return }
        let root = JSONField(document)
        for role in Self.roles where ids[role] == nil {
            ids[role] = root["\(role)_token_id"].ifPresent?.value?.int
        }
    }

    var values: [(key: String, value: GGUFTypedValue)] {
        let identities = (Self.roles + ["eot", "eom"]).compactMap { role in
            ids[role].flatMap { UInt32(exactly: $0) }.map { id in
                ("\(Self.keys[role] ?? role)_token_id", GGUFTypedValue.uint32(id))
            }
        }
        let additions = ["bos", "eos", "sep"].compactMap { role in
            adds[role].map { ("add_\(role)_token", GGUFTypedValue.bool($0)) }
        }
        return identities + additions
    }
}
