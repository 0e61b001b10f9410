/// One setting, declared once: its name, type, default, what it may be and what it is for.
///
/// Reading, checking, the documented file and the documentation are made from it.
package struct Setting<Value: SettingValue>: AnySetting {
    /// The table that holds it, such as `access.anonymous`.
    package let group: String
    package let name: String
    package let standard: Value
    package let help: String
    /// Shown in the documented file where there is no default.
    package let example: String?
    /// What a value must be instead; `nil` where it is right.
    private let complaint: @Sendable (Value) -> String?

    package init(
        _ group: String, _ name: String, default standard: Value, example: String? = nil,
        _ help: String, complaint: @escaping @Sendable (Value) -> String? = { _ in nil }
    ) {
        self.group = group
        self.name = name
        self.standard = standard
        self.example = example
        self.help = help
        self.complaint = complaint
    }

    package var key: String { "\(group).\(name)" }
    package var standardTOML: String? { standard.toml }

    /// - Throws: ``SettingsError`` that names key and line.
    package func check(_ node: TOMLNode) throws(SettingsError) {
        guard let value = Value(node) else {
            throw SettingsError(
                .wrongType, "\(key) must be \(Value.kind), not \(node.kind)", key: key,
                line: node.line)
        }
        if let complaint = complaint(value) {
            throw SettingsError(
                .invalidValue, "\(key) must be \(complaint), got \(value.toml ?? "nothing")",
                key: key, line: node.line)
        }
    }
}

/// A setting of whatever type.
package protocol AnySetting: Sendable {
    var group: String { get }
    var name: String { get }
    var key: String { get }
    var help: String { get }
    var standardTOML: String? { get }
    var example: String? { get }
    func check(_ node: TOMLNode) throws(SettingsError)
}

extension Setting<Int> {
    package init(
        _ group: String, _ name: String, default standard: Int, in range: ClosedRange<Int>,
        _ help: String
    ) {
        self.init(group, name, default: standard, help) { value in
            range.contains(value) ? nil : "\(range.lowerBound) to \(range.upperBound)"
        }
    }
}

extension Setting<Int?> {
    package init(
        _ group: String, _ name: String, in range: ClosedRange<Int>, example: Int, _ help: String
    ) {
        self.init(group, name, default: nil, example: "\(example)", help) { value in
            value.map(range.contains) ?? true
                ? nil : "\(range.lowerBound) to \(range.upperBound)"
        }
    }
}

extension Setting<Double> {
    package init(
        _ group: String, _ name: String, default standard: Double, in range: ClosedRange<Double>,
        _ help: String
    ) {
        self.init(group, name, default: standard, help) { value in
            range.contains(value) ? nil : "\(range.lowerBound) to \(range.upperBound)"
        }
    }
}

extension Setting<Double?> {
    /// `least` is itself too little.
    package init(
        _ group: String, _ name: String, over least: Double, upTo most: Double, example: Double,
        _ help: String
    ) {
        self.init(group, name, default: nil, example: "\(example)", help) { value in
            value.map { $0 > least && $0 <= most } ?? true
                ? nil : "more than \(least) and at most \(most)"
        }
    }
}

extension Setting<String> {
    package init(
        _ group: String, _ name: String, default standard: String, oneOf choices: [String],
        _ help: String
    ) {
        self.init(group, name, default: standard, help) { value in
            choices.contains(value) ? nil : NearestName.list(choices)
        }
    }
}
