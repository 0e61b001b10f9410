package import OrderedCollections

/// Object members in the order in which they were written; templates and schemas depend on it.
package typealias JSONObject = OrderedDictionary<String, JSONValue>

/// Any JSON value of RFC 8259, with integers that fit 64 bits kept exact.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}
