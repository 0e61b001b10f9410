package import CompletionAPI
package import StructuredJSON

extension AnswerForm {
    /// The form that a request to OpenAI's endpoints asks for.
    ///
    /// `response_format` is OpenAI's; the others are what vLLM and llama.cpp call the same. A second form is refused.
    package static func openAI(_ root: JSONField) throws(JSONError) -> AnswerForm? {
        var form: AnswerForm?
        for name in names {
            guard let field = root[name].ifPresent,
                let other = try named(name, field, names: names)
            else { continue }
            guard form == nil else {
                throw field.invalid("must be absent: another field gives the answer a form")
            }
            form = other
        }
        return form
    }

    private static let names = [
        "response_format", "guided_json", "guided_regex", "guided_choice", "guided_grammar",
        "structured_outputs", "json_schema", "grammar",
    ]
    /// Members of vLLM's `structured_outputs`.
    private static let innerNames = ["json", "regex", "choice", "grammar", "json_object"]

    private static func named(
        _ name: String, _ field: JSONField, names: [String]
    ) throws(JSONError) -> AnswerForm? {
        switch name {
        case "response_format": return try responseFormat(field)
        case "guided_json", "json_schema", "json": return .jsonSchema(try schema(field))
        case "guided_regex", "regex": return .regularExpression(try text(field))
        case "guided_choice", "choice": return .choice(try choices(field))
        case "guided_grammar", "grammar": return .grammar(try text(field))
        case "json_object": return try field.bool() ? .jsonObject : nil
        default:
            var form: AnswerForm?
            for (name, _) in try field.object() {
                guard let inner = field[name].ifPresent else { continue }
                guard innerNames.contains(name), form == nil else {
                    throw inner.invalid(
                        "must be absent: one of \(innerNames.joined(separator: ", ")) is possible")
                }
                form = try named(name, inner, names: innerNames)
            }
            return form
        }
    }

    /// `{"type": "json_schema", "json_schema": {"schema": ...}}` and its kin.
    private static func responseFormat(_ field: JSONField) throws(JSONError) -> AnswerForm? {
        switch try field["type"].oneOf(["text", "json_object", "json_schema"]) {
        case "text": nil
        case "json_object": .jsonObject
        default: .jsonSchema(try schema(field["json_schema"]["schema"]))
        }
    }

    /// `{"type": "json_schema", "schema": ...}`, as the newer APIs have it.
    static func flatFormat(_ field: JSONField) throws(JSONError) -> AnswerForm? {
        switch try field["type"].oneOf(["text", "json_object", "json_schema"]) {
        case "text": nil
        case "json_object": .jsonObject
        default: .jsonSchema(try schema(field["schema"]))
        }
    }

    /// A schema, also as the text of one; whether it is one is the engine's to say.
    static func schema(_ field: JSONField) throws(JSONError) -> JSONValue {
        switch try field.present() {
        case .object(let members): return .object(members)
        case .bool(let value): return .bool(value)
        case .string(let text):
            do {
                return try JSONValue(parsing: text)
            } catch {
                throw field.invalid("must be a JSON Schema: \(error.message)")
            }
        default: throw field.invalid("must be a JSON Schema", .wrongType)
        }
    }

    private static func text(_ field: JSONField) throws(JSONError) -> String {
        let text = try field.string()
        guard !text.isEmpty else { throw field.invalid("must not be empty") }
        return text
    }

    private static func choices(_ field: JSONField) throws(JSONError) -> [String] {
        var choices: [String] = []
        for item in try field.array() { choices.append(try text(item)) }
        guard !choices.isEmpty else { throw field.invalid("must hold at least one text") }
        return choices
    }
}
