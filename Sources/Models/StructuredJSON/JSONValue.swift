package import OrderedCollections

/// Object members in the order in which they were written; templates and schemas depend on it.
package typealias JSONObject = OrderedDictionary<String, JSONValue>

/// Any JSON value (RFC 8259). Integers that fit 64 bits stay exact.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}
