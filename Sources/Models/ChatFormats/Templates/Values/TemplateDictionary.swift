import OrderedCollections
import StructuredJSON

/// A Python dictionary: any hashable key, in the order of insertion.
///
/// What came as JSON stays JSON and is made into values member by member, when they are asked for: a
/// template looks at few members of a long conversation, and at each of them seldom.
struct TemplateDictionary {
    private enum Storage {
        case json(JSONObject)
        case values(OrderedDictionary<TemplateKey, TemplateValue>)
    }

    private var storage: Storage

    init() {
        storage = .values([:])
    }

    init(_ members: JSONObject) {
        storage = .json(members)
    }

    /// Whether it is still as it came.
    var isJSON: Bool {
        if case .json = storage { true } else { false }
    }

    var count: Int {
        switch storage {
        case .json(let members): members.count
        case .values(let members): members.count
        }
    }

    var keys: [TemplateValue] {
        switch storage {
        case .json(let members): members.map { .string($0.key) }
        case .values(let members): members.keys.map(\.value)
        }
    }

    var values: [TemplateValue] {
        switch storage {
        case .json(let members): members.map { TemplateValue($0.value) }
        case .values(let members): Array(members.values)
        }
    }

    var elements: [(key: TemplateValue, value: TemplateValue)] {
        switch storage {
        case .json(let members): members.map { (.string($0.key), TemplateValue($0.value)) }
        case .values(let members): members.elements.map { ($0.key.value, $0.value) }
        }
    }

    /// Keys and values as tuples.
    var pairs: [TemplateValue] {
        elements.map { .tuple([$0.key, $0.value]) }
    }

    subscript(name: String) -> TemplateValue? {
        get {
            switch storage {
            case .json(let members): members[name].map(TemplateValue.init)
            case .values(let members): members[TemplateKey(name)]
            }
        }
        set { self[TemplateKey(name)] = newValue }
    }

    subscript(key: TemplateKey) -> TemplateValue? {
        get {
            switch storage {
            case .json: key.value.asText.flatMap { self[$0] }
            case .values(let members): members[key]
            }
        }
        set {
            var members = converted
            storage = .values([:])
            members[key] = newValue
            storage = .values(members)
        }
    }

    private var converted: OrderedDictionary<TemplateKey, TemplateValue> {
        switch storage {
        case .json(let members):
            OrderedDictionary(
                uniqueKeysWithValues: members.lazy.map {
                    (TemplateKey($0.key), TemplateValue($0.value))
                })
        case .values(let members): members
        }
    }

    /// Two dictionaries are equal whatever the order.
    func isEqual(to other: TemplateDictionary) -> Bool {
        guard count == other.count else { return false }
        switch storage {
        case .json(let members):
            return members.allSatisfy { name, value in
                other[name].map { TemplateValue(value).isEqual(to: $0) } ?? false
            }
        case .values(let members):
            return members.allSatisfy { key, value in
                other[key].map { value.isEqual(to: $0) } ?? false
            }
        }
    }
}

/// A dictionary's key.
///
/// `1`, `1.0` and `true` are the same key, as in Python, and strings are compared scalar by scalar:
/// two spellings of an accented letter are two keys.
struct TemplateKey: Hashable {
    let value: TemplateValue

    init(_ name: String) {
        self.value = .string(name)
    }

    /// Throws for values that Python cannot hash.
    init(_ value: TemplateValue) throws(TemplateFault) {
        switch value {
        case .view(let view) where view.kind == .values: break
        case .view(let view) where view.kind == .group:
            for element in view.elements { _ = try TemplateKey(element) }
        case .list, .dictionary, .view:
            throw .invalid("unhashable type: '\(value.typeName)'")
        case .tuple(let elements):
            for element in elements { _ = try TemplateKey(element) }
        default: break
        }
        self.value = value
    }

    static func == (left: TemplateKey, right: TemplateKey) -> Bool {
        left.value.isEqual(to: right.value)
    }

    func hash(into hasher: inout Hasher) {
        Self.hash(value, into: &hasher)
    }

    private static func hash(_ value: TemplateValue, into hasher: inout Hasher) {
        switch value {
        case .string(let text), .markup(let text):
            hasher.combine(ExactString(text))
        case .number(let number):
            if let integer = Int(exactly: number) {
                hasher.combine(integer)
            } else {
                hasher.combine(number)
            }
        case .big(let value):
            hasher.combine(value.asDouble)
        case .bool, .integer:
            hasher.combine(value.asInteger ?? 0)
        case .tuple(let elements):
            for element in elements { hash(element, into: &hasher) }
        case .view(let view):
            for element in view.elements { hash(element, into: &hasher) }
        default:
            // Rare as keys: equality tells them apart.
            hasher.combine(0)
        }
    }
}
