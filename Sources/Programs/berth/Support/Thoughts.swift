import Foundation

/// Shows what a model thinks before it answers, apart from the answer: dimmed, and only to a terminal.
struct Thoughts {
    private let write: (String) throws -> Void
    private let isShown: Bool
    private var isOpen = false
    /// All of the thought.
    private(set) var text = ""

    /// - Parameters:
    ///   - descriptor: of the file that `write` writes to.
    ///   - write: takes text for it.
    init(descriptor: Int32, write: @escaping (String) throws -> Void) {
        self.write = write
        isShown = isatty(descriptor) == 1
    }

    mutating func add(_ more: String) throws {
        text += more
        guard isShown else { return }
        try write(isOpen ? more : "\u{1B}[2m" + more)
        isOpen = true
    }

    /// Ends the thought before something else is written.
    mutating func close() throws {
        guard isOpen else { return }
        isOpen = false
        try write("\u{1B}[0m\n\n")
    }
}
