/// The chat page, the console and the files they load, as bytes in the program.
///
/// The folder `Pages` is the source; it has no build step. A request's path is the file's path below
/// that folder; `/` is `index.html`, and `/console` is `console.html`.
package enum ConsolePages {
    /// The file at a path such as `/` or `/scripts/main.js`, or `nil` where there is none.
    ///
    /// Only the paths in ``paths`` exist: nothing is read from a disk, so no path can leave the folder.
    package static func resource(at path: String) -> ConsoleResource? {
        files[path]
    }

    /// Every path that has a file, sorted.
    package static var paths: [String] {
        files.keys.sorted()
    }

    /// The page loads its own files and talks to its own server: nothing inline, nothing from elsewhere.
    ///
    /// Trusted types make the browser refuse `innerHTML` and its kin outright, so a model's text can
    /// only ever become text.
    package static let securityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")
}
