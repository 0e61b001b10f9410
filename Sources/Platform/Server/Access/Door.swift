import Console

/// What a path asks of who calls it.
///
/// What is not named here needs a key where keys are needed. The path is read as the router reads it, to which
/// `//admin/` is `/admin`: components between slashes, of which empty ones count for nothing; and escaped letters are
/// letters, so that no way of writing a path leads past its door.
enum Door: Equatable {
    /// Nobody is asked: signs of life, and pages that hold nothing.
    case open
    case user
    /// A key of an admin; without keys, this machine.
    case admin
    case metrics

    init(path: String) {
        let components = Self.components(path)
        switch components.first {
        case "admin": self = .admin
        case "metrics" where components.count == 1: self = .metrics
        case "health" where components.count == 1: self = .open
        case "ready" where components.count == 1: self = .open
        case _ where Self.pages.contains(components): self = .open
        default: self = .user
        }
    }

    private static let pages = Set(ConsolePages.paths.map(components))

    private static func components(_ path: String) -> [String] {
        path.split(separator: "/").map { PercentEncoding.decoded($0) }
    }
}
