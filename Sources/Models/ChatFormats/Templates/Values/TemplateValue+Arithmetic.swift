#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Python's operators on values.
extension TemplateInterpreter {
    func apply(
        _ operation: ArithmeticOperator, _ left: TemplateValue, _ right: TemplateValue
    ) throws(TemplateFault) -> TemplateValue {
        if case .undefined(let undefined) = left { throw undefined.fault }
        let formats = operation == .modulo && left.asText != nil
        if case .undefined(let undefined) = right, !formats { throw undefined.fault }
        if let left = left.asInteger, let right = right.asInteger {
            return try applyIntegers(operation, left, right)
        }
        if let left = left.asBig, let right = right.asBig {
            return try applyBig(operation, left, right)
        }
        if let left = left.asNumber, let right = right.asNumber {
            return try applyNumbers(operation, left, right)
        }
        switch (operation, left, right) {
        case (.add, .string(let left), .string(let right)):
            try charge(bytes: left.utf8.count + right.utf8.count)
            return .string(left + right)
        case (.add, .list(let left), .list(let right)):
            try charge(items: left.count + right.count)
            return .list(left + right)
        case (.add, .tuple(let left), .tuple(let right)):
            try charge(items: left.count + right.count)
            return .tuple(left + right)
        case (.multiply, let left, let right):
            if let times = right.asInteger, let value = try repeated(left, times) { return value }
            if let times = left.asInteger, let value = try repeated(right, times) { return value }
        case (.add, .markup, .string), (.add, .string, .markup), (.add, .markup, .markup):
            let text = try escaped(left) + escaped(right)
            try charge(bytes: text.utf8.count)
            return .markup(text)
        case (.modulo, .string(let format), let arguments):
            return .string(try percentFormatted(format, arguments))
        case (.modulo, .markup(let format), let arguments):
            return .markup(try percentFormatted(format, arguments, escapes: true))
        default: break
        }
        throw .invalid(
            "unsupported operand type(s) for \(operation.rawValue): '\(left.typeName)' and "
                + "'\(right.typeName)'")
    }

    func negated(_ value: TemplateValue) throws(TemplateFault) -> TemplateValue {
        if case .number(let number) = value { return .number(-number) }
        if let integer = value.asInteger, integer != .min { return .integer(-integer) }
        if let big = value.asBig { return TemplateValue(big.negated) }
        if case .undefined(let undefined) = value { throw undefined.fault }
        throw .invalid("bad operand type for unary -: '\(value.typeName)'")
    }

    /// Unary plus, which makes an integer of a boolean.
    func identity(_ value: TemplateValue) throws(TemplateFault) -> TemplateValue {
        if case .number = value { return value }
        if case .big = value { return value }
        if let integer = value.asInteger { return .integer(integer) }
        if case .undefined(let undefined) = value { throw undefined.fault }
        throw .invalid("bad operand type for unary +: '\(value.typeName)'")
    }

    private func repeated(
        _ sequence: TemplateValue, _ times: Int
    ) throws(TemplateFault) -> TemplateValue? {
        let times = max(times, 0)
        switch sequence {
        case .string(let text), .markup(let text):
            try charge(bytes: text.utf8.count.multipliedClamped(by: times))
            let repeated = String(repeating: text, count: text.isEmpty ? 0 : times)
            return sequence.isMarkup ? .markup(repeated) : .string(repeated)
        case .list(let elements):
            try charge(items: elements.count.multipliedClamped(by: times))
            return .list(
                Array(repeatElement(elements, count: elements.isEmpty ? 0 : times).joined()))
        case .tuple(let elements):
            try charge(items: elements.count.multipliedClamped(by: times))
            return .tuple(
                Array(repeatElement(elements, count: elements.isEmpty ? 0 : times).joined()))
        default: return nil
        }
    }

    private func applyIntegers(
        _ operation: ArithmeticOperator, _ left: Int, _ right: Int
    ) throws(TemplateFault) -> TemplateValue {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide:
            guard right != 0 else { throw Self.divisionByZero }
            return .number(left.divided(by: right))
        case .floorDivide:
            guard right != 0 else { throw Self.divisionByZero }
            result = left.dividedReportingOverflow(by: right)
            let isInexact = !result.overflow && result.partialValue * right != left
            if isInexact, (left < 0) != (right < 0) { return .integer(result.partialValue - 1) }
        case .modulo:
            guard right != 0 else { throw Self.divisionByZero }
            let remainder = left.remainderReportingOverflow(dividingBy: right).partialValue
            let hasWrongSign = remainder != 0 && (remainder < 0) != (right < 0)
            return .integer(hasWrongSign ? remainder + right : remainder)
        case .power:
            if right < 0 { return try applyNumbers(.power, Double(left), Double(right)) }
            result = left.raisedReportingOverflow(to: right)
        }
        guard !result.overflow else {
            return try applyBig(operation, BigInteger(left), BigInteger(right))
        }
        return .integer(result.partialValue)
    }

    private func applyBig(
        _ operation: ArithmeticOperator, _ left: BigInteger, _ right: BigInteger
    ) throws(TemplateFault) -> TemplateValue {
        // Quadratic work is paid for like the making of as many bytes.
        try charge(steps: 1 + left.magnitude.count * right.magnitude.count / 16)
        switch operation {
        case .add: return TemplateValue(try bounded(left + right))
        case .subtract: return TemplateValue(try bounded(left - right))
        case .multiply: return TemplateValue(try bounded(left * right))
        case .divide, .floorDivide, .modulo:
            guard !right.magnitude.isEmpty else { throw Self.divisionByZero }
            try charge(steps: left.bitWidth * (right.magnitude.count + 4) / 32)
            if operation == .divide {
                let quotient = left.quotient(by: right)
                guard quotient.isFinite else { throw Self.tooLarge }
                return .number(quotient)
            }
            let (quotient, remainder) = left.divided(by: right)
            return TemplateValue(operation == .modulo ? remainder : quotient)
        case .power:
            if right.isNegative {
                return try applyNumbers(.power, left.asDouble, right.asDouble)
            }
            guard let exponent = right.asInt,
                left.bitWidth.multipliedClamped(by: exponent) <= BigInteger.maximumLimbs * 32
            else { throw Self.tooLarge }
            var power = BigInteger(1)
            for _ in 0..<exponent {
                try charge(steps: 1 + power.magnitude.count * left.magnitude.count / 16)
                power = try bounded(power * left)
            }
            return TemplateValue(power)
        }
    }

    private func bounded(_ value: BigInteger) throws(TemplateFault) -> BigInteger {
        guard value.magnitude.count <= BigInteger.maximumLimbs else { throw Self.tooLarge }
        return value
    }

    private static let tooLarge = TemplateFault(
        .limitExceeded, "an integer larger than \(BigInteger.maximumLimbs * 32) bits")

    private func applyNumbers(
        _ operation: ArithmeticOperator, _ left: Double, _ right: Double
    ) throws(TemplateFault) -> TemplateValue {
        switch operation {
        case .add: return .number(left + right)
        case .subtract: return .number(left - right)
        case .multiply: return .number(left * right)
        case .divide:
            guard right != 0 else { throw Self.divisionByZero }
            return .number(left / right)
        case .floorDivide:
            guard right != 0 else { throw Self.divisionByZero }
            let quotient = (left - Self.modulo(left, right)) / right
            // Meant to be whole, and perhaps not quite.
            var floor = quotient.rounded(.down)
            if quotient - floor > 0.5 { floor += 1 }
            return .number(quotient == 0 ? (left / right).sign == .minus ? -0.0 : 0.0 : floor)
        case .modulo:
            guard right != 0 else { throw Self.divisionByZero }
            return .number(Self.modulo(left, right))
        case .power:
            if left == 0, right < 0 { throw Self.divisionByZero }
            let result = pow(left, right)
            guard !result.isNaN || left.isNaN || right.isNaN else {
                throw .invalid("a power that is a complex number")
            }
            guard result.isFinite || !left.isFinite || !right.isFinite else {
                throw TemplateFault(.limitExceeded, "a power that is larger than any number")
            }
            return .number(result)
        }
    }

    /// The remainder with the divisor's sign.
    private static func modulo(_ left: Double, _ right: Double) -> Double {
        let remainder = left.truncatingRemainder(dividingBy: right)
        if remainder == 0 { return right < 0 ? -0.0 : 0.0 }
        return (remainder < 0) == (right < 0) ? remainder : remainder + right
    }

    private static let divisionByZero = TemplateFault.invalid("division by zero")
}

extension Int {
    /// The quotient, rounded once, also where the integers are larger than a double holds exactly.
    fileprivate func divided(by other: Int) -> Double {
        let exact: UInt = 1 << 53
        if magnitude <= exact, other.magnitude <= exact { return Double(self) / Double(other) }
        let shift = UInt128(magnitude).leadingZeroBitCount
        let (quotient, remainder) = (UInt128(magnitude) << shift)
            .quotientAndRemainder(dividingBy: UInt128(other.magnitude))
        // More than 64 bits: the last one can stand for all that were lost.
        let rounded = Double(quotient | (remainder == 0 ? 0 : 1))
        let result = rounded * Double(sign: .plus, exponent: -shift, significand: 1)
        return (self < 0) == (other < 0) ? result : -result
    }

    /// The product, or the largest integer where it does not fit; for sizes.
    func multipliedClamped(by other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// The sum, or the largest integer where it does not fit; for sizes.
    func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    fileprivate func raisedReportingOverflow(
        to exponent: Int
    ) -> (partialValue: Int, overflow: Bool) {
        if magnitude <= 1 {
            return (self == -1 && exponent % 2 == 0 || exponent == 0 ? 1 : self, false)
        }
        var result = 1
        for _ in 0..<exponent {
            let (product, overflow) = result.multipliedReportingOverflow(by: self)
            if overflow { return (0, true) }
            result = product
        }
        return (result, false)
    }
}
