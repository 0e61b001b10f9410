/// A value in a document that a client sent, which knows its place, so that errors can name it.
///
///     let request = JSONField(body)
///     let model = try request["model"].string()
///     let temperature = try request["temperature"].ifPresent?.double(in: 0...2)
///     for message in try request["messages"].array() {
///         let role = try message["role"].oneOf(["system", "user", "assistant"])
///     }
///
/// Members are looked up without `try`: only reading a value can fail, with a ``JSONError`` such as
/// `messages[2].role must be one of 'system', 'user', 'assistant', got number 3`.
package struct JSONField: Sendable {
    /// `nil` where the document has no such member.
    package let value: JSONValue?
    package let path: JSONPath
    /// The value around this one was no object; every read throws this.
    private let fault: JSONError?

    /// The root of a document.
    package init(_ value: JSONValue, path: JSONPath = JSONPath()) {
        self.init(value: value, path: path, fault: nil)
    }

    private init(value: JSONValue?, path: JSONPath, fault: JSONError?) {
        self.value = value
        self.path = path
        self.fault = fault
    }

    /// The member of that name, present or not.
    package subscript(key: String) -> JSONField {
        let inner = path.appending(.key(key))
        guard fault == nil, let value else {
            return JSONField(value: nil, path: inner, fault: fault ?? missing())
        }
        guard let object = value.object else {
            return JSONField(value: nil, path: inner, fault: wrongType("an object"))
        }
        return JSONField(value: object[key], path: inner, fault: nil)
    }

    /// This field, or `nil` where it is absent or null: `field.ifPresent?.int()`.
    package var ifPresent: JSONField? {
        if fault != nil { return self }
        guard let value, !value.isNull else { return nil }
        return self
    }

    // MARK: Reading

    package func string() throws(JSONError) -> String {
        try read("a string", \.string)
    }

    package func bool() throws(JSONError) -> Bool {
        try read("true or false", \.bool)
    }

    /// An integer, also when written as `1.0`.
    package func int(in range: ClosedRange<Int>? = nil) throws(JSONError) -> Int {
        let value = try read("an integer", \.int)
        guard let range, !range.contains(value) else { return value }
        throw invalid(Self.requirement("an integer", range))
    }

    package func double(in range: ClosedRange<Double>? = nil) throws(JSONError) -> Double {
        let value = try read("a number", \.double)
        guard let range, !range.contains(value) else { return value }
        throw invalid(
            "must be a number between \(range.lowerBound.shortestText) and "
                + range.upperBound.shortestText)
    }

    /// A string of the given ones.
    package func oneOf(_ choices: [String]) throws(JSONError) -> String {
        let value = try present()
        if let text = value.string, choices.contains(text) { return text }
        let list = choices.map { "'\($0)'" }.joined(separator: ", ")
        throw invalid("must be one of \(list)", value.string == nil ? .wrongType : .invalidValue)
    }

    /// The elements, each with its own place.
    package func array() throws(JSONError) -> [JSONField] {
        let elements = try read("an array", \.array)
        return elements.indices.map { index in
            JSONField(elements[index], path: path.appending(.index(index)))
        }
    }

    package func object() throws(JSONError) -> JSONObject {
        try read("an object", \.object)
    }

    /// The value as it stands, whatever its type, null excepted.
    package func present() throws(JSONError) -> JSONValue {
        if let fault { throw fault }
        guard let value, !value.isNull else { throw missing() }
        return value
    }

    /// An error about this field, for rules that the methods here do not know.
    ///
    /// The requirement follows the field's name, as in `must be shorter than the prompt`; what the
    /// field holds is added.
    package func invalid(
        _ requirement: String, _ code: JSONError.Code = .invalidValue
    ) -> JSONError {
        let found = value.map { ", got \(Self.summary(of: $0))" } ?? ""
        return JSONError(code: code, reason: requirement + found, path: path)
    }

    private func read<Value>(
        _ kind: String, _ accessor: (JSONValue) -> Value?
    ) throws(JSONError) -> Value {
        guard let result = accessor(try present()) else { throw wrongType(kind) }
        return result
    }

    private func missing() -> JSONError {
        JSONError(
            code: .missingField, reason: value == nil ? "is required" : "is required, got null",
            path: path)
    }

    private func wrongType(_ kind: String) -> JSONError {
        invalid("must be \(kind)", .wrongType)
    }

    private static func requirement(_ kind: String, _ range: ClosedRange<Int>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (let low, Int.max): "must be \(kind) of at least \(low)"
        case (Int.min, let high): "must be \(kind) of at most \(high)"
        case (let low, let high): "must be \(kind) between \(low) and \(high)"
        }
    }

    /// The value in a few words, for messages.
    private static func summary(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "number \(value)"
        case .number(let value): "number \(value.shortestText)"
        case .string(let text) where text.unicodeScalars.count > 40:
            "'\(String(text.unicodeScalars.prefix(40)))...'"
        case .string(let text): "'\(text)'"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
