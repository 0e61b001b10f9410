import StructuredJSON

/// Kinds of JSON values; whole numbers are apart from others, so that sets of kinds have complements.
struct ValueTypes: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let null = ValueTypes(rawValue: 1)
    static let boolean = ValueTypes(rawValue: 2)
    static let integer = ValueTypes(rawValue: 4)
    static let fraction = ValueTypes(rawValue: 8)
    static let string = ValueTypes(rawValue: 16)
    static let array = ValueTypes(rawValue: 32)
    static let object = ValueTypes(rawValue: 64)

    static let number: ValueTypes = [.integer, .fraction]
    static let all = ValueTypes(rawValue: 127)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The kind that a schema calls by this name.
    init?(named name: String) {
        switch name {
        case "null": self = .null
        case "boolean": self = .boolean
        case "integer": self = .integer
        case "number": self = .number
        case "string": self = .string
        case "array": self = .array
        case "object": self = .object
        case "any": self = .all
        case Self.fractionName: self = .fraction
        default: return nil
        }
    }

    /// Numbers that are not whole, in schemas that negation makes.
    static let fractionName = "\u{0}fraction"

    init(of value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool: self = .boolean
        case .integer: self = .integer
        case .number(let number): self = number == number.rounded() ? .integer : .fraction
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }

    private static let named: [(type: ValueTypes, name: String)] = [
        (.null, "null"), (.boolean, "boolean"), (.integer, "integer"), (.fraction, fractionName),
        (.string, "string"), (.array, "array"), (.object, "object"),
    ]

    var names: [String] {
        Self.named.filter { contains($0.type) }.map(\.name)
    }
}

/// A subschema that must hold, or must not.
struct SchemaItem: Hashable, Sendable, Comparable {
    var node: SchemaDocument.NodeID
    var isNegated = false

    static func < (left: SchemaItem, right: SchemaItem) -> Bool {
        (left.node, left.isNegated ? 1 : 0) < (right.node, right.isNegated ? 1 : 0)
    }
}

/// Subschemas that must all hold, by number.
typealias ConjunctionID = Int32

/// One way to satisfy some subschemas, without choices left but those inside its parts.
struct Shape: Sendable {
    struct ObjectClause: Sendable {
        var properties: [ExactString: SchemaItem] = [:]
        /// In declared order.
        var names: [String] = []
        var patterns: [(expression: ExpressionPool.ID, item: SchemaItem)] = []
        /// For the other members; `nil` admits any.
        var additional: SchemaItem?
        /// Subschemas with `unevaluatedProperties` that see what this one evaluates.
        var owners: Set<SchemaDocument.NodeID> = []
    }

    struct ArrayClause: Sendable {
        var prefix: [SchemaItem] = []
        /// For the other elements; `nil` admits any.
        var rest: SchemaItem?
    }

    struct Contained: Sendable {
        var item: SchemaItem
        var minimum: Int
        var maximum: Int?
    }

    var types: ValueTypes = .all
    /// The values that are left to choose from; `nil` where there is no list.
    var constants: [JSONValue]?
    var excluded: [JSONValue] = []
    var numbers = NumberBounds()
    var multiples: [Decimal] = []
    var minimumLength = 0
    var maximumLength: Int?
    var texts: [ExpressionPool.ID] = []
    var arrays: [ArrayClause] = []
    var minimumItems = 0
    var maximumItems: Int?
    var contained: [Contained] = []
    var hasUniqueItems = false
    var objects: [ObjectClause] = []
    var required: [String] = []
    var minimumProperties = 0
    var maximumProperties: Int?
    var propertyNames: [ExpressionPool.ID] = []
    /// `unevaluatedProperties`, by the subschema that has it.
    var unevaluated: [(owner: SchemaDocument.NodeID, item: SchemaItem)] = []

    mutating func require(_ name: String) {
        if !required.contains(where: { $0.isExactly(name) }) { required.append(name) }
    }
}

extension JSONValue {
    /// Equality as JSON Schema has it: 1 and 1.0 are one number.
    func isSame(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.integer(let left), .number(let right)): return Double(left) == right
        case (.number(let left), .integer(let right)): return left == Double(right)
        case (.array(let left), .array(let right)):
            return left.count == right.count
                && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.allSatisfy { key, value in right[key]?.isSame(as: value) ?? false }
        default: return self == other
        }
    }
}
