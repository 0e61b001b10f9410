/// Text that counts as HTML already, as Python's package markupsafe makes it.
extension String {
    /// With the five characters that mean something to HTML replaced.
    var escapedForHTML: String {
        guard utf8.contains(where: { Self.htmlEscape(of: $0) != nil }) else { return self }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count + 16)
        for byte in utf8 {
            if let escape = Self.htmlEscape(of: byte) {
                bytes.append(contentsOf: escape.utf8)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func htmlEscape(of byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "'"): "&#39;"
        case UInt8(ascii: "\""): "&#34;"
        default: nil
        }
    }

    /// Without comments, then without tags, white space collapsed and entities replaced.
    var withoutTags: String {
        let text = cutting(from: "<!--", to: "-->").cutting(from: "<", to: ">")
        return text.splitWords(maximum: nil, fromRight: false).joined(separator: " ").unescaped
    }

    /// Without what stands between these, from the left, as long as both are there.
    private func cutting(from open: String, to close: String) -> String {
        let (bytes, open, close) = (Array(utf8), Array(open.utf8), Array(close.utf8))
        var kept: [UInt8] = []
        var position = 0
        while let start = bytes.firstIndex(of: open, from: position),
            let end = bytes.firstIndex(of: close, from: start)
        {
            kept.append(contentsOf: bytes[position..<start])
            position = end + close.count
        }
        return String(decoding: kept + bytes[position...], as: UTF8.self)
    }

    /// With numeric entities, and the named ones below, replaced by their characters.
    ///
    /// HTML names 2231 entities, of which prompts hold these; any other name stays as it stands.
    var unescaped: String {
        let bytes = Array(utf8)
        var text: [UInt8] = []
        var position = 0
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "&"),
                let (replacement, end) = Self.entity(bytes, position + 1)
            else {
                text.append(bytes[position])
                position += 1
                continue
            }
            text.append(contentsOf: replacement.utf8)
            position = end
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let namedEntities = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "nbsp": "\u{A0}", "copy": "\u{A9}",
        "reg": "\u{AE}", "laquo": "\u{AB}", "raquo": "\u{BB}", "AMP": "&", "LT": "<", "GT": ">",
        "QUOT": "\"", "COPY": "\u{A9}", "REG": "\u{AE}",
    ]
    /// These need their semicolon.
    private static let terminatedEntities = [
        "apos": "'", "hellip": "\u{2026}", "mdash": "\u{2014}", "ndash": "\u{2013}",
        "lsquo": "\u{2018}", "rsquo": "\u{2019}", "ldquo": "\u{201C}", "rdquo": "\u{201D}",
        "bull": "\u{2022}", "euro": "\u{20AC}", "trade": "\u{2122}",
    ]

    /// The entity whose name begins here, and where it ends.
    private static func entity(_ bytes: [UInt8], _ start: Int) -> (String, Int)? {
        var end = start
        let isNumeric = end < bytes.count && bytes[end] == UInt8(ascii: "#")
        if isNumeric { end += 1 }
        let isHexadecimal =
            isNumeric && end < bytes.count && bytes[end] | 0x20 == UInt8(ascii: "x")
        if isHexadecimal { end += 1 }
        let nameStart = end
        while end < bytes.count, end - nameStart < 32 {
            let scalar = UnicodeScalar(bytes[end])
            let digit = scalar.isASCII ? Character(scalar).hexDigitValue : nil
            let continues =
                isNumeric
                ? digit.map { isHexadecimal || $0 < 10 } ?? false
                : scalar.isASCII && scalar.properties.isAlphabetic
            guard continues else { break }
            end += 1
        }
        let name = String(decoding: bytes[nameStart..<end], as: UTF8.self)
        let isTerminated = end < bytes.count && bytes[end] == UInt8(ascii: ";")
        let next = isTerminated ? end + 1 : end
        if isNumeric {
            guard !name.isEmpty else { return nil }
            let code = UInt32(name, radix: isHexadecimal ? 16 : 10) ?? .max
            guard code != 0, let scalar = UnicodeScalar(code) else { return ("\u{FFFD}", next) }
            return (String(scalar), next)
        }
        if isTerminated, let text = terminatedEntities[name] { return (text, next) }
        if let text = namedEntities[name] { return (text, next) }
        // Without its semicolon a name may run on into text.
        for length in stride(from: name.utf8.count - 1, to: 1, by: -1) {
            if let text = namedEntities[String(name.prefix(length))] {
                return (text, nameStart + length)
            }
        }
        return nil
    }
}

extension TemplateValue {
    /// The text of a string, marked as HTML or not.
    var asText: String? {
        switch self {
        case .string(let text), .markup(let text): text
        default: nil
        }
    }

    var isMarkup: Bool {
        if case .markup = self { true } else { false }
    }

    /// Marked as HTML, where it is a string or holds strings.
    var marked: TemplateValue {
        switch self {
        case .string(let text): .markup(text)
        case .list(let elements): .list(elements.map(\.marked))
        case .tuple(let elements): .tuple(elements.map(\.marked))
        default: self
        }
    }
}

extension TemplateInterpreter {
    /// The value's text, escaped for HTML unless it is marked.
    func escaped(_ value: TemplateValue) throws(TemplateFault) -> String {
        if case .markup(let text) = value { return text }
        let text = try text(of: value)
        try charge(bytes: text.utf8.count.multipliedClamped(by: 5))
        return text.escapedForHTML
    }
}
