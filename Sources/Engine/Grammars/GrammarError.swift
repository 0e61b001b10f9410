/// Why a grammar cannot be used, or stopped being usable: what is wrong, where, and what to do.
package struct GrammarError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The schema, expression or grammar is not written as its specification says.
        case invalid
        /// It asks for something that cannot be enforced token by token.
        case unsupported
        /// No text at all would satisfy it.
        case unsatisfiable
        /// It is larger than ``GrammarLimits`` allow.
        case tooLarge
    }

    package var code: Code
    /// Where in the schema (a JSON pointer, `#/properties/name/pattern`) or text (`line 3`); empty for the whole.
    package var path: String
    package var message: String

    package init(_ code: Code, at path: String, _ message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    package var description: String {
        path.isEmpty ? message : "\(path): \(message)"
    }
}

/// What one grammar may cost, so that no schema of a stranger can stop a server.
package struct GrammarLimits: Sendable, Hashable {
    /// Most regular expressions and their derivatives; each takes about a hundred bytes.
    package var maximumExpressions: Int
    /// Most states of the automaton that are kept at a time; the oldest are dropped and made again.
    package var maximumStates: Int
    /// Most ways in which one text may be read at the same time.
    package var maximumThreads: Int
    /// Most combinations of subschemas.
    package var maximumShapes: Int
    /// Deepest nesting of subschemas, and of values in the text.
    package var maximumDepth: Int
    /// Longest white space between two tokens of JSON, in bytes.
    package var maximumWhitespace: Int
    /// Most steps that one mask, or one other question about a text, may take.
    ///
    /// A step is a derivative, a state or a transition, of some ten nanoseconds. They are counted, not timed, so that a
    /// grammar which passes does so under any load.
    package var maximumWork: Int
    /// The same for compiling.
    package var maximumCompilationWork: Int

    package init(
        maximumExpressions: Int = 60_000, maximumStates: Int = 40_000, maximumThreads: Int = 2_000,
        maximumShapes: Int = 20_000, maximumDepth: Int = 256, maximumWhitespace: Int = 120,
        maximumWork: Int = 40_000_000, maximumCompilationWork: Int = 80_000_000
    ) {
        self.maximumExpressions = maximumExpressions
        self.maximumStates = maximumStates
        self.maximumThreads = maximumThreads
        self.maximumShapes = maximumShapes
        self.maximumDepth = maximumDepth
        self.maximumWhitespace = maximumWhitespace
        self.maximumWork = maximumWork
        self.maximumCompilationWork = maximumCompilationWork
    }

    package static let standard = GrammarLimits()
}
