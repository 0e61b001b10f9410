package import OrderedCollections

/// A value of a TOML document, and the line where it begins.
package struct TOMLNode: Sendable, Equatable {
    package indirect enum Value: Sendable, Equatable {
        case string(String)
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        /// Date, time or both, as written.
        case time(String)
        case array([TOMLNode])
        case table(OrderedDictionary<String, TOMLNode>)
    }

    package var value: Value
    package var line: Int

    package init(_ value: Value, line: Int) {
        self.value = value
        self.line = line
    }

    /// What people call this kind of value.
    package var kind: String {
        switch value {
        case .string: "a string"
        case .integer: "a whole number"
        case .float: "a number"
        case .boolean: "true or false"
        case .time: "a date or time"
        case .array: "a list"
        case .table: "a table"
        }
    }
}
