import OrderedCollections

/// Reads TOML 1.0 (https://toml.io/en/v1.0.0).
///
/// Dates and times are checked for their form and kept as text. Nested values end at ``deepest``.
package struct TOMLParser {
    /// How deep arrays and inline tables may lie in each other, and how many parts a key may have.
    package static let deepest = 64

    typealias Table = OrderedDictionary<String, TOMLNode>

    var scanner: TOMLScanner
    private var tree = TOMLTree()

    /// The root table of a document.
    ///
    /// - Throws: ``SettingsError/Code/syntax`` with the line.
    package static func parse(_ text: String) throws(SettingsError) -> TOMLNode {
        var parser = TOMLParser(scanner: try TOMLScanner(text))
        return try parser.document()
    }

    private init(scanner: TOMLScanner) {
        self.scanner = scanner
    }

    private mutating func document() throws(SettingsError) -> TOMLNode {
        var header: [String] = []
        while true {
            try scanner.skipBlankLines()
            guard let next = scanner.peek else { break }
            let line = scanner.line
            if next == UInt8(ascii: "[") {
                scanner.advance()
                let isList = scanner.skip("[")
                header = try key()
                guard scanner.skip(isList ? "]]" : "]") else {
                    throw scanner.error("a table's name must be followed by \(isList ? "]]" : "]")")
                }
                try tree.open(header, isList: isList, line: line)
            } else {
                let name = try key()
                let value = try assignedValue(depth: 0)
                try tree.insert(value, at: name, below: header, line: line)
            }
            try scanner.endLine()
        }
        return tree.root
    }

    private mutating func assignedValue(depth: Int) throws(SettingsError) -> TOMLNode {
        scanner.skipSpaces()
        guard scanner.skip("=") else { throw scanner.error("a key must be followed by =") }
        scanner.skipSpaces()
        return try value(depth: depth)
    }

    // MARK: Keys

    /// A dotted key, spaces around it taken.
    private mutating func key() throws(SettingsError) -> [String] {
        var parts: [String] = []
        repeat {
            scanner.skipSpaces()
            parts.append(try keyPart())
            scanner.skipSpaces()
            guard parts.count <= Self.deepest else {
                throw scanner.error("a key has more than \(Self.deepest) parts")
            }
        } while scanner.skip(".")
        return parts
    }

    private mutating func keyPart() throws(SettingsError) -> String {
        switch scanner.peek {
        case UInt8(ascii: "\""):
            guard !scanner.isNext("\"\"\"") else {
                throw scanner.error("a key must be on one line")
            }
            return try scanner.basicString()
        case UInt8(ascii: "'"):
            guard !scanner.isNext("'''") else { throw scanner.error("a key must be on one line") }
            return try scanner.literalString()
        default:
            let word = scanner.take { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
            guard !word.isEmpty else { throw scanner.error("a key is missing") }
            return word
        }
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(SettingsError) -> TOMLNode {
        guard depth < Self.deepest else {
            throw scanner.error("values lie in each other more than \(Self.deepest) deep")
        }
        let line = scanner.line
        switch scanner.peek {
        case UInt8(ascii: "\""):
            let text =
                scanner.isNext("\"\"\"")
                ? try scanner.multilineBasicString() : try scanner.basicString()
            return TOMLNode(.string(text), line: line)
        case UInt8(ascii: "'"):
            let text =
                scanner.isNext("'''")
                ? try scanner.multilineLiteralString() : try scanner.literalString()
            return TOMLNode(.string(text), line: line)
        case UInt8(ascii: "["): return TOMLNode(.array(try array(depth: depth)), line: line)
        case UInt8(ascii: "{"): return TOMLNode(.table(try inlineTable(depth: depth)), line: line)
        default: return TOMLNode(try scanner.scalar(), line: line)
        }
    }

    private mutating func array(depth: Int) throws(SettingsError) -> [TOMLNode] {
        scanner.advance()
        var items: [TOMLNode] = []
        while true {
            try scanner.skipBlankLines()
            if scanner.skip("]") { return items }
            items.append(try value(depth: depth + 1))
            try scanner.skipBlankLines()
            if scanner.skip("]") { return items }
            guard scanner.skip(",") else {
                throw scanner.error("the values of a list must be separated by commas")
            }
        }
    }

    private mutating func inlineTable(depth: Int) throws(SettingsError) -> Table {
        scanner.advance()
        var tree = TOMLTree()
        scanner.skipSpaces()
        if scanner.skip("}") { return [:] }
        while true {
            let line = scanner.line
            let name = try key()
            let value = try assignedValue(depth: depth + 1)
            try tree.insert(value, at: name, below: [], line: line)
            scanner.skipSpaces()
            if scanner.skip("}") { break }
            guard scanner.skip(",") else {
                throw scanner.error(
                    "an inline table must be on one line, its values separated by commas")
            }
        }
        guard case .table(let table) = tree.root.value else { return [:] }
        return table
    }
}
