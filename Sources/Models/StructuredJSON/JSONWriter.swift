import OrderedCollections

/// How a value is written as text.
package struct JSONWritingOptions: Sendable {
    /// JSON has no word for NaN and the infinities.
    package enum NonFiniteNumbers: Sendable {
        /// `null`, as JavaScript writes them: the text stays JSON.
        case null
        /// `NaN`, `Infinity`, `-Infinity`, as Python writes them: the text is no longer JSON.
        case python
    }

    package var itemSeparator: String
    package var keySeparator: String
    /// Spaces a level, every element on its own line; `nil` keeps everything on one line.
    package var indentation: Int?
    /// Everything outside ASCII becomes `\u` escapes.
    package var escapesNonASCII: Bool
    /// Members in the order of their names' scalars instead of their own.
    package var sortsKeys: Bool
    package var nonFiniteNumbers: NonFiniteNumbers

    package init(
        itemSeparator: String = ",", keySeparator: String = ":", indentation: Int? = nil,
        escapesNonASCII: Bool = false, sortsKeys: Bool = false,
        nonFiniteNumbers: NonFiniteNumbers = .null
    ) {
        self.itemSeparator = itemSeparator
        self.keySeparator = keySeparator
        self.indentation = indentation
        self.escapesNonASCII = escapesNonASCII
        self.sortsKeys = sortsKeys
        self.nonFiniteNumbers = nonFiniteNumbers
    }

    /// No white space at all.
    package static let compact = JSONWritingOptions()
    /// Two spaces a level.
    package static let pretty = JSONWritingOptions(keySeparator: ": ", indentation: 2)
    /// As Python's `json.dumps` writes by default, but with text outside ASCII as it stands.
    package static let python = JSONWritingOptions(
        itemSeparator: ", ", keySeparator: ": ", nonFiniteNumbers: .python)
}

extension JSONValue {
    /// The value as JSON text.
    ///
    /// Doubles are the shortest text that reads back as the same number, spelled as Python does
    /// (`1.0`, `1e+16`), so that a number keeps its kind. Never fails: see
    /// ``JSONWritingOptions/nonFiniteNumbers``. Recurses as deep as the value.
    package func serialized(_ options: JSONWritingOptions = .compact) -> String {
        var writer = JSONWriter(options: options)
        writer.write(self, level: 0)
        return writer.text
    }
}

private struct JSONWriter {
    let options: JSONWritingOptions
    private(set) var text = ""

    init(options: JSONWritingOptions) {
        self.options = options
    }

    mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): write(value)
        case .string(let value): write(value)
        case .array(let elements): write(elements, level: level)
        case .object(let members): write(members, level: level)
        }
    }

    private mutating func write(_ elements: [JSONValue], level: Int) {
        guard !elements.isEmpty else {
            text += "[]"
            return
        }
        text += "["
        for (index, element) in elements.enumerated() {
            if index > 0 { text += options.itemSeparator }
            breakLine(level: level + 1)
            write(element, level: level + 1)
        }
        breakLine(level: level)
        text += "]"
    }

    private mutating func write(_ members: JSONObject, level: Int) {
        guard !members.isEmpty else {
            text += "{}"
            return
        }
        var members = members
        if options.sortsKeys {
            members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        }
        text += "{"
        for (index, member) in members.elements.enumerated() {
            if index > 0 { text += options.itemSeparator }
            breakLine(level: level + 1)
            write(member.key)
            text += options.keySeparator
            write(member.value, level: level + 1)
        }
        breakLine(level: level)
        text += "}"
    }

    private mutating func breakLine(level: Int) {
        guard let indentation = options.indentation else { return }
        text += "\n"
        text += String(repeating: " ", count: indentation * level)
    }

    private mutating func write(_ number: Double) {
        switch (number.isFinite, options.nonFiniteNumbers) {
        case (true, _): text += number.shortestText
        case (false, .null): text += "null"
        case (false, .python): text += number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
        }
    }

    private mutating func write(_ string: String) {
        text += "\""
        if needsEscapes(string) {
            for scalar in string.unicodeScalars { write(scalar) }
        } else {
            text += string
        }
        text += "\""
    }

    private func needsEscapes(_ string: String) -> Bool {
        string.utf8.contains { byte in
            byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                || (options.escapesNonASCII && byte >= 0x7F)
        }
    }

    private mutating func write(_ scalar: UnicodeScalar) {
        switch scalar {
        case "\"": text += "\\\""
        case "\\": text += "\\\\"
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case "\u{8}": text += "\\b"
        case "\u{C}": text += "\\f"
        case "\0"..<" ": writeEscape(UInt16(scalar.value))
        case "\u{7F}"... where options.escapesNonASCII:
            for unit in UTF16.encode(scalar) ?? .init() { writeEscape(unit) }
        default: text.unicodeScalars.append(scalar)
        }
    }

    private mutating func writeEscape(_ unit: UInt16) {
        let digits = String(unit, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
