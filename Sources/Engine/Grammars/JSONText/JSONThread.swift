/// One way to have read a JSON text so far.
struct JSONThread: Hashable, Sendable {
    enum Mode: UInt8, Sendable {
        /// A value comes: `state` is what it must be, `extra` counts white space.
        case value
        /// The same, or the end of an array.
        case firstElement
        /// In `true`, `false` or `null`: `state` is which, `extra` how much of it was read.
        case literal
        /// `state` is an expression; `extra` and `need` keep account of multiples.
        case number
        /// `state` is an expression over what the string stands for; `need` and `room` count scalars.
        case string
        /// A member's name: `state` is a node of the names' tree or -1, `extra` a set of expressions.
        case key
        /// After a name: `state` is what the value must be.
        case colon
        /// After an opening brace.
        case firstMember
        /// After a comma in an object.
        case nextMember
        /// After a value in an object or an array.
        case afterValue
        /// The text is complete.
        case end
    }

    var mode: Mode
    /// In strings: 0 none, 1 after a backslash, 2 to 5 after `\u` and that many digits less 2, 6 to 11 in a second half.
    var escape: UInt8 = 0
    /// The digits of an escape so far.
    var code: UInt16 = 0
    /// A first half of a surrogate pair.
    var high: UInt16 = 0
    var state: Int32 = 0
    var extra: Int32 = 0
    var need: Int32 = 0
    var room: Int32 = .max
    /// The frame around; -1 at the top.
    var frame: Int32
    /// What the thread's number is, for multiples.
    var number: Int32 = -1
}

/// An open array or object.
struct JSONFrame: Hashable, Sendable {
    var parent: Int32
    /// Index of an ``ObjectPlan``, or of an ``ArrayPlan`` less than zero: `-1 - index`.
    var plan: Int32
    /// Members or elements begun.
    var count: Int32 = 0
    /// Index of a list of words: the declared members that were met, or how many elements matched each `contains`.
    var marks: Int32 = 0
    var depth: Int32
}
