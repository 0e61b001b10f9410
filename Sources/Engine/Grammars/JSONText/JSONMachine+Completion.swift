import StructuredJSON

/// How a text is brought to its end: always the cheapest next piece, checked by reading it.
extension JSONMachine {
    private static let maximumPieces = 4_000

    mutating func completion(of thread: JSONThread) -> [UInt8]? {
        var text: [UInt8] = []
        var current = thread
        for _ in 0..<Self.maximumPieces {
            if accepts(current) { return text }
            guard !pool.isOverfull, let piece = piece(after: current), !piece.isEmpty else {
                return nil
            }
            var threads = [current]
            for byte in piece {
                var next: [JSONThread] = []
                for thread in threads { step(thread, byte, into: &next) }
                threads = next
            }
            guard let first = threads.min(by: { depth($0) < depth($1) }) else { return nil }
            text += piece
            current = first
        }
        return nil
    }

    private func depth(_ thread: JSONThread) -> Int32 {
        thread.frame < 0 ? -1 : frames[thread.frame].depth
    }

    private mutating func piece(after thread: JSONThread) -> [UInt8]? {
        switch thread.mode {
        case .end: return []
        case .literal:
            return Array(Self.literals[Int(thread.state)].dropFirst(Int(thread.extra)))
        case .colon: return [UInt8(ascii: ":")]
        case .value: return valuePiece(thread.state)
        case .firstElement:
            if canCloseArray(frames[thread.frame]) { return [UInt8(ascii: "]")] }
            var starts: [JSONThread] = []
            nextElements(thread.frame, into: &starts)
            return cheapest(starts.map(\.state)).flatMap { valuePiece($0) }
        case .firstMember:
            let isDone = canCloseObject(frames[thread.frame])
            return [UInt8(ascii: isDone ? "}" : "\"")]
        case .nextMember: return [UInt8(ascii: "\"")]
        case .afterValue: return closingPiece(thread.frame)
        case .number:
            if endsNumber(thread) {
                return thread.frame < 0 ? [] : closingPiece(thread.frame)
            }
            return numberPiece(thread)
        case .string, .key:
            if thread.escape > 0 { return escapePiece(thread) }
            return thread.mode == .key ? keyPiece(thread) : stringPiece(thread)
        }
    }

    private mutating func closingPiece(_ index: Int32) -> [UInt8] {
        let frame = frames[index]
        if frame.plan >= 0 {
            return [canCloseObject(frame) ? UInt8(ascii: "}") : UInt8(ascii: ",")]
        }
        return [canCloseArray(frame) ? UInt8(ascii: "]") : UInt8(ascii: ",")]
    }

    private mutating func stringPiece(_ thread: JSONThread) -> [UInt8]? {
        guard var content = pool.shortest(thread.state, seesEnd: true) else { return nil }
        let scalars = content.count { $0 & 0xC0 != 0x80 }
        if scalars < Int(thread.need) {
            content += repeatElement(UInt8(ascii: "a"), count: Int(thread.need) - scalars)
        }
        return Self.escaped(content) + [UInt8(ascii: "\"")]
    }

    static func escaped(_ content: [UInt8]) -> [UInt8] {
        content.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x22, 0x5C: [0x5C, byte]
            case 0x0A: Array("\\n".utf8)
            case 0x0D: Array("\\r".utf8)
            case 0x09: Array("\\t".utf8)
            case 0x08: Array("\\b".utf8)
            case 0x0C: Array("\\f".utf8)
            case 0..<0x20:
                Array("\\u00".utf8)
                    + [byte >> 4, byte & 15].map { $0 < 10 ? 48 + $0 : 87 + $0 }
            default: [byte]
            }
        }
    }

    /// A shortest run of bytes that ends an escape or a number.
    private mutating func search(
        _ thread: JSONThread, _ bytes: [UInt8], until isDone: (JSONThread) -> Bool
    ) -> [UInt8]? {
        var queue: [(thread: JSONThread, text: [UInt8])] = [(thread, [])]
        var seen: Set<JSONThread> = [thread]
        var position = 0
        while position < queue.count, queue.count < 20_000, !pool.isOverfull {
            let (current, text) = queue[position]
            position += 1
            pool.account.charge(bytes.count * WorkAccount.Price.thread)
            for byte in bytes {
                var next: [JSONThread] = []
                step(current, byte, into: &next)
                for thread in next where seen.insert(thread).inserted {
                    if isDone(thread) { return text + [byte] }
                    queue.append((thread, text + [byte]))
                }
            }
        }
        return nil
    }

    private mutating func escapePiece(_ thread: JSONThread) -> [UInt8]? {
        search(thread, Array("n\"\\/bfrtud0123456789c".utf8)) {
            $0.escape == 0
        }
    }

    private mutating func numberPiece(_ thread: JSONThread) -> [UInt8]? {
        guard numberPlans[Int(thread.number)].step > 0 else {
            return pool.shortest(thread.state, seesEnd: false)
        }
        var inner = thread
        inner.frame = -1
        return searchNumber(inner)
    }

    private mutating func searchNumber(_ thread: JSONThread) -> [UInt8]? {
        var queue: [(thread: JSONThread, text: [UInt8])] = [(thread, [])]
        var seen: Set<JSONThread> = [thread]
        var position = 0
        while position < queue.count, queue.count < 20_000, !pool.isOverfull {
            let (current, text) = queue[position]
            position += 1
            pool.account.charge(11 * WorkAccount.Price.thread)
            if endsNumber(current) { return text }
            for byte in Array("0123456789.".utf8) {
                var next: [JSONThread] = []
                stepNumber(current, byte, into: &next)
                for thread in next where seen.insert(thread).inserted {
                    queue.append((thread, text + [byte]))
                }
            }
        }
        return nil
    }

    /// The rest of a name: of a required member first.
    private mutating func keyPiece(_ thread: JSONThread) -> [UInt8]? {
        let frame = frames[thread.frame]
        if thread.state >= 0 {
            let plan = objectPlans[Int(frame.plan)]
            let depth = nameDepth(thread, plan)
            var best: (cost: Int, text: [UInt8])?
            for place in plan.nodes[Int(thread.state)].range {
                let member = plan.sorted[Int(place)]
                let text = Array(plan.names[Int(member)][depth...])
                let piece = Self.escaped(text) + [UInt8(ascii: "\"")]
                guard leadsToColon(thread, piece),
                    let cost = cost(plan.conjunctions[Int(member)])
                else { continue }
                let whole = (plan.isRequired[Int(member)] ? 0 : 1_000_000) + cost + piece.count
                if best.map({ whole < $0.cost }) ?? true { best = (whole, piece) }
            }
            if let best { return best.text }
        }
        // The last three bytes continue a character that was begun.
        let bytes = Array("\"abcdefghijklmnopqrstuvwxyz0123456789_-./".utf8) + [0x80, 0x90, 0xA0]
        return search(thread, bytes) { $0.mode == .colon }
    }

    private func nameDepth(_ thread: JSONThread, _ plan: ObjectPlan) -> Int {
        // The names below a node share its letters and no more; its depth is their common length.
        var node = 0
        var depth = 0
        guard let place = plan.nodes[Int(thread.state)].range.first else { return 0 }
        let name = plan.names[Int(plan.sorted[Int(place)])]
        while node != Int(thread.state), depth < name.count {
            guard let next = plan.nodes[node].next.first(where: { $0.byte == name[depth] }) else {
                break
            }
            node = Int(next.node)
            depth += 1
        }
        return depth
    }

    private mutating func leadsToColon(_ thread: JSONThread, _ text: [UInt8]) -> Bool {
        var threads = [thread]
        for byte in text {
            var next: [JSONThread] = []
            for thread in threads { step(thread, byte, into: &next) }
            threads = next
        }
        return threads.contains { $0.mode == .colon }
    }

    // MARK: Values

    private mutating func cheapest(_ conjunctions: [ConjunctionID]) -> ConjunctionID? {
        var best: (cost: Int, id: ConjunctionID)?
        for id in conjunctions {
            guard let cost = cost(id) else { continue }
            if best.map({ cost < $0.cost }) ?? true { best = (cost, id) }
        }
        return best?.id
    }

    /// The first piece of a shortest value: all of a scalar, or an opening bracket.
    private mutating func valuePiece(_ conjunction: ConjunctionID) -> [UInt8]? {
        let alternatives = attempt([]) { machine throws(GrammarError) in
            try machine.schemas.expand(conjunction)
        }
        var best: (cost: Int, text: [UInt8])?
        for shape in alternatives {
            guard let found = cheapest(in: shape) else { continue }
            if best.map({ found.cost < $0.cost }) ?? true { best = found }
        }
        return best?.text
    }

    /// About how many bytes a shortest value takes; `nil` where it would hold itself.
    private mutating func cost(_ conjunction: ConjunctionID) -> Int? {
        if let known = costs[conjunction] { return known }
        guard costsUnderway.insert(conjunction).inserted, costsUnderway.count < 200 else {
            return nil
        }
        defer { costsUnderway.remove(conjunction) }
        let alternatives = attempt([]) { machine throws(GrammarError) in
            try machine.schemas.expand(conjunction)
        }
        var best: Int?
        for shape in alternatives {
            guard let found = cheapest(in: shape) else { continue }
            best = min(best ?? .max, found.cost)
        }
        if best != nil || costsUnderway.count == 1 { costs[conjunction] = .some(best) }
        return best
    }

    private mutating func cheapest(in index: Int32) -> (cost: Int, text: [UInt8])? {
        pool.account.charge(WorkAccount.Price.alternative)
        guard !pool.isOverfull else { return nil }
        let starts = scalars(of: index)
        var choices: [[UInt8]] = []
        for bit in 0..<3 where starts.literals >> bit & 1 == 1 {
            choices.append(Self.literals[bit])
        }
        if starts.text != ExpressionPool.nothing {
            var thread = JSONThread(mode: .string, frame: -1)
            thread.state = starts.text
            thread.need = starts.need
            thread.room = starts.room
            if let text = stringPiece(thread) { choices.append([UInt8(ascii: "\"")] + text) }
        }
        if starts.number >= 0 {
            var thread = JSONThread(mode: .number, frame: -1)
            thread.number = starts.number
            thread.state = numberPlans[Int(starts.number)].expression
            thread.need = -1
            if numberPlans[Int(starts.number)].step == 0 {
                if let text = pool.shortest(thread.state, seesEnd: false) { choices.append(text) }
            } else if let text = searchNumber(thread) {
                choices.append(text)
            }
        }
        if let text = choices.min(by: { $0.count < $1.count }) { return (text.count, text) }
        let shape = schemas.shapes[Int(index)]
        var best: (cost: Int, text: [UInt8])?
        if let plan = arrayPlan(of: index) {
            let array = arrayPlans[Int(plan)]
            var total: Int? = 2
            for place in 0..<min(Int(array.minimum), 200) {
                let element = array.elements[min(place, array.elements.count - 1)]
                total = total.flatMap { sum in cost(element).map { sum + $0 + 1 } }
            }
            for contained in array.contained where contained.minimum > 0 {
                let item = schemas.conjunction([contained.item])
                total = total.flatMap { sum in cost(item).map { sum + $0 + 1 } }
            }
            if let total { best = (total, [UInt8(ascii: "[")]) }
        }
        if objectPlan(of: index) != nil {
            var total: Int? = 2 + 8 * shape.minimumProperties
            for name in shape.required {
                let member = schemas.conjunction(ofMember: name, in: shape)
                total = total.flatMap { sum in cost(member).map { sum + $0 + 4 + name.utf8.count } }
            }
            if let total, best.map({ total < $0.cost }) ?? true {
                best = (total, [UInt8(ascii: "{")])
            }
        }
        return best
    }
}
