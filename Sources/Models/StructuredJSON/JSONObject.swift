import OrderedCollections

/// Members in the order in which they were written; templates and schemas depend on it.
///
/// Names are compared scalar by scalar, as RFC 8259 asks (section 8.3): see ``ExactString``.
/// Lookups take constant time.
package struct JSONObject: Sendable, Hashable {
    private var members: OrderedDictionary<ExactString, JSONValue>

    package init() {
        self.members = [:]
    }

    /// The names must differ.
    package init(uniqueKeysWithValues members: some Sequence<(String, JSONValue)>) {
        self.members = OrderedDictionary(
            uniqueKeysWithValues: members.lazy.map { (ExactString($0.0), $0.1) })
    }

    package var keys: [String] { members.keys.map(\.text) }

    package var values: [JSONValue] { Array(members.values) }

    /// The member of that name; setting `nil` removes it.
    package subscript(key: String) -> JSONValue? {
        get { members[ExactString(key)] }
        set { members[ExactString(key)] = newValue }
    }

    package mutating func reserveCapacity(_ count: Int) {
        members.reserveCapacity(count)
    }

    /// Sets a member, in the place of a former one of that name, which is given back.
    @discardableResult
    package mutating func updateValue(_ value: JSONValue, forKey key: String) -> JSONValue? {
        members.updateValue(value, forKey: ExactString(key))
    }

    /// Adds another's members; `combine` chooses between a former value and a new one.
    package mutating func merge(
        _ other: JSONObject, uniquingKeysWith combine: (JSONValue, JSONValue) -> JSONValue
    ) {
        members.merge(other.members, uniquingKeysWith: combine)
    }

    /// The members in the order of their names' scalars.
    package func sortedByKey() -> JSONObject {
        var sorted = self
        sorted.members.sort { $0.key.text.utf8.lexicographicallyPrecedes($1.key.text.utf8) }
        return sorted
    }
}

extension JSONObject: RandomAccessCollection {
    package var startIndex: Int { 0 }

    package var endIndex: Int { members.count }

    package subscript(position: Int) -> (key: String, value: JSONValue) {
        let (key, value) = members.elements[position]
        return (key.text, value)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// The names must differ.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(uniqueKeysWithValues: elements)
    }
}
