import StructuredJSON

/// generation_config.json: what the model's makers recommend for sampling (`general.sampling.*`).
struct GenerationMapping {
    private(set) var values: [(key: String, value: GGUFTypedValue)] = []
    /// Tokens that end an answer, from generation_config.json or else from config.json.
    private(set) var endTokens: [Int] = []

    private static let fileName = "generation_config.json"
    private static let numbers = [
        ("temperature", "temp"), ("top_p", "top_p"), ("min_p", "min_p"),
        ("repetition_penalty", "penalty_repeat"),
    ]

    init(_ folder: ModelFolder) throws(CheckpointError) {
        if let document = try folder.json(Self.fileName) {
            do throws(JSONError) {
                try read(JSONField(document))
            } catch {
                throw folder.error(Self.fileName, error)
            }
        }
        guard endTokens.isEmpty, let document = try folder.json(ConfigurationMapping.fileName)
        else {
            return
        }
        do throws(JSONError) {
            endTokens = try Self.tokens(JSONField(document)["eos_token_id"])
        } catch {
            throw folder.error(ConfigurationMapping.fileName, error)
        }
    }

    private mutating func read(_ root: JSONField) throws(JSONError) {
        endTokens = try Self.tokens(root["eos_token_id"])
        // Numbers beside do_sample: false are left over from a default; they were not meant.
        guard try root["do_sample"].ifPresent?.bool() ?? true else { return }
        for (field, key) in Self.numbers {
            guard let value = try root[field].ifPresent?.double() else { continue }
            values.append(("general.sampling.\(key)", .float32(Float(value))))
        }
        if let count = try root["top_k"].ifPresent?.int(in: 0...Int(Int32.max)) {
            values.append(("general.sampling.top_k", .int32(Int32(count))))
        }
    }

    /// One id or a list of them.
    private static func tokens(_ field: JSONField) throws(JSONError) -> [Int] {
        guard let field = field.ifPresent else { return [] }
        if field.value?.array == nil { return [try field.int(in: 0...Int(Int32.max))] }
        return try field.array().map { id throws(JSONError) in try id.int(in: 0...Int(Int32.max)) }
    }
}
