import StructuredJSON

/// A value inside a template, with Python's semantics.
///
/// Lists and dictionaries are values, since Python's immutable sandbox keeps templates from changing
/// them; only namespaces, loops, iterators and the like are objects.
enum TemplateValue {
    indirect case undefined(TemplateUndefined)
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer that does not fit 64 bits.
    indirect case big(BigInteger)
    case number(Double)
    case string(String)
    /// A string that counts as HTML and is not escaped again.
    case markup(String)
    case list([TemplateValue])
    case tuple([TemplateValue])
    case dictionary(TemplateDictionary)
    /// `items()`, `keys()` and `values()` of a dictionary; what `groupby` gives.
    case view(TemplateView)
    indirect case range(TemplateRange)
    case iterator(TemplateIterator)
    case function(TemplateFunction)
    case object(any TemplateObject)
}

/// What a name, attribute or item gives that is not there: prints as nothing, fails when used.
struct TemplateUndefined {
    var cause: String
    var code = TemplateError.Code.undefined

    var fault: TemplateFault { TemplateFault(code, cause) }
}

/// A dictionary's members as a sequence.
struct TemplateView {
    enum Kind: String {
        case items = "dict_items"
        case keys = "dict_keys"
        case values = "dict_values"
        /// A tuple of a key and a list, with names for both.
        case group = "_GroupTuple"
    }

    var kind: Kind
    var elements: [TemplateValue]
}

/// Python's `range`.
struct TemplateRange {
    var start: Int
    var count: Int
    var step: Int

    subscript(index: Int) -> Int { start + index * step }

    /// The bound that Python prints: not reached, and perhaps not hit exactly.
    var stop: Int
}

/// Values that are made when they are asked for, once; what `map` and `select` give.
final class TemplateIterator {
    private let makeNext: () throws(TemplateFault) -> TemplateValue?
    /// The values that it draws on.
    var sources: [TemplateValue] = []

    init(_ makeNext: @escaping () throws(TemplateFault) -> TemplateValue?) {
        self.makeNext = makeNext
    }

    convenience init(_ elements: [TemplateValue]) {
        var index = 0
        self.init { () throws(TemplateFault) in
            guard index < elements.count else { return nil }
            defer { index += 1 }
            return elements[index]
        }
    }

    /// An iterator that is set up, and can fail, only when its first value is asked for.
    convenience init(later setUp: @escaping () throws(TemplateFault) -> TemplateIterator) {
        var iterator: TemplateIterator?
        self.init { () throws(TemplateFault) in
            let current = if let iterator { iterator } else { try setUp() }
            iterator = current
            return try current.next()
        }
    }

    func next() throws(TemplateFault) -> TemplateValue? {
        try makeNext()
    }
}

/// Something that can be called: a global, or a method with its receiver.
final class TemplateFunction {
    typealias Body =
        (TemplateInterpreter, CallArguments) throws(TemplateFault) -> TemplateValue

    let name: String
    /// Whose method it is.
    let receiver: TemplateValue?
    let body: Body

    init(_ name: String, of receiver: TemplateValue? = nil, body: @escaping Body) {
        self.name = name
        self.receiver = receiver
        self.body = body
    }
}

/// A value with an identity: namespaces, loops, macros.
protocol TemplateObject: AnyObject {
    /// As messages name it.
    var typeName: String { get }

    /// Levels of values within it.
    func nesting(_ interpreter: TemplateInterpreter) throws(TemplateFault) -> Int

    /// `nil` where there is no such attribute.
    func attribute(_ name: String) throws(TemplateFault) -> TemplateValue?

    func call(
        _ interpreter: TemplateInterpreter, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue
}

extension TemplateObject {
    func call(
        _ interpreter: TemplateInterpreter, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        throw .invalid("'\(typeName)' object is not callable")
    }
}

extension TemplateValue {
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        case .array(let elements): self = .list(elements.map(TemplateValue.init))
        case .object(let members): self = .dictionary(TemplateDictionary(members))
        }
    }

    init(_ literal: TemplateLiteral) {
        switch literal {
        case .none: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .big(let value): self = .big(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        }
    }

    /// An integer of whichever size it has.
    init(_ value: BigInteger) {
        self = value.asInt.map { .integer($0) } ?? .big(value)
    }

    /// Python's name of the type.
    var typeName: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "NoneType"
        case .bool: "bool"
        case .integer, .big: "int"
        case .number: "float"
        case .string: "str"
        case .markup: "Markup"
        case .list: "list"
        case .tuple: "tuple"
        case .dictionary: "dict"
        case .view(let view): view.kind.rawValue
        case .range: "range"
        case .iterator: "generator"
        case .function: "function"
        case .object(let object): object.typeName
        }
    }

    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }

    /// Whether a condition takes it as true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let value), .markup(let value): !value.isEmpty
        case .list(let elements), .tuple(let elements): !elements.isEmpty
        case .dictionary(let members): members.count > 0
        case .view(let view): !view.elements.isEmpty
        case .range(let range): range.count > 0
        case .big, .iterator, .function, .object: true
        }
    }

    /// An integer, or a boolean as the integer that it is in Python.
    var asInteger: Int? {
        switch self {
        case .integer(let value): value
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    /// Any integer, whatever its size.
    var asBig: BigInteger? {
        if case .big(let value) = self { value } else { asInteger.map { BigInteger($0) } }
    }

    /// Any number; infinite for an integer that is larger than any double.
    var asNumber: Double? {
        switch self {
        case .number(let value): value
        case .big(let value): value.asDouble
        default: asInteger.map(Double.init)
        }
    }
}
