import Server
import Testing

@Suite("Which web pages may call")
struct BrowserPolicyTests {
    private func isAllowed(
        _ origin: String?, _ authority: String?, bound: String = "127.0.0.1",
        allowing origins: [String] = []
    ) -> Bool {
        let policy = BrowserPolicy(boundHost: bound, allowedOrigins: origins)
        switch policy.judge(origin: origin, authority: authority) {
        case .allowed: return true
        case .refused: return false
        }
    }

    @Test(
        "programs, pages of this machine and desktop applications may",
        arguments: [
            (nil, "127.0.0.1:8080"), (nil, "localhost"), (nil, "[::1]:8080"), (nil, nil),
            ("http://localhost:3000", "127.0.0.1:8080"), ("https://[::1]", "localhost"),
            ("http://127.3.2.1:5", "localhost"), ("http://app.localhost", "localhost"),
            ("tauri://localhost", "localhost"), ("vscode-webview://1a2b", "localhost"),
            ("HTTP://LOCALHOST", "LOCALHOST"), ("http://192.168.0.7:80", "192.168.0.7:80"),
        ] as [(String?, String?)])
    func allowed(origin: String?, authority: String?) {
        #expect(isAllowed(origin, authority))
    }

    @Test(
        "other pages may not, nor names that pretend",
        arguments: [
            ("https://example.com", "127.0.0.1:8080"), ("null", "localhost"),
            ("http://localhost.example.com", "localhost"),
            ("http://127.0.0.1.example.com", "localhost"), ("http://127.0.0.+1", "localhost"),
            ("file://", "localhost"), ("garbage", "localhost"), ("", "localhost"),
            (nil, "example.com"), (nil, "example.com:8080"),
            ("http://example.com", "example.com"), (nil, ""),
        ] as [(String?, String?)])
    func refused(origin: String?, authority: String?) {
        #expect(!isAllowed(origin, authority))
    }

    @Test("a server for other machines answers to any name, and still not to any page")
    func everyAddress() {
        #expect(isAllowed(nil, "box.lan:8080", bound: "0.0.0.0"))
        #expect(isAllowed("http://box.lan:8080", "box.lan:8080", bound: "0.0.0.0"))
        #expect(!isAllowed("http://other.lan", "box.lan:8080", bound: "0.0.0.0"))
    }

    @Test("an origin of the configuration may, also behind a proxy that keeps its name")
    func configured() {
        let origins = ["https://chat.example.com"]
        #expect(isAllowed("https://chat.example.com", "127.0.0.1", allowing: origins))
        #expect(isAllowed("https://chat.example.com", "chat.example.com", allowing: origins))
        #expect(!isAllowed("https://other.example.com", "127.0.0.1", allowing: origins))
        #expect(!isAllowed(nil, "other.example.com", allowing: origins))
    }

    @Test("a star lets every page in")
    func star() {
        #expect(isAllowed("https://example.com", "example.org", allowing: ["*"]))
        #expect(isAllowed("null", "localhost", allowing: ["*"]))
    }
}
