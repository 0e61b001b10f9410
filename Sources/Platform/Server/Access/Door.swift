import Console

/// What a path asks of who calls it.
///
/// What is not named here needs a key where keys are needed.
enum Door: Equatable {
    /// Nobody is asked: signs of life, and pages that hold nothing.
    case open
    case user
    /// A key of an admin; without keys, this machine.
    case admin
    case metrics

    init(path: String) {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        switch path {
        case "/health", "/ready": self = .open
        case "/metrics": self = .metrics
        case _ where path == "/admin" || path.hasPrefix("/admin/"): self = .admin
        case _ where Self.pages.contains(path): self = .open
        default: self = .user
        }
    }

    private static let pages = Set(ConsolePages.paths)
}
