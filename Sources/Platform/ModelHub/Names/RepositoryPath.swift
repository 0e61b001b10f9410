/// The path of a file below a folder, taken from a listing that nobody vouches for.
///
/// A value of this type can be joined to a folder without leaving it: no component is empty, `.` or `..`,
/// begins a path anew, or holds a separator or a control character.
package struct RepositoryPath: Sendable, Hashable, Comparable, CustomStringConvertible {
    package static let maximumBytes = 1024
    package static let maximumComponentBytes = 200
    package static let maximumDepth = 16

    package let text: String

    /// - Throws: ``HubError`` that shows the path with control characters escaped.
    package init(_ text: String) throws(HubError) {
        let components = text.split(separator: "/", omittingEmptySubsequences: false)
        let isSafe =
            text.utf8.count <= Self.maximumBytes && components.count <= Self.maximumDepth
            && components.allSatisfy(Self.isSafe)
        guard isSafe else {
            throw HubError(
                .badAnswer,
                "the listing names a file that cannot be stored safely: \(Self.printable(text))")
        }
        self.text = text
    }

    package var components: [Substring] { text.split(separator: "/") }

    /// The last component.
    package var name: Substring { components.last ?? "" }

    package var description: String { text }

    package static func < (a: RepositoryPath, b: RepositoryPath) -> Bool {
        a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
    }

    /// Whether a name can stand between two separators.
    static func isSafe(_ component: Substring) -> Bool {
        !component.isEmpty && component != "." && component != ".."
            && component.utf8.count <= maximumComponentBytes
            && component.unicodeScalars.allSatisfy { scalar in
                scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
                    && scalar != "\\" && scalar != "/" && !isDirectional(scalar)
            }
    }

    /// Marks that make a name look like another one on a screen.
    private static func isDirectional(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            || scalar.value == 0x200E || scalar.value == 0x200F
    }

    /// An address, or what was meant as one, without what may be secret: user, password, query and fragment.
    static func printable(address text: String) -> String {
        let plain = text.prefix { $0 != "?" && $0 != "#" }
        guard let start = plain.firstRange(of: "://")?.upperBound,
            let at = plain[start...].prefix(while: { $0 != "/" }).lastIndex(of: "@")
        else { return printable(String(plain)) }
        return printable(String(plain[..<start]) + plain[plain.index(after: at)...])
    }

    /// Somebody else's text on one line, escaped, and not longer than a line should be.
    static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let short = String(String.UnicodeScalarView(scalars.prefix(120)))
        return short.debugDescription + (scalars.count > 120 ? "..." : "")
    }
}
