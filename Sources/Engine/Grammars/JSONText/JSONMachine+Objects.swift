import StructuredJSON

/// What the members of an object must be.
struct ObjectPlan: Sendable {
    struct NameNode: Sendable {
        var next: [(byte: UInt8, node: Int32)] = []
        /// The declared member whose name ends here, or -1.
        var member: Int32 = -1
        /// Declared members below, as a range of the sorted ones.
        var range: Range<Int32> = 0..<0
    }

    var shape: Int32
    var names: [[UInt8]] = []
    var conjunctions: [ConjunctionID] = []
    /// Members by their names' bytes.
    var sorted: [Int32] = []
    var nodes: [NameNode] = []
    var isRequired: [Bool] = []
    /// Whether a value exists for the member; 2 is not asked yet.
    var isPossible: [UInt8] = []
    var requiredCount: Int32 = 0
    var minimum: Int32
    var maximum: Int32
    /// First the expressions that all names must match, then those of `patternProperties`.
    var expressions: [ExpressionPool.ID] = []
    var rules = 0
    /// The set of `expressions` before the first byte.
    var startStates: Int32 = 0
    /// What a member without a pattern must be, and whether it can be.
    var admitsOthers = false
    /// By which patterns match.
    var others: [[Bool]: (conjunction: ConjunctionID, isPossible: Bool)] = [:]
}

extension JSONMachine {
    mutating func objectPlan(of index: Int32) -> Int32? {
        if let known = objectPlanOf[index] { return known < 0 ? nil : known }
        let shape = schemas.shapes[Int(index)]
        guard shape.types.contains(.object), shape.constants == nil else {
            objectPlanOf[index] = -1
            return nil
        }
        let isPossible = attempt(false) { machine throws(GrammarError) in
            var only = shape
            only.types = .object
            return try machine.schemas.isInhabitedAlone(only)
        }
        guard isPossible else {
            objectPlanOf[index] = -1
            return nil
        }
        var plan = ObjectPlan(
            shape: index, minimum: Int32(clamping: shape.minimumProperties),
            maximum: Int32(clamping: shape.maximumProperties ?? .max))
        var seen: Set<ExactString> = []
        var declared: [String] = []
        for clause in shape.objects {
            for name in clause.names where seen.insert(ExactString(name)).inserted {
                declared.append(name)
            }
        }
        for name in shape.required where seen.insert(ExactString(name)).inserted {
            declared.append(name)
        }
        let required = Set(shape.required.map { ExactString($0) })
        for name in declared {
            let bytes = Array(name.utf8)
            plan.names.append(bytes)
            plan.conjunctions.append(schemas.conjunction(ofMember: name, in: shape))
            plan.isRequired.append(required.contains(ExactString(name)))
            let isAllowed = shape.propertyNames.allSatisfy { schemas.matches($0, bytes) }
            plan.isPossible.append(isAllowed ? 2 : 0)
        }
        plan.requiredCount = Int32(required.count)
        plan.expressions = shape.propertyNames
        plan.rules = shape.propertyNames.count
        for clause in shape.objects {
            for (expression, _) in clause.patterns
            where !plan.expressions[plan.rules...].contains(expression) {
                plan.expressions.append(expression)
            }
        }
        plan.startStates = patternStates.index(of: plan.expressions)
        makeTree(&plan)
        let number = Int32(objectPlans.count)
        objectPlans.append(plan)
        objectPlanOf[index] = number
        let none = [Bool](repeating: false, count: plan.expressions.count - plan.rules)
        objectPlans[Int(number)].admitsOthers = other(number, none).isPossible
        return number
    }

    private func makeTree(_ plan: inout ObjectPlan) {
        let names = plan.names
        plan.sorted = names.indices.map { Int32($0) }.sorted {
            names[Int($0)].lexicographicallyPrecedes(names[Int($1)])
        }
        plan.nodes = [ObjectPlan.NameNode()]
        plan.nodes[0].range = 0..<Int32(names.count)
        for (place, member) in plan.sorted.enumerated() {
            var node = 0
            for byte in names[Int(member)] {
                if let last = plan.nodes[node].next.last, last.byte == byte {
                    node = Int(last.node)
                    let range = plan.nodes[node].range
                    plan.nodes[node].range = range.lowerBound..<Int32(place + 1)
                } else {
                    let next = plan.nodes.count
                    plan.nodes[node].next.append((byte, Int32(next)))
                    plan.nodes.append(ObjectPlan.NameNode())
                    plan.nodes[next].range = Int32(place)..<Int32(place + 1)
                    node = next
                }
            }
            plan.nodes[node].member = member
        }
    }

    /// What a member must be whose name is not declared.
    mutating func other(
        _ plan: Int32, _ matches: [Bool]
    ) -> (conjunction: ConjunctionID, isPossible: Bool) {
        if let known = objectPlans[Int(plan)].others[matches] { return known }
        let shape = schemas.shapes[Int(objectPlans[Int(plan)].shape)]
        let patterns = objectPlans[Int(plan)].expressions[objectPlans[Int(plan)].rules...]
        let matched = Set(zip(patterns, matches).filter(\.1).map(\.0))
        var items: [SchemaItem] = []
        for clause in shape.objects {
            var isEvaluated = false
            for (expression, item) in clause.patterns where matched.contains(expression) {
                items.append(item)
                isEvaluated = true
            }
            if !isEvaluated, let additional = clause.additional { items.append(additional) }
        }
        let conjunction = schemas.conjunction(items)
        let isPossible = attempt(false) { machine throws(GrammarError) in
            try machine.schemas.isInhabited(conjunction)
        }
        objectPlans[Int(plan)].others[matches] = (conjunction, isPossible)
        return (conjunction, isPossible)
    }

    private mutating func isPossible(_ plan: Int32, _ member: Int32) -> Bool {
        let known = objectPlans[Int(plan)].isPossible[Int(member)]
        if known < 2 { return known == 1 }
        let conjunction = objectPlans[Int(plan)].conjunctions[Int(member)]
        let isPossible = attempt(false) { machine throws(GrammarError) in
            try machine.schemas.isInhabited(conjunction)
        }
        objectPlans[Int(plan)].isPossible[Int(member)] = isPossible ? 1 : 0
        return isPossible
    }

    // MARK: Members that were met

    private func has(_ frame: JSONFrame, _ member: Int32) -> Bool {
        let words = marks[frame.marks]
        let word = Int(member >> 6)
        return word < words.count && words[word] >> UInt64(member & 63) & 1 == 1
    }

    private mutating func marking(_ frame: JSONFrame, _ member: Int32) -> Int32 {
        var words = marks[frame.marks]
        while words.count <= Int(member >> 6) { words.append(0) }
        words[Int(member >> 6)] |= 1 << UInt64(member & 63)
        return marks.index(of: words)
    }

    private func missing(_ frame: JSONFrame) -> Int32 {
        let plan = objectPlans[Int(frame.plan)]
        guard plan.requiredCount > 0 else { return 0 }
        var missing: Int32 = 0
        for member in plan.names.indices
        where plan.isRequired[member] && !has(frame, Int32(member)) {
            missing += 1
        }
        return missing
    }

    func canCloseObject(_ frame: JSONFrame) -> Bool {
        frame.count >= objectPlans[Int(frame.plan)].minimum && missing(frame) == 0
    }

    mutating func closeObject(_ index: Int32, into next: inout [JSONThread]) {
        let frame = frames[index]
        if canCloseObject(frame) { next.append(finished(frame.parent)) }
    }

    /// Whether this declared member may come now.
    private mutating func admits(_ frame: JSONFrame, _ member: Int32) -> Bool {
        guard !has(frame, member) else { return false }
        let plan = frame.plan
        let maximum = objectPlans[Int(plan)].maximum
        if frame.count >= maximum { return false }
        if maximum != .max, !objectPlans[Int(plan)].isRequired[Int(member)],
            frame.count + 1 + missing(frame) > maximum
        {
            return false
        }
        if formatting.propertyOrder == .declared {
            // Nothing behind it was met, and nothing required before it is left out.
            for other in 0..<Int32(objectPlans[Int(plan)].names.count) {
                if other > member, has(frame, other) { return false }
                if other < member, objectPlans[Int(plan)].isRequired[Int(other)], !has(frame, other)
                {
                    return false
                }
            }
        }
        return isPossible(plan, member)
    }

    /// Whether members that are not declared may come now.
    private func admitsOthersNow(_ frame: JSONFrame) -> Bool {
        let plan = objectPlans[Int(frame.plan)]
        if plan.maximum != .max, frame.count + 1 + missing(frame) > plan.maximum { return false }
        return formatting.propertyOrder == .any || missing(frame) == 0
    }

    mutating func admitsMember(_ frame: JSONFrame) -> Bool {
        var thread = JSONThread(mode: .key, frame: frames.index(of: frame))
        thread.extra = objectPlans[Int(frame.plan)].startStates
        return isLiveKey(thread)
    }

    // MARK: Names

    mutating func beginKey(_ frame: Int32, into next: inout [JSONThread]) {
        var thread = JSONThread(mode: .key, frame: frame)
        thread.extra = objectPlans[Int(frames[frame].plan)].startStates
        if isLiveKey(thread) { next.append(thread) }
    }

    mutating func stepKey(_ thread: JSONThread, _ byte: UInt8, into next: inout [JSONThread]) {
        var thread = thread
        if thread.escape > 0 {
            if stepEscape(&thread, byte) { next.append(thread) }
            return
        }
        switch byte {
        case UInt8(ascii: "\""): endKey(thread, into: &next)
        case UInt8(ascii: "\\"):
            guard admitsEscape(thread) else { return }
            thread.escape = 1
            next.append(thread)
        case 0..<0x20: return
        default: if byte < 0xF8, feedKey(&thread, byte) { next.append(thread) }
        }
    }

    mutating func feedKey(_ thread: inout JSONThread, _ byte: UInt8) -> Bool {
        let plan = Int(frames[thread.frame].plan)
        if thread.state >= 0 {
            thread.state =
                objectPlans[plan].nodes[Int(thread.state)].next.first { $0.byte == byte }?.node
                ?? -1
        }
        // The text itself must be UTF-8 where nothing else looks at it.
        thread.need = Self.utf8Step(thread.need, byte)
        guard thread.need >= 0 else { return false }
        if thread.extra != 0 {
            pool.account.charge(WorkAccount.Price.thread)
            let states = patternStates[thread.extra].map { pool.step($0, byte) }
            thread.extra = patternStates.index(of: states)
        }
        return isLiveKey(thread)
    }

    /// How many bytes of a character are left, and a narrower range for the next one in the bits above; -1 is broken.
    private static func utf8Step(_ state: Int32, _ byte: UInt8) -> Int32 {
        let left = state & 3
        guard left > 0 else {
            switch byte {
            case 0..<0x80: return 0
            case 0xC2...0xDF: return 1
            case 0xE0: return 2 | 4
            case 0xED: return 2 | 8
            case 0xE1...0xEF: return 2
            case 0xF0: return 3 | 12
            case 0xF4: return 3 | 16
            case 0xF1...0xF3: return 3
            default: return -1
            }
        }
        let range: ClosedRange<UInt8> =
            switch state >> 2 {
            case 1: 0xA0...0xBF
            case 2: 0x80...0x9F
            case 3: 0x90...0xBF
            case 4: 0x80...0x8F
            default: 0x80...0xBF
            }
        return range.contains(byte) ? left - 1 : -1
    }

    /// Whether the name can go on to, or end as, one that may come.
    private mutating func isLiveKey(_ thread: JSONThread) -> Bool {
        let frame = frames[thread.frame]
        if thread.state >= 0 {
            let range = objectPlans[Int(frame.plan)].nodes[Int(thread.state)].range
            for place in range where admits(frame, objectPlans[Int(frame.plan)].sorted[Int(place)])
            {
                return true
            }
        }
        guard admitsOthersNow(frame) else { return false }
        let plan = objectPlans[Int(frame.plan)]
        guard !plan.expressions.isEmpty else { return plan.admitsOthers }
        let states = patternStates[thread.extra]
        for state in states[..<plan.rules] where state == ExpressionPool.nothing { return false }
        if plan.admitsOthers { return true }
        return states[plan.rules...].contains { $0 != ExpressionPool.nothing }
    }

    /// Whether any name may come.
    func isFreeKey(_ thread: JSONThread) -> Bool {
        let frame = frames[thread.frame]
        let plan = objectPlans[Int(frame.plan)]
        return plan.rules == 0 && plan.admitsOthers && thread.need == 0 && admitsOthersNow(frame)
    }

    /// Whether a name can go on with any plain characters.
    mutating func takesAnyPlainName(_ thread: JSONThread) -> Bool {
        let frame = frames[thread.frame]
        guard thread.need == 0, admitsOthersNow(frame) else { return false }
        let plan = objectPlans[Int(frame.plan)]
        let states = patternStates[thread.extra]
        for state in states[..<plan.rules] where !pool.takesAnyPlain(state) { return false }
        if plan.admitsOthers { return true }
        for state in states[plan.rules...] where pool.takesAnyPlain(state) { return true }
        return false
    }

    /// For how many letters, digits and underlines a name can go on.
    mutating func wordNameCapacity(_ thread: JSONThread) -> Int {
        let frame = frames[thread.frame]
        guard thread.need == 0, admitsOthersNow(frame) else { return 0 }
        let plan = objectPlans[Int(frame.plan)]
        let most = TokenTrie.longestWord
        var capacity = plan.admitsOthers ? most : 0
        for (index, state) in patternStates[thread.extra].enumerated() {
            let own = pool.wordCapacity(state, most: most)
            if index < plan.rules {
                if own == 0 { return 0 }
            } else {
                capacity = max(capacity, own)
            }
        }
        for state in patternStates[thread.extra].prefix(plan.rules) {
            capacity = min(capacity, pool.wordCapacity(state, most: most))
        }
        return capacity
    }

    private mutating func endKey(_ thread: JSONThread, into next: inout [JSONThread]) {
        var frame = frames[thread.frame]
        guard thread.need == 0 else { return }
        var conjunction: ConjunctionID = 0
        let member =
            thread.state < 0 ? -1 : objectPlans[Int(frame.plan)].nodes[Int(thread.state)].member
        if member >= 0 {
            guard admits(frame, member) else { return }
            conjunction = objectPlans[Int(frame.plan)].conjunctions[Int(member)]
            frame.marks = marking(frame, member)
        } else {
            guard admitsOthersNow(frame) else { return }
            let rules = objectPlans[Int(frame.plan)].rules
            var matches: [Bool] = []
            for (index, state) in patternStates[thread.extra].enumerated() {
                let isMatch = pool.acceptsEnd(state)
                if index < rules {
                    guard isMatch else { return }
                } else {
                    matches.append(isMatch)
                }
            }
            let other = other(frame.plan, matches)
            guard other.isPossible else { return }
            conjunction = other.conjunction
        }
        frame.count += 1
        var colon = JSONThread(mode: .colon, frame: frames.index(of: frame))
        colon.state = conjunction
        next.append(colon)
    }
}

extension SchemaCompiler {
    /// Whether a shape that admits objects only admits any.
    mutating func isInhabitedAlone(_ shape: Shape) throws(GrammarError) -> Bool {
        try canBeObject(shape)
    }
}
