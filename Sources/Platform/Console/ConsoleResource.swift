/// One file of the console: what a server sends for its path.
package struct ConsoleResource: Sendable, Equatable {
    /// The value of `Content-Type`.
    package var contentType: String
    package var body: [UInt8]
    /// The value of `ETag`, with its quotes: equal tags mean equal bytes.
    package var entityTag: String
    /// The value of `Content-Security-Policy`; pages have one, the files they load need none.
    package var securityPolicy: String?
}

extension ConsoleResource {
    /// Tags the body; costs one pass over it.
    init(_ kind: Kind, _ body: [UInt8]) {
        self.init(
            contentType: kind.contentType, body: body, entityTag: Self.entityTag(of: body),
            securityPolicy: kind == .page ? ConsolePages.securityPolicy : nil)
    }

    /// What a file is to a browser.
    enum Kind {
        case page
        case style
        case script
        case image

        var contentType: String {
            switch self {
            case .page: "text/html; charset=utf-8"
            case .style: "text/css; charset=utf-8"
            case .script: "text/javascript; charset=utf-8"
            case .image: "image/svg+xml"
            }
        }
    }

    /// 64-bit FNV-1a.
    ///
    /// It tells versions of our own files apart; nobody chooses them to collide.
    private static func entityTag(of body: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in body {
            hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01b3
        }
        return "\"\(String(hash, radix: 16))\""
    }
}
