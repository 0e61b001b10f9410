/// Runs a regular expression over one text: backtracking, leftmost match first, in bounded time.
///
/// It begins as everybody does it. Once it has taken many more steps than the text has bytes, it goes on
/// with a program in which every choice is an instruction, and remembers for each choice and place that
/// it led nowhere, so that no choice is tried twice at the same place: O(text times expression), since
/// nothing is captured and the rest of a match depends on nothing else.
struct ExpressionMatcher {
    private struct Choice {
        var instruction: Int
        var position: Int
        /// For a run: where it must not be cut shorter; -1 for other choices.
        var shortest: Int
        /// Length of `path` when the choice was made.
        var pathCount: Int
    }

    private let fast: ExpressionProgram
    private let safe: ExpressionProgram
    private let range: Range<Int>
    private var choices: [Choice] = []
    private var stepsLeft: Int
    /// Whether the safe program runs.
    private var isSafe = false
    /// Safe: a bit for each choice of the program and place of the text.
    private var visited: [UInt64] = []
    /// Safe: where those choices end that led to a match, of the whole or of a part that is matched apart.
    private var ends: [Int: Int] = [:]
    /// Safe: bits set on the way that is being tried.
    private var path: [Int] = []

    init(_ expression: RegularExpression, range: Range<Int>) {
        fast = expression.fast
        safe = expression.safe
        self.range = range
        stepsLeft = 10_000 + 64 * range.count
    }

    /// The first match at `start` or after.
    mutating func firstMatch(
        in text: borrowing Span<UInt8>, from start: Int
    ) -> Range<Int>? {
        var position = start
        while true {
            if let first = fast.first {
                while position < range.upperBound {
                    let (scalar, length) = UTF8Text.scalar(in: text, at: position)
                    if first.contains(scalar) { break }
                    position += length
                }
                guard position < range.upperBound else { return nil }
            }
            if let end = matchEnd(text, from: position) { return position..<end }
            guard position < range.upperBound else { return nil }
            position += UTF8Text.length(lead: text[position])
        }
    }

    private mutating func matchEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        if !isSafe {
            choices.removeAll(keepingCapacity: true)
            let end = run(fast, 0, text, start)
            if stepsLeft > 0 { return end }
            isSafe = true
            let bits = safe.choiceCount * (range.count + 1)
            visited = Array(repeating: 0, count: bits / 64 + 1)
        }
        choices.removeAll(keepingCapacity: true)
        path.removeAll(keepingCapacity: true)
        return run(safe, 0, text, start)
    }

    /// Where the instructions from `start` lead; `nil` for no match, or for too many steps.
    private mutating func run(
        _ program: ExpressionProgram, _ start: Int, _ text: borrowing Span<UInt8>, _ from: Int
    ) -> Int? {
        let bottom = choices.count
        let pathBottom = path.count
        var instruction = start
        var position = from
        while true {
            var fails = false
            stepsLeft -= 1
            if stepsLeft <= 0, !isSafe { return nil }
            switch program.instructions[instruction] {
            case .set(let table):
                if position < range.upperBound {
                    let (scalar, length) = UTF8Text.scalar(in: text, at: position)
                    if program.tables[table].contains(scalar) {
                        position += length
                        instruction += 1
                    } else {
                        fails = true
                    }
                } else {
                    fails = true
                }
            case .run(let table, let minimum, let maximum, let isPossessive):
                var count = 0
                var shortest = position
                while count < maximum, position < range.upperBound {
                    let (scalar, length) = UTF8Text.scalar(in: text, at: position)
                    guard program.tables[table].contains(scalar) else { break }
                    position += length
                    count += 1
                    if count == minimum { shortest = position }
                }
                stepsLeft -= count
                instruction += 1
                if count < minimum {
                    fails = true
                } else if position > shortest, !isPossessive {
                    choices.append(
                        Choice(
                            instruction: instruction, position: position, shortest: shortest,
                            pathCount: 0))
                }
            case .split(let first, let second, let table, let number):
                if isSafe, let end = visit(number, position, program) {
                    if end >= 0 {
                        settlePath(from: pathBottom, end)
                        choices.removeLast(choices.count - bottom)
                        return end
                    }
                    fails = true
                } else if table == ExpressionProgram.noTable
                    || next(text, position, isIn: program.tables[table])
                {
                    choices.append(
                        Choice(
                            instruction: second, position: position, shortest: -1,
                            pathCount: path.count))
                    instruction = first
                } else {
                    instruction = second
                }
            case .jump(let target):
                instruction = target
            case .look(let end, let isNegative):
                let matches = run(program, instruction + 1, text, position) != nil
                instruction = end
                fails = matches == isNegative
            case .lookBehind(let length, let end, let isNegative):
                let matches = looksBack(program, instruction + 1, text, position, length)
                instruction = end
                fails = matches == isNegative
            case .atomic(let end):
                if let stop = run(program, instruction + 1, text, position) {
                    position = stop
                    instruction = end
                } else {
                    fails = true
                }
            case .assert(let assertion):
                instruction += 1
                fails = !holds(assertion, text, position)
            case .accept:
                choices.removeLast(choices.count - bottom)
                settlePath(from: pathBottom, position)
                return position
            }
            guard fails else { continue }
            guard choices.count > bottom, var choice = choices.popLast() else {
                path.removeLast(path.count - pathBottom)
                return nil
            }
            if choice.shortest >= 0 {
                choice.position -= 1
                while text[choice.position] & 0xC0 == 0x80 { choice.position -= 1 }
                if choice.position > choice.shortest { choices.append(choice) }
            } else {
                path.removeLast(path.count - choice.pathCount)
            }
            instruction = choice.instruction
            position = choice.position
        }
    }

    /// Marks a choice; where it was tried here before, what it led to: the end of a match, or -1 for none.
    private mutating func visit(
        _ choice: Int, _ position: Int, _ program: ExpressionProgram
    ) -> Int? {
        let bit = (position - range.lowerBound) * program.choiceCount + choice
        guard visited[bit >> 6] >> UInt64(bit & 63) & 1 == 0 else { return ends[bit] ?? -1 }
        visited[bit >> 6] |= 1 << UInt64(bit & 63)
        path.append(bit)
        return nil
    }

    /// Choices on the way to a match did lead somewhere.
    private mutating func settlePath(from start: Int, _ end: Int) {
        for bit in path[start...] { ends[bit] = end }
        path.removeLast(path.count - start)
    }

    private mutating func looksBack(
        _ program: ExpressionProgram, _ start: Int, _ text: borrowing Span<UInt8>, _ position: Int,
        _ length: Int
    ) -> Bool {
        var place = position
        for _ in 0..<length {
            guard place > range.lowerBound else { return false }
            place -= 1
            while text[place] & 0xC0 == 0x80 { place -= 1 }
        }
        return run(program, start, text, place) != nil
    }

    @inline(__always)
    private func next(
        _ text: borrowing Span<UInt8>, _ position: Int, isIn table: ScalarTable
    ) -> Bool {
        position < range.upperBound && table.contains(UTF8Text.scalar(in: text, at: position).0)
    }

    private func holds(
        _ assertion: Expression.Assertion, _ text: borrowing Span<UInt8>, _ position: Int
    ) -> Bool {
        let lineFeed = UInt8(ascii: "\n")
        switch assertion {
        case .textStart:
            return position == range.lowerBound
        case .textEnd:
            return position == range.upperBound
        case .textEndOrLastLineFeed:
            return position == range.upperBound
                || position + 1 == range.upperBound && text[position] == lineFeed
        case .lineStart:
            // Not after the line feed that ends the text.
            return position == range.lowerBound
                || text[position - 1] == lineFeed && position < range.upperBound
        case .lineEnd:
            return position == range.upperBound || text[position] == lineFeed
        case .wordBoundary, .noWordBoundary:
            let after = next(text, position, isIn: RegularExpression.word)
            var before = position
            if before > range.lowerBound {
                before -= 1
                while text[before] & 0xC0 == 0x80 { before -= 1 }
            }
            let isBefore =
                before < position && next(text, before, isIn: RegularExpression.word)
            return (isBefore != after) == (assertion == .wordBoundary)
        }
    }
}
