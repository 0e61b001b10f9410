import OrderedCollections
import StructuredJSON

/// A Python dictionary: any hashable key, in the order of insertion.
struct TemplateDictionary {
    private var storage: OrderedDictionary<TemplateKey, TemplateValue> = [:]

    init() {}

    init(_ members: JSONObject) {
        storage.reserveCapacity(members.count)
        for (key, value) in members { storage[TemplateKey(key)] = TemplateValue(value) }
    }

    var count: Int { storage.count }

    var keys: [TemplateValue] { storage.keys.map(\.value) }

    var values: [TemplateValue] { Array(storage.values) }

    var elements: [(key: TemplateValue, value: TemplateValue)] {
        storage.elements.map { ($0.key.value, $0.value) }
    }

    /// Keys and values as tuples.
    var pairs: [TemplateValue] {
        storage.elements.map { .tuple([$0.key.value, $0.value]) }
    }

    subscript(name: String) -> TemplateValue? {
        get { storage[TemplateKey(name)] }
        set { storage[TemplateKey(name)] = newValue }
    }

    subscript(key: TemplateKey) -> TemplateValue? {
        get { storage[key] }
        set { storage[key] = newValue }
    }

    /// Two dictionaries are equal whatever the order.
    func isEqual(to other: TemplateDictionary) -> Bool {
        count == other.count
            && storage.allSatisfy { key, value in
                other.storage[key].map { value.isEqual(to: $0) } ?? false
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
        case .string(let text):
            var text = text
            text.withUTF8 { bytes in unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
        case .number(let number):
            if let integer = Int(exactly: number) {
                hasher.combine(integer)
            } else {
                hasher.combine(number)
            }
        case .bool, .integer:
            hasher.combine(value.asInteger ?? 0)
        case .tuple(let elements):
            for element in elements { hash(element, into: &hasher) }
        default:
            // Rare as keys: equality tells them apart.
            hasher.combine(0)
        }
    }
}
