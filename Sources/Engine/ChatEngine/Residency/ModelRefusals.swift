import CompletionAPI

extension CompletionError {
    /// Why a model is not there, in words for whoever sent the request.
    ///
    /// - `known`: the names of all models.
    init(_ refusal: ModelResidency.Refusal, known: [String]) {
        switch refusal {
        case .unknown(let name):
            self = .unknownModel(name, known: known)
        case .tooLarge(let name, let needed, let budget):
            self.init(
                code: .engineFailure,
                message: """
                    model "\(name)" needs \(memoryText(needed)) of memory, and all models together may take \
                    \(memoryText(budget)); whoever runs the server can raise --memory-budget, or lower --context-length or \
                    --cache-memory
                    """, field: "model")
        case .noRoom(let name, let needed, let budget, let holders):
            let list = holders.map(\.text).joined(separator: ", ")
            self.init(
                code: .overloaded,
                message: """
                    model "\(name)" needs \(memoryText(needed)) of the \(memoryText(budget)) that models may take, and they \
                    are held by \(list); try again when one of them is idle
                    """, field: "model")
        case .failed(let name, let message):
            self.init(
                code: .engineFailure,
                message: """
                    model "\(name)" cannot be loaded: \(Self.withoutFolders(message)); \
                    it is tried again by the next request after a few seconds
                    """, field: "model")
        }
    }

    static func unknownModel(_ name: String, known: [String]) -> CompletionError {
        let names = known.map { "\"\($0)\"" }.joined(separator: ", ")
        return CompletionError(
            code: .modelNotFound, message: "no model is named \"\(name)\"; known: \(names)",
            field: "model")
    }

    /// Clients may see a file's name, but not where it lies.
    private static func withoutFolders(_ message: String) -> String {
        message.split(separator: " ", omittingEmptySubsequences: false).map { word in
            guard word.hasPrefix("/"), let name = word.split(separator: "/").last else {
                return String(word)
            }
            return String(name)
        }.joined(separator: " ")
    }
}

extension ModelResidency.Holder {
    fileprivate var text: String {
        let why =
            switch reason {
            case .pinned: "pinned"
            case .used(let requests): requests == 1 ? "1 request" : "\(requests) requests"
            case .coming: "being loaded"
            }
        return "\"\(name)\" (\(memoryText(bytes)), \(why))"
    }
}
