/// A type that a setting can have.
package protocol SettingValue: Sendable, Equatable {
    /// What people call it, after "must be".
    static var kind: String { get }
    /// `nil` where the value is of another type.
    init?(_ node: TOMLNode)
    /// How it is written in a file; `nil` where it is left out.
    var toml: String? { get }
}

extension String: SettingValue {
    package static var kind: String { "a string in quotes" }

    package init?(_ node: TOMLNode) {
        guard case .string(let text) = node.value else { return nil }
        self = text
    }

    package var toml: String? {
        var text = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

extension Int: SettingValue {
    package static var kind: String { "a whole number" }

    package init?(_ node: TOMLNode) {
        guard case .integer(let number) = node.value else { return nil }
        self.init(exactly: number)
    }

    package var toml: String? { description }
}

extension Double: SettingValue {
    package static var kind: String { "a number" }

    package init?(_ node: TOMLNode) {
        switch node.value {
        case .float(let number): self = number
        case .integer(let number): self = Double(number)
        default: return nil
        }
    }

    package var toml: String? { description }
}

extension Bool: SettingValue {
    package static var kind: String { "true or false" }

    package init?(_ node: TOMLNode) {
        guard case .boolean(let value) = node.value else { return nil }
        self = value
    }

    package var toml: String? { description }
}

extension [String]: SettingValue {
    package static var kind: String { "a list of strings" }

    package init?(_ node: TOMLNode) {
        guard case .array(let nodes) = node.value else { return nil }
        let texts = nodes.compactMap { String($0) }
        guard texts.count == nodes.count else { return nil }
        self = texts
    }

    package var toml: String? {
        "[" + compactMap(\.toml).joined(separator: ", ") + "]"
    }
}

extension Optional: SettingValue where Wrapped: SettingValue {
    package static var kind: String { Wrapped.kind }

    package init?(_ node: TOMLNode) {
        guard let value = Wrapped(node) else { return nil }
        self = value
    }

    package var toml: String? { self?.toml }
}
