/// A regular expression as a tree.
indirect enum Expression: Sendable {
    enum Greed: Sendable {
        case greedy
        case lazy
        case possessive
    }

    enum Assertion: Sendable {
        case lineStart
        case lineEnd
        case textStart
        case textEnd
        /// `\Z`: the end, or before a line feed at the end.
        case textEndOrLastLineFeed
        case wordBoundary
        case noWordBoundary
    }

    case empty
    case set(ScalarRangeSet)
    case sequence([Expression])
    case alternatives([Expression])
    case repeated(Expression, minimum: Int, maximum: Int?, Greed)
    case atomic(Expression)
    case lookahead(Expression, isNegative: Bool)
    case lookbehind(Expression, isNegative: Bool)
    case assertion(Assertion)

    /// Scalars that a match can begin with; `nil` where it need not begin with one.
    var first: ScalarRangeSet? {
        switch self {
        case .empty, .lookahead, .lookbehind, .assertion: return nil
        case .set(let set): return set
        case .atomic(let body): return body.first
        case .repeated(let body, let minimum, _, _): return minimum == 0 ? nil : body.first
        case .alternatives(let parts):
            var union = ScalarRangeSet.empty
            for part in parts {
                guard let first = part.first else { return nil }
                union = union.union(first)
            }
            return union
        case .sequence(let parts):
            var union = ScalarRangeSet.empty
            for part in parts {
                // Every part is asked once: asking twice would double with each group inside another.
                switch part {
                case .repeated(let body, 0, _, _):
                    guard let first = body.first else { return nil }
                    union = union.union(first)
                case .empty, .lookahead, .lookbehind, .assertion: continue
                default: return part.first.map(union.union)
                }
            }
            return nil
        }
    }

    /// How many scalars every match has; `nil` where matches differ.
    var fixedLength: Int? {
        switch self {
        case .empty, .lookahead, .lookbehind, .assertion: return 0
        case .set: return 1
        case .atomic(let body): return body.fixedLength
        case .repeated(let body, let minimum, let maximum, _):
            guard minimum == maximum, let length = body.fixedLength else { return nil }
            let (product, isTooLong) = length.multipliedReportingOverflow(by: minimum)
            return isTooLong ? nil : product
        case .sequence(let parts):
            return parts.reduce(0) { sum, part in
                guard let sum, let length = part.fixedLength else { return nil }
                let (longer, isTooLong) = sum.addingReportingOverflow(length)
                return isTooLong ? nil : longer
            }
        case .alternatives(let parts):
            let lengths = Set(parts.map(\.fixedLength))
            return lengths.count == 1 ? lengths.first ?? nil : nil
        }
    }
}
