/// Writes JSON text value by value, for types that are no ``JSONValue`` and for texts that are
/// written as they come up.
///
///     var writer = JSONWriter(options: .compact)
///     writer.beginObject()
///     writer.writeKey("ids")
///     writer.beginArray()
///     writer.write(1)
///     writer.endArray()
///     writer.endObject()
///     writer.text                 // {"ids":[1]}
///
/// The caller balances begins and ends and writes a key before every member. Collects UTF-8 bytes,
/// which is several times faster than growing a string.
package struct JSONWriter {
    private let options: JSONWritingOptions
    private var bytes: [UInt8] = []
    /// Arrays and objects that are open, and whether the innermost has no element yet.
    private var level = 0
    private var isEmpty = true
    private var followsKey = false

    package init(options: JSONWritingOptions = .compact) {
        self.options = options
    }

    /// What was written so far.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Its length in bytes.
    package var count: Int { bytes.count }

    package mutating func beginArray() {
        begin(UInt8(ascii: "["))
    }

    package mutating func endArray() {
        end(UInt8(ascii: "]"))
    }

    package mutating func beginObject() {
        begin(UInt8(ascii: "{"))
    }

    package mutating func endObject() {
        end(UInt8(ascii: "}"))
    }

    /// The name of the member whose value is written next.
    package mutating func writeKey(_ key: String) {
        beginElement()
        appendQuoted(key)
        append(options.keySeparator)
        followsKey = true
    }

    package mutating func writeNull() {
        beginElement()
        append("null")
    }

    package mutating func write(_ value: Bool) {
        beginElement()
        append(value ? "true" : "false")
    }

    package mutating func write(_ value: Int) {
        beginElement()
        append(String(value))
    }

    package mutating func write(_ value: Double) {
        beginElement()
        append(options.spelling(of: value))
    }

    /// A number whose text the caller has, such as an integer of more than 64 bits.
    package mutating func writeNumber(_ text: String) {
        beginElement()
        append(text)
    }

    package mutating func write(_ value: String) {
        beginElement()
        appendQuoted(value)
    }

    // MARK: Layout

    private mutating func begin(_ bracket: UInt8) {
        beginElement()
        bytes.append(bracket)
        level += 1
        isEmpty = true
    }

    private mutating func end(_ bracket: UInt8) {
        level -= 1
        if !isEmpty { breakLine() }
        bytes.append(bracket)
        isEmpty = false
    }

    /// The separator and the line break before an element or a member's name.
    private mutating func beginElement() {
        if followsKey {
            followsKey = false
            return
        }
        if !isEmpty { append(options.itemSeparator) }
        isEmpty = false
        if level > 0 { breakLine() }
    }

    private mutating func breakLine() {
        guard let indentation = options.indentation else { return }
        append("\n")
        for _ in 0..<level { append(indentation) }
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    // MARK: Strings

    private mutating func appendQuoted(_ string: String) {
        bytes.append(UInt8(ascii: "\""))
        if options.escapesNonASCII {
            for scalar in string.unicodeScalars { appendEscaped(scalar) }
        } else {
            for byte in string.utf8 {
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    appendEscaped(UnicodeScalar(byte))
                } else {
                    bytes.append(byte)
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A scalar that needs an escape, or any when everything outside ASCII does.
    private mutating func appendEscaped(_ scalar: UnicodeScalar) {
        switch scalar {
        case "\"": append("\\\"")
        case "\\": append("\\\\")
        case "\n": append("\\n")
        case "\r": append("\\r")
        case "\t": append("\\t")
        case "\u{8}": append("\\b")
        case "\u{C}": append("\\f")
        case " "..."~": append(String(scalar))
        default:
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            }
        }
    }
}

extension JSONWriter {
    /// A whole value; recurses as deep as it is nested.
    package mutating func write(_ value: JSONValue) {
        switch value {
        case .null: writeNull()
        case .bool(let value): write(value)
        case .integer(let value): write(value)
        case .number(let value): write(value)
        case .string(let value): write(value)
        case .array(let elements):
            beginArray()
            for element in elements { write(element) }
            endArray()
        case .object(let members):
            beginObject()
            for (key, value) in options.sortsKeys ? members.sortedByKey() : members {
                writeKey(key)
                write(value)
            }
            endObject()
        }
    }
}

extension JSONValue {
    /// The value as JSON text.
    ///
    /// Doubles are the shortest text that reads back as the same number, spelled as Python does
    /// (`1.0`, `1e+16`), so that a number keeps its kind. Never fails: see
    /// ``JSONWritingOptions/nonFiniteNumbers``.
    package func serialized(_ options: JSONWritingOptions = .compact) -> String {
        var writer = JSONWriter(options: options)
        writer.write(self)
        return writer.text
    }
}
