import StructuredJSON

/// What the elements of an array must be.
struct ArrayPlan: Sendable {
    var shape: Int32
    /// What each element must be, the last for all that follow.
    var elements: [ConjunctionID] = []
    /// Most elements: also where no value exists for the next one.
    var maximum: Int32
    var minimum: Int32
    var contained: [Shape.Contained] = []
}

extension JSONMachine {
    mutating func arrayPlan(of index: Int32) -> Int32? {
        if let known = arrayPlanOf[index] { return known < 0 ? nil : known }
        arrayPlanOf[index] = -1
        let shape = schemas.shapes[Int(index)]
        guard shape.types.contains(.array), shape.constants == nil else { return nil }
        if shape.hasUniqueItems, shape.maximumItems ?? .max > 1 {
            attempt(()) { machine throws(GrammarError) in
                throw GrammarError(.unsupported, at: "", "uniqueItems cannot be enforced")
            }
            return nil
        }
        var plan = ArrayPlan(
            shape: index, maximum: Int32(clamping: shape.maximumItems ?? .max),
            minimum: Int32(clamping: shape.minimumItems), contained: shape.contained)
        let prefix = shape.arrays.map(\.prefix.count).max() ?? 0
        for place in 0...prefix {
            let conjunction = schemas.conjunction(ofElement: place, in: shape)
            plan.elements.append(conjunction)
            guard Int32(place) < plan.maximum else { break }
            let isPossible = attempt(false) { machine throws(GrammarError) in
                try machine.schemas.isInhabited(conjunction)
            }
            if !isPossible {
                plan.maximum = min(plan.maximum, Int32(place))
                break
            }
        }
        let needed = max(plan.minimum, Int32(clamping: shape.contained.map(\.minimum).max() ?? 0))
        guard needed <= plan.maximum else { return nil }
        let number = Int32(arrayPlans.count)
        arrayPlans.append(plan)
        arrayPlanOf[index] = number
        return number
    }

    private func plan(of frame: JSONFrame) -> ArrayPlan {
        arrayPlans[Int(-1 - frame.plan)]
    }

    func canCloseArray(_ frame: JSONFrame) -> Bool {
        let plan = plan(of: frame)
        guard frame.count >= plan.minimum else { return false }
        let counts = marks[frame.marks]
        for (index, contained) in plan.contained.enumerated() {
            let count = index < counts.count ? Int(counts[index]) : 0
            if count < contained.minimum { return false }
        }
        return true
    }

    func admitsElement(_ frame: JSONFrame) -> Bool {
        frame.count < plan(of: frame).maximum
    }

    mutating func closeArray(_ index: Int32, into next: inout [JSONThread]) {
        let frame = frames[index]
        if canCloseArray(frame) { next.append(finished(frame.parent)) }
    }

    mutating func beginElement(_ index: Int32, _ byte: UInt8, into next: inout [JSONThread]) {
        guard admitsElement(frames[index]) else { return }
        var starts: [JSONThread] = []
        nextElements(index, into: &starts)
        for thread in starts { beginValue(thread.state, thread.frame, byte, into: &next) }
    }

    /// The ways to take the next element: where something must be contained, as a match or as none.
    mutating func nextElements(_ index: Int32, into next: inout [JSONThread]) {
        var frame = frames[index]
        let plan = plan(of: frame)
        let place = min(Int(frame.count), plan.elements.count - 1)
        frame.count += 1
        // Beyond what any bound asks for, counts are alike.
        if plan.maximum == .max {
            frame.count = min(frame.count, max(plan.minimum, Int32(plan.elements.count)) + 1)
        }
        guard !plan.contained.isEmpty else {
            var thread = JSONThread(mode: .value, frame: frames.index(of: frame))
            thread.state = plan.elements[place]
            next.append(thread)
            return
        }
        let counts = marks[frame.marks]
        for choice in 0..<(1 << min(plan.contained.count, 6)) {
            var items = schemas.items(of: plan.elements[place])
            var words = (0..<plan.contained.count).map { $0 < counts.count ? counts[$0] : 0 }
            var isAdmitted = true
            var open = 0
            for (which, contained) in plan.contained.enumerated() {
                var item = contained.item
                if choice >> which & 1 == 1 {
                    words[which] += 1
                    if let maximum = contained.maximum {
                        if words[which] > UInt64(maximum) { isAdmitted = false }
                    } else {
                        words[which] = min(words[which], UInt64(contained.minimum))
                    }
                    items.append(item)
                } else if contained.maximum != nil {
                    item.isNegated = true
                    items.append(item)
                }
                open += max(0, contained.minimum - Int(words[which]))
            }
            guard isAdmitted else { continue }
            // What must still be contained needs room, one element for each at worst.
            if plan.maximum != .max, open > 0,
                Int(frame.count) + (plan.contained.count == 1 ? open : 1) > Int(plan.maximum)
            {
                continue
            }
            let conjunction = schemas.conjunction(items)
            let isPossible = attempt(false) { machine throws(GrammarError) in
                try machine.schemas.isInhabited(conjunction)
            }
            guard isPossible else { continue }
            var counted = frame
            counted.marks = marks.index(of: words)
            var thread = JSONThread(mode: .value, frame: frames.index(of: counted))
            thread.state = conjunction
            next.append(thread)
        }
    }
}
