import CompletionAPI

/// What the engine's door must know of the request at hand: who pays, and how urgent it is.
///
/// Travels with the task, so that no route can forget to hand it on.
final class RequestScope: Sendable {
    @TaskLocal static var current: RequestScope?

    let caller: Caller
    let origin: RequestOrigin
    private let access: AccessControl
    private let ledger: UsageLedger
    private let record: RequestRecord?
    private let logsPrompts: Bool

    init(
        caller: Caller, origin: RequestOrigin, access: AccessControl, ledger: UsageLedger,
        record: RequestRecord?, logsPrompts: Bool
    ) {
        self.caller = caller
        self.origin = origin
        self.access = access
        self.ledger = ledger
        self.record = record
        self.logsPrompts = logsPrompts
    }

    /// Begins a piece of work of about so many tokens.
    ///
    /// - Throws: ``APIError``, 403 where the key may not use that model, 429 where its tokens are used up.
    func begin(model: String, estimate: Int) throws -> Work {
        guard caller.mayUse(model: model) else {
            throw APIError.modelNotAllowed(model, key: caller.name)
        }
        record?.note(model: model)
        return Work(self, model: model, reserved: try access.reserve(estimate, for: caller))
    }

    /// Puts into the log what is asked, where that is wanted.
    func note(prompt: @autoclosure () -> String) {
        if logsPrompts { record?.note(prompt: prompt()) }
    }

    /// One completion, or texts for vectors; settled when it is done or nobody holds it any more.
    final class Work: Sendable {
        private let scope: RequestScope
        private let model: String
        private let reserved: Int
        private let tally = TokenTally()

        fileprivate init(_ scope: RequestScope, model: String, reserved: Int) {
            self.scope = scope
            self.model = model
            self.reserved = reserved
        }

        deinit { settle() }

        func note(_ event: CompletionEvent) {
            tally.note(event)
            if case .finished = event { settle() }
        }

        /// The work is done, and it took that.
        func finish(_ usage: Usage) {
            tally.set(usage)
            settle()
        }

        private func settle() {
            guard let usage = tally.close() else { return }
            let used = usage.promptTokens + usage.completionTokens
            scope.access.settle(scope.caller, reserved: reserved, used: used)
            // What was refused before it began counts for nothing.
            guard used > 0 else { return }
            scope.ledger.add(usage, of: scope.caller, model: model)
        }
    }
}
