import StructuredJSON

/// What a folder of the sentence-transformers library adds to a model: how states become one vector, prompts, and the
/// longest text.
///
/// GGUF has a key for the pooling only; the rest stands under `sentence_transformers.`.
struct SentenceTransformers {
    private(set) var values: [(key: String, value: GGUFTypedValue)] = []
    /// Where the transformer's own files lie, from the folder.
    private(set) var modelFolder = ""

    /// llama.cpp's `llama_pooling_type`.
    static let rankPooling: UInt32 = 4
    private static let poolings: [String: UInt32] = ["mean": 1, "cls": 2, "lasttoken": 3]
    private static let modulesName = "modules.json"
    private static let promptsName = "config_sentence_transformers.json"

    /// Finds nothing in a folder without modules.json.
    ///
    /// - `architecture`: the beginning of the pooling's key, `nil` while only the model's folder is wanted.
    init(_ folder: ModelFolder, architecture: String?) throws(CheckpointError) {
        guard let document = try folder.json(Self.modulesName) else { return }
        var pooling: String?
        var isNormalized = false
        do throws(JSONError) {
            for module in try JSONField(document).array() {
                let type = try module["type"].string()
                let path = try module["path"].string()
                guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
                    throw module["path"].invalid("must be a folder inside the model's")
                }
                switch type.split(separator: ".").last {
                case "Transformer": modelFolder = path
                case "Pooling": pooling = path
                case "Normalize": isNormalized = true
                default:
                    throw module["type"].invalid(
                        "is not run by Berth; it runs Transformer, Pooling and Normalize")
                }
            }
        } catch {
            throw folder.error(Self.modulesName, error)
        }
        guard let architecture else { return }
        if let pooling { try addPooling(folder, pooling, architecture) }
        values.append(("sentence_transformers.normalize", .bool(isNormalized)))
        try addPrompts(folder)
        try addLength(ModelFolder(path: folder.path(modelFolder)))
    }

    private mutating func addPooling(_ folder: ModelFolder, _ path: String, _ architecture: String)
        throws(CheckpointError)
    {
        let name = "\(path)/\(ConfigurationMapping.fileName)"
        guard let document = try folder.json(name) else {
            throw folder.error(
                .missingField, name, "file", "is missing; fetch the whole folder again")
        }
        do throws(JSONError) {
            let number = try Self.pooling(JSONField(document))
            values.append(("\(architecture).pooling_type", .uint32(number)))
        } catch {
            throw folder.error(name, error)
        }
    }

    private static func pooling(_ root: JSONField) throws(JSONError) -> UInt32 {
        if let mode = root["pooling_mode"].ifPresent {
            return poolings[try mode.oneOf(poolings.keys.sorted())] ?? 0
        }
        var chosen: [UInt32] = []
        for (key, _) in try root.object() where key.hasPrefix("pooling_mode_") {
            guard try root[key].bool() else { continue }
            let mode = ["mean_tokens": "mean", "cls_token": "cls", "lasttoken": "lasttoken"]
            guard let name = mode[String(key.dropFirst("pooling_mode_".count))],
                let number = poolings[name]
            else {
                throw root[key].invalid("must be false; Berth pools by mean, cls or lasttoken")
            }
            chosen.append(number)
        }
        guard chosen.count == 1 else {
            throw JSONError(
                code: .invalidValue,
                reason:
                    "turns on \(chosen.count) poolings; Berth runs one of mean, cls or lasttoken",
                path: JSONPath([.key("pooling_mode_mean_tokens")]))
        }
        return chosen[0]
    }

    private mutating func addPrompts(_ folder: ModelFolder) throws(CheckpointError) {
        guard let document = try folder.json(Self.promptsName) else { return }
        let root = JSONField(document)
        do throws(JSONError) {
            if let prompts = root["prompts"].ifPresent {
                for (name, _) in try prompts.object() {
                    guard let text = try prompts[name].ifPresent?.string() else { continue }
                    values.append(("sentence_transformers.prompts.\(name)", .string(text)))
                }
            }
            if let name = try root["default_prompt_name"].ifPresent?.string() {
                values.append(("sentence_transformers.default_prompt_name", .string(name)))
            }
        } catch {
            throw folder.error(Self.promptsName, error)
        }
    }

    private mutating func addLength(_ folder: ModelFolder) throws(CheckpointError) {
        let name = "sentence_bert_config.json"
        guard let document = try folder.json(name) else { return }
        do throws(JSONError) {
            let length = JSONField(document)["max_seq_length"].ifPresent
            guard let length = try length?.int(in: 1...Int(Int32.max)) else { return }
            values.append(("sentence_transformers.max_seq_length", .uint32(UInt32(length))))
        } catch {
            throw folder.error(name, error)
        }
    }
}
