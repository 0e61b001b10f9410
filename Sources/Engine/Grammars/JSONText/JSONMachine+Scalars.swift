import StructuredJSON

/// Where the scalars of a shape begin.
struct ScalarStarts: Sendable {
    /// `nothing` where no string is admitted.
    var text: ExpressionPool.ID = ExpressionPool.nothing
    var need: Int32 = 0
    var room: Int32 = .max
    /// Index of a ``NumberPlan``, or -1.
    var number: Int32 = -1
    /// Bits for `true`, `false` and `null`.
    var literals: UInt8 = 0
}

/// The numbers of a shape.
struct NumberPlan: Sendable {
    var expression: ExpressionPool.ID
    /// The smallest number of which all are multiples, times 10 to `scale`; 0 where there is none.
    var step: Int32 = 0
    var scale: Int32 = 0
    /// Whether digits can be added without end, so that a multiple can always be reached.
    var isUnbounded = true
}

struct NumberState: Hashable, Sendable {
    var plan: Int32
    var expression: ExpressionPool.ID
    var remainder: Int32
    var digits: Int32
}

extension JSONMachine {
    mutating func scalars(of index: Int32) -> ScalarStarts {
        if let known = scalarsOf[index] { return known }
        let shape = schemas.shapes[Int(index)]
        var starts = ScalarStarts()
        for (bit, value) in [true, false, .null].enumerated() as EnumeratedSequence<[JSONValue]> {
            let isListed = shape.constants?.contains(value) ?? true
            if isListed, shape.types.contains(ValueTypes(of: value)),
                !shape.excluded.contains(value)
            {
                starts.literals |= 1 << UInt8(bit)
            }
        }
        if shape.types.contains(.string) { setText(of: shape, &starts) }
        if !shape.types.isDisjoint(with: .number) {
            let expression = schemas.numberExpression(of: shape)
            if pool.isLive(expression) {
                var plan = NumberPlan(expression: expression)
                setMultiples(of: shape, &plan)
                starts.number = Int32(numberPlans.count)
                numberPlans.append(plan)
            }
        }
        scalarsOf[index] = starts
        return starts
    }

    private static let longestCountedInside = 256

    /// Lengths are counted beside the expression where nothing else is asked or they are far; otherwise inside, where a
    /// text cannot run into its bound.
    private mutating func setText(of shape: Shape, _ starts: inout ScalarStarts) {
        if shape.constants == nil, shape.texts.isEmpty,
            !shape.excluded.contains(where: { $0.string != nil })
        {
            guard shape.minimumLength <= shape.maximumLength ?? .max else { return }
            starts.text = schemas.anyText
            starts.need = Int32(clamping: shape.minimumLength)
            starts.room = Int32(clamping: shape.maximumLength ?? .max)
            return
        }
        var shape = shape
        if shape.constants == nil, shape.maximumLength ?? .max > Self.longestCountedInside,
            shape.minimumLength <= 1
        {
            // A long way from its bound an expression's states would differ in nothing else.
            starts.need = Int32(clamping: shape.minimumLength)
            starts.room = Int32(clamping: shape.maximumLength ?? .max)
            shape.minimumLength = 0
            shape.maximumLength = nil
        }
        let text = schemas.text(of: shape)
        starts.text = pool.isLive(text) ? text : ExpressionPool.nothing
    }

    private func setMultiples(of shape: Shape, _ plan: inout NumberPlan) {
        guard !shape.multiples.isEmpty, shape.constants == nil else { return }
        let scale = shape.multiples.map(\.fraction.count).max() ?? 0
        var step = 1
        for multiple in shape.multiples {
            guard let value = multiple.scaled(by: scale) else { continue }
            var (a, b) = (step, value)
            while b != 0 { (a, b) = (b, a % b) }
            step = min(step / a * value, Int(Int32.max) / 16)
        }
        plan.step = Int32(step)
        plan.scale = Int32(scale)
        plan.isUnbounded = shape.numbers.upper == nil && shape.numbers.lower == nil
    }

    // MARK: Numbers

    mutating func stepNumber(
        _ thread: JSONThread, _ byte: UInt8, into next: inout [JSONThread]
    ) {
        let state = pool.step(thread.state, byte)
        if state != ExpressionPool.nothing {
            var thread = thread
            thread.state = state
            let plan = numberPlans[Int(thread.number)]
            if plan.step > 0 {
                if byte == UInt8(ascii: ".") {
                    guard plan.scale > 0 else { return }
                    thread.need = 0
                } else if byte != UInt8(ascii: "-") {
                    let digit = Int(byte) - 48
                    thread.extra = Int32((Int(thread.extra) * 10 + digit) % Int(plan.step))
                    if thread.need >= 0 { thread.need += 1 }
                    guard thread.need <= plan.scale else { return }
                }
                guard canEndNumber(thread, plan) else { return }
            }
            next.append(thread)
            return
        }
        guard endsNumber(thread), thread.frame >= 0 else { return }
        step(finished(thread.frame), byte, into: &next)
    }

    func endsNumber(_ thread: JSONThread) -> Bool {
        guard schemas.pool.isNullable(thread.state) else { return false }
        let plan = numberPlans[Int(thread.number)]
        guard plan.step > 0 else { return true }
        var remainder = Int(thread.extra)
        for _ in max(thread.need, 0)..<max(plan.scale, max(thread.need, 0)) {
            remainder = remainder * 10 % Int(plan.step)
        }
        return remainder == 0
    }

    /// Whether digits can follow that make the number a multiple within its bounds.
    private mutating func canEndNumber(_ thread: JSONThread, _ plan: NumberPlan) -> Bool {
        if endsNumber(thread) { return true }
        if plan.isUnbounded, thread.need < 0 { return true }
        let key = NumberState(
            plan: thread.number, expression: thread.state, remainder: thread.extra,
            digits: thread.need)
        if let known = numberLiveness[key] { return known }
        guard numberLiveness.count < 200_000 else { return true }
        numberLiveness[key] = false
        var isLive = false
        for byte in (48...57 as ClosedRange<UInt8>).map({ $0 }) + [46] {
            var next: [JSONThread] = []
            var inner = thread
            inner.frame = -1
            stepNumber(inner, byte, into: &next)
            if !next.isEmpty {
                isLive = true
                break
            }
        }
        numberLiveness[key] = isLive
        return isLive
    }

    // MARK: Strings

    mutating func stepString(
        _ thread: JSONThread, _ byte: UInt8, into next: inout [JSONThread]
    ) {
        var thread = thread
        if thread.escape == 0 {
            switch byte {
            case UInt8(ascii: "\""):
                guard thread.need <= 0, pool.acceptsEnd(thread.state) else { return }
                next.append(finished(thread.frame))
            case UInt8(ascii: "\\"):
                guard thread.room > 0, admitsEscape(thread) else { return }
                thread.escape = 1
                next.append(thread)
            case 0..<0x20: return
            default: if feed(&thread, byte) { next.append(thread) }
            }
            return
        }
        if stepEscape(&thread, byte) { next.append(thread) }
    }

    /// Takes a byte of what a string stands for.
    private mutating func feed(_ thread: inout JSONThread, _ byte: UInt8) -> Bool {
        guard byte < 0xF8 else { return false }
        if thread.mode == .key { return feedKey(&thread, byte) }
        let state = pool.step(thread.state, byte)
        guard state != ExpressionPool.nothing else { return false }
        thread.state = state
        if byte & 0xC0 != 0x80 {
            guard thread.room > 0 else { return false }
            if thread.room != .max { thread.room -= 1 }
            if thread.need > 0 { thread.need -= 1 }
        }
        return true
    }

    /// Whether an escape can follow: a character that only an escape can write, or one of those with two spellings.
    mutating func admitsEscape(_ thread: JSONThread) -> Bool {
        for letter in Self.escapeLetters {
            var thread = thread
            if feed(&thread, letter.stands) { return true }
        }
        return admitsCode(thread, 0, digits: 0)
    }

    private static let escapeLetters: [(letter: UInt8, stands: UInt8)] = [
        (UInt8(ascii: "\""), 0x22), (UInt8(ascii: "\\"), 0x5C), (UInt8(ascii: "/"), 0x2F),
        (UInt8(ascii: "b"), 0x08), (UInt8(ascii: "f"), 0x0C), (UInt8(ascii: "n"), 0x0A),
        (UInt8(ascii: "r"), 0x0D), (UInt8(ascii: "t"), 0x09),
    ]

    /// Whether `\u` with these first digits can name an admitted character.
    private mutating func admitsCode(_ thread: JSONThread, _ code: UInt16, digits: Int) -> Bool {
        if isFree(thread) { return true }
        // Elsewhere only control characters are written by number.
        for control in 0..<0x20 as Range<UInt16>
        where digits == 0 || control >> UInt16(16 - 4 * digits) == code {
            var thread = thread
            if feed(&thread, UInt8(control)) { return true }
        }
        return false
    }

    /// Whether any character may come.
    func isFree(_ thread: JSONThread) -> Bool {
        thread.mode == .key ? isFreeKey(thread) : thread.state == schemas.anyText
    }

    /// A byte after a backslash; false where it cannot stand there.
    mutating func stepEscape(_ thread: inout JSONThread, _ byte: UInt8) -> Bool {
        if thread.escape == 1 {
            if byte == UInt8(ascii: "u") {
                guard admitsCode(thread, 0, digits: 0) else { return false }
                thread.escape = 2
                thread.code = 0
                return true
            }
            guard let entry = Self.escapeLetters.first(where: { $0.letter == byte }) else {
                return false
            }
            thread.escape = 0
            return feed(&thread, entry.stands)
        }
        // The second half of a pair: a backslash, a `u`, four digits.
        if thread.escape == 6 || thread.escape == 7 {
            guard byte == (thread.escape == 6 ? UInt8(ascii: "\\") : UInt8(ascii: "u")) else {
                return false
            }
            thread.escape += 1
            return true
        }
        guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
            return false
        }
        thread.code = thread.code << 4 | UInt16(digit)
        if thread.escape >= 8 {
            let digits = Int(thread.escape) - 7
            if digits == 1, digit != 0xD { return false }
            if digits == 2, digit < 0xC { return false }
            if digits < 4 {
                thread.escape += 1
                return true
            }
            let scalar =
                0x10000 + (UInt32(thread.high) - 0xD800) << 10 + (UInt32(thread.code) - 0xDC00)
            thread.high = 0
            return feedScalar(&thread, scalar)
        }
        let digits = Int(thread.escape) - 1
        // A second half without a first.
        if digits == 2, (0xDC...0xDF).contains(thread.code) { return false }
        if digits < 4 {
            guard admitsCode(thread, thread.code, digits: digits) else { return false }
            thread.escape += 1
            return true
        }
        if (0xD800...0xDBFF).contains(thread.code) {
            thread.high = thread.code
            thread.code = 0
            thread.escape = 6
            return true
        }
        return feedScalar(&thread, UInt32(thread.code))
    }

    private mutating func feedScalar(_ thread: inout JSONThread, _ value: UInt32) -> Bool {
        thread.escape = 0
        thread.code = 0
        guard let scalar = Unicode.Scalar(value) else { return false }
        for byte in UTF8.encode(scalar) ?? UTF8.EncodedScalar() {
            guard feed(&thread, byte) else { return false }
        }
        return true
    }

    mutating func plainCapacity(_ thread: JSONThread) -> Int {
        guard thread.escape == 0 else { return 0 }
        switch thread.mode {
        case .key: return takesAnyPlainName(thread) ? .max : 0
        case .string:
            guard thread.state == schemas.anyText || pool.takesAnyPlain(thread.state) else {
                return 0
            }
            return thread.room == .max ? .max : Int(thread.room)
        default: return 0
        }
    }

    mutating func wordCapacity(_ thread: JSONThread) -> Int {
        guard thread.escape == 0 else { return 0 }
        switch thread.mode {
        case .key: return wordNameCapacity(thread)
        case .string:
            return min(
                pool.wordCapacity(thread.state, most: TokenTrie.longestWord), Int(thread.room))
        default: return 0
        }
    }
}
