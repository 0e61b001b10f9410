import StructuredJSON

/// A part of a tokenizer.json, which knows its place, so that errors can name it.
struct ComponentField {
    private let field: JSONField

    init(_ field: JSONField) {
        self.field = field
    }

    init(_ value: JSONValue) {
        field = JSONField(value)
    }

    var path: String { "tokenizer.json: \(field.path)" }

    /// `nil` where it is absent or null.
    var ifPresent: ComponentField? { field.ifPresent.map(ComponentField.init) }

    subscript(key: String) -> ComponentField { ComponentField(field[key]) }

    func string() throws(TokenizerError) -> String {
        try checked { () throws(JSONError) in try field.string() }
    }
    func bool() throws(TokenizerError) -> Bool {
        try checked { () throws(JSONError) in try field.bool() }
    }
    func object() throws(TokenizerError) -> JSONObject {
        try checked { () throws(JSONError) in try field.object() }
    }

    func number() throws(TokenizerError) -> Double {
        try checked { () throws(JSONError) in try field.double() }
    }

    func int(_ range: ClosedRange<Int> = 0...Int(Int32.max)) throws(TokenizerError) -> Int {
        try checked { () throws(JSONError) in try field.int(in: range) }
    }

    func array() throws(TokenizerError) -> [ComponentField] {
        try checked { () throws(JSONError) in try field.array() }.map(ComponentField.init)
    }

    /// The elements without their places, for long lists.
    func values() throws(TokenizerError) -> [JSONValue] {
        let value = try checked { () throws(JSONError) in try field.present() }
        guard let array = value.array else { throw invalid("must be an array") }
        return array
    }

    /// One of the strings, which stand for the values.
    func choice<Value>(_ choices: KeyValuePairs<String, Value>) throws(TokenizerError) -> Value {
        let text = try string()
        guard let value = choices.first(where: { $0.key == text })?.value else {
            throw unknown(text, known: choices.map(\.key))
        }
        return value
    }

    /// What `type` says.
    func type() throws(TokenizerError) -> String { try self["type"].string() }

    /// A single scalar.
    func scalar() throws(TokenizerError) -> UInt32 {
        let scalars = try string().unicodeScalars
        guard scalars.count == 1, let scalar = scalars.first else {
            throw invalid("must be a single character")
        }
        return scalar.value
    }

    func invalid(_ message: String, index: Int? = nil) -> TokenizerError {
        TokenizerError(code: .invalidValue, field: path, index: index, message: message)
    }

    /// The error for a kind of component that is not built.
    func unknown(_ found: String, known: [String]) -> TokenizerError {
        TokenizerError(
            code: .unsupportedModel, field: path,
            message: """
                \(String(found.prefix(40)).debugDescription) is not known; \
                known are \(known.joined(separator: ", "))
                """)
    }

    private func checked<Value>(
        _ read: () throws(JSONError) -> Value
    ) throws(TokenizerError) -> Value {
        do throws(JSONError) {
            return try read()
        } catch {
            throw TokenizerError(
                code: error.code == .missingField ? .missing : .invalidValue,
                field: "tokenizer.json: \(error.path)", message: error.reason)
        }
    }
}
