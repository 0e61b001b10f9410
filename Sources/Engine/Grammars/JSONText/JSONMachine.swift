/// How JSON that a schema describes may be written.
package struct JSONFormatting: Sendable, Hashable {
    package enum Whitespace: Sendable, Hashable {
        /// None at all: shortest, and most text is forced.
        case none
        /// Any white space where people and programs put it, up to a bound.
        case flexible
    }

    package enum PropertyOrder: Sendable, Hashable {
        /// Members in any order, as validators take them.
        case any
        /// Declared members in the schema's order, others behind them.
        case declared
    }

    package var whitespace: Whitespace
    package var propertyOrder: PropertyOrder

    package init(whitespace: Whitespace = .flexible, propertyOrder: PropertyOrder = .any) {
        self.whitespace = whitespace
        self.propertyOrder = propertyOrder
    }
}

/// Reads JSON texts that a schema admits.
struct JSONMachine: Machine {
    typealias Thread = JSONThread

    var schemas: SchemaCompiler
    let formatting: JSONFormatting
    let limits: GrammarLimits
    private(set) var fault: GrammarError?
    let rootConjunction: ConjunctionID

    var objectPlans: [ObjectPlan] = []
    var arrayPlans: [ArrayPlan] = []
    var numberPlans: [NumberPlan] = []
    /// The plan of each shape that has one, by index of the shape.
    var objectPlanOf: [Int32: Int32] = [:]
    var arrayPlanOf: [Int32: Int32] = [:]
    var scalarsOf: [Int32: ScalarStarts] = [:]
    var numberLiveness: [NumberState: Bool] = [:]
    var frames = InternedList<JSONFrame>()
    var marks = InternedList<[UInt64]>([[]])
    var patternStates = InternedList<[ExpressionPool.ID]>([[]])
    var costs: [ConjunctionID: Int?] = [:]
    var costsUnderway: Set<ConjunctionID> = []

    static let literals: [[UInt8]] = [Array("true".utf8), Array("false".utf8), Array("null".utf8)]

    var pool: ExpressionPool {
        _read { yield schemas.pool }
        _modify { yield &schemas.pool }
    }

    init(
        _ schemas: consuming SchemaCompiler, formatting: JSONFormatting, limits: GrammarLimits
    ) {
        rootConjunction = schemas.root()
        self.schemas = schemas
        self.formatting = formatting
        self.limits = limits
    }

    var failure: GrammarError? {
        if let fault { return fault }
        return schemas.pool.account.failure(at: "#")
    }

    var size: Int { frames.count + marks.count + patternStates.count + schemas.pool.count / 8 }

    func start() -> [JSONThread] {
        var thread = JSONThread(mode: .value, frame: -1)
        thread.state = rootConjunction
        return [thread]
    }

    func accepts(_ thread: JSONThread) -> Bool {
        switch thread.mode {
        case .end: true
        case .number: thread.frame < 0 && endsNumber(thread)
        default: false
        }
    }

    /// Runs what can fail; a failure ends the grammar.
    mutating func attempt<Result>(
        _ fallback: Result, _ work: (inout JSONMachine) throws(GrammarError) -> Result
    ) -> Result {
        do throws(GrammarError) {
            return try work(&self)
        } catch {
            if fault == nil { fault = error }
            return fallback
        }
    }

    // MARK: Steps

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D
    }

    mutating func step(_ thread: JSONThread, _ byte: UInt8, into next: inout [JSONThread]) {
        switch thread.mode {
        case .string: stepString(thread, byte, into: &next)
        case .key: stepKey(thread, byte, into: &next)
        case .number: stepNumber(thread, byte, into: &next)
        case .literal:
            let text = Self.literals[Int(thread.state)]
            guard text[Int(thread.extra)] == byte else { return }
            var thread = thread
            thread.extra += 1
            if Int(thread.extra) == text.count {
                next.append(finished(thread.frame))
            } else {
                next.append(thread)
            }
        case .value, .firstElement:
            if Self.isSpace(byte) { return stepSpace(thread, byte, into: &next) }
            if thread.mode == .firstElement {
                if byte == UInt8(ascii: "]") { return closeArray(thread.frame, into: &next) }
                return beginElement(thread.frame, byte, into: &next)
            }
            beginValue(thread.state, thread.frame, byte, into: &next)
        case .colon:
            guard byte == UInt8(ascii: ":") else { return }
            var value = JSONThread(mode: .value, frame: thread.frame)
            value.state = thread.state
            next.append(value)
        case .firstMember, .nextMember:
            if Self.isSpace(byte) { return stepSpace(thread, byte, into: &next) }
            if byte == UInt8(ascii: "\"") { return beginKey(thread.frame, into: &next) }
            if thread.mode == .firstMember, byte == UInt8(ascii: "}") {
                closeObject(thread.frame, into: &next)
            }
        case .afterValue: stepAfterValue(thread, byte, into: &next)
        case .end: break
        }
    }

    private func stepSpace(
        _ thread: JSONThread, _ byte: UInt8, into next: inout [JSONThread]
    ) {
        guard formatting.whitespace == .flexible, thread.frame >= 0,
            Int(thread.extra) < limits.maximumWhitespace
        else { return }
        var thread = thread
        thread.extra += 1
        next.append(thread)
    }

    private mutating func stepAfterValue(
        _ thread: JSONThread, _ byte: UInt8, into next: inout [JSONThread]
    ) {
        let frame = frames[thread.frame]
        let isObject = frame.plan >= 0
        switch byte {
        case UInt8(ascii: ",") where thread.extra == 0:
            if isObject {
                guard admitsMember(frame) else { return }
                next.append(JSONThread(mode: .nextMember, frame: thread.frame))
            } else {
                guard admitsElement(frame) else { return }
                nextElements(thread.frame, into: &next)
            }
        case UInt8(ascii: "}") where isObject: closeObject(thread.frame, into: &next)
        case UInt8(ascii: "]") where !isObject: closeArray(thread.frame, into: &next)
        case _ where Self.isSpace(byte):
            guard isObject ? canCloseObject(frame) : canCloseArray(frame) else { return }
            stepSpace(thread, byte, into: &next)
        default: break
        }
    }

    /// What follows a value in a frame.
    func finished(_ frame: Int32) -> JSONThread {
        JSONThread(mode: frame < 0 ? .end : .afterValue, frame: frame)
    }

    /// The first byte of a value.
    mutating func beginValue(
        _ conjunction: ConjunctionID, _ frame: Int32, _ byte: UInt8, into next: inout [JSONThread]
    ) {
        let alternatives = attempt([]) { machine throws(GrammarError) in
            try machine.schemas.expand(conjunction)
        }
        for shape in alternatives {
            switch byte {
            case UInt8(ascii: "{"):
                if let plan = objectPlan(of: shape) { open(plan, frame, .firstMember, into: &next) }
            case UInt8(ascii: "["):
                if let plan = arrayPlan(of: shape) {
                    open(-1 - plan, frame, .firstElement, into: &next)
                }
            case UInt8(ascii: "\""):
                let starts = scalars(of: shape)
                guard starts.text != ExpressionPool.nothing else { continue }
                var thread = JSONThread(mode: .string, frame: frame)
                thread.state = starts.text
                thread.need = starts.need
                thread.room = starts.room
                next.append(thread)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let starts = scalars(of: shape)
                guard starts.number >= 0 else { continue }
                var thread = JSONThread(mode: .number, frame: frame)
                thread.number = starts.number
                thread.state = numberPlans[Int(starts.number)].expression
                thread.need = -1
                stepNumber(thread, byte, into: &next)
            default:
                for (index, text) in Self.literals.enumerated()
                where text[0] == byte && scalars(of: shape).literals >> index & 1 == 1 {
                    var thread = JSONThread(mode: .literal, frame: frame)
                    thread.state = Int32(index)
                    thread.extra = 1
                    next.append(thread)
                }
            }
        }
    }

    private mutating func open(
        _ plan: Int32, _ parent: Int32, _ mode: JSONThread.Mode, into next: inout [JSONThread]
    ) {
        let depth = parent < 0 ? 0 : frames[parent].depth + 1
        guard Int(depth) < limits.maximumDepth else { return }
        let frame = frames.index(
            of: JSONFrame(parent: parent, plan: plan, depth: depth))
        next.append(JSONThread(mode: mode, frame: frame))
    }

    func blurred(_ thread: JSONThread, for length: Int) -> JSONThread {
        guard thread.mode == .string else { return thread }
        var thread = thread
        thread.need = min(thread.need, Int32(clamping: length))
        thread.room = min(thread.room, Int32(clamping: length))
        return thread
    }
}

/// Values by number, each stored once.
struct InternedList<Value: Hashable & Sendable>: Sendable {
    private var values: [Value]
    private var index: [Value: Int32] = [:]

    init(_ values: [Value] = []) {
        self.values = values
        for (number, value) in values.enumerated() { index[value] = Int32(number) }
    }

    var count: Int { values.count }

    subscript(number: Int32) -> Value { values[Int(number)] }

    mutating func index(of value: Value) -> Int32 {
        if let number = index[value] { return number }
        let number = Int32(values.count)
        values.append(value)
        index[value] = number
        return number
    }
}
