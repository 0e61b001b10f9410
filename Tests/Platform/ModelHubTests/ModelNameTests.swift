import ModelHub
import Testing

@Suite("Names of models")
struct ModelNameTests {
    @Test(
        "A name is read as people write it or copy it",
        arguments: [
            ("Qwen/Qwen3-0.6B-GGUF", "hf.co/Qwen/Qwen3-0.6B-GGUF"),
            ("Qwen/Qwen3-0.6B-GGUF:Q4_K_M", "hf.co/Qwen/Qwen3-0.6B-GGUF:Q4_K_M"),
            ("hf.co/Qwen/Qwen3-0.6B-GGUF:q8_0", "hf.co/Qwen/Qwen3-0.6B-GGUF:q8_0"),
            ("huggingface.co/a/b@v1.0", "hf.co/a/b@v1.0"),
            ("a/b:Q4_0@refs/pr/3", "hf.co/a/b:Q4_0@refs/pr/3"),
            ("a/b:sub/model-Q4_0.gguf", "hf.co/a/b:sub/model-Q4_0.gguf"),
            ("https://huggingface.co/a/b", "hf.co/a/b"),
            ("https://huggingface.co/a/b/tree/main", "hf.co/a/b"),
            ("https://hf-mirror.com/a/b/blob/main/x-Q4_0.gguf", "hf.co/a/b:x-Q4_0.gguf"),
            (
                "https://huggingface.co/a/b/resolve/v2/s/x.gguf?download=true",
                "hf.co/a/b:s/x.gguf@v2"
            ),
            ("modelscope.cn/Qwen/Qwen3-0.6B-GGUF:Q8_0", "modelscope.cn/Qwen/Qwen3-0.6B-GGUF:Q8_0"),
            ("https://www.modelscope.cn/models/a/b", "modelscope.cn/a/b"),
            ("ollama:qwen3", "ollama.com/library/qwen3:latest"),
            ("ollama:qwen3:0.6b", "ollama.com/library/qwen3:0.6b"),
            ("ollama:me/mine:v1", "ollama.com/me/mine:v1"),
            ("ollama.com/library/qwen3:0.6b", "ollama.com/library/qwen3:0.6b"),
            ("https://ollama.com/library/qwen3", "ollama.com/library/qwen3:latest"),
            (
                "https://files.example.com/m/x.gguf?sig=secret",
                "https://files.example.com/m/x.gguf"
            ),
        ])
    func forms(text: String, full: String) throws {
        let name = try ModelName(parsing: text)
        #expect(name.description == full)
        #expect(try ModelName(parsing: full).description == full)
    }

    @Test(
        "What names no model is an error that says why",
        arguments: [
            ("qwen3", "ollama:qwen3"), ("", "ORGANIZATION"), ("a/b/c", "ORGANIZATION/NAME"),
            ("a/../b", "ORGANIZATION/NAME"), ("../b", "begin with a dot"), ("a/b c", "no spaces"),
            ("a/b:", "after the colon"), ("a/b:../../x", "after the colon"),
            ("a/b@", "revision"), ("a/b@../x", "revision"), ("a/b%2f..", "letters"),
            ("ollama:a/b/c", "NAMESPACE/NAME"), ("ollama:a:b/c", "tag"),
            ("https://example.com/", ".gguf"), ("https://example.com/x.bin", ".gguf"),
            ("https://u:p@example.com/x.gguf", "password"),
            ("https://example.com/x.gguf#sha256=12", "64 hexadecimal"),
            ("ftp://example.com/x.gguf", "names no model"),
            ("a/b\u{0}", "no spaces"),
        ])
    func errors(text: String, mention: String) {
        let error = #expect(throws: HubError.self) { try ModelName(parsing: text) }
        #expect(error?.code == .invalidName)
        #expect(error?.message.contains(mention) == true, "\(error?.message ?? "")")
    }

    @Test(
        "An error shows no query, which may be a signature, and no password",
        arguments: [
            "https://example.com/x.bin?sig=SECRET", "https://me:SECRET@example.com/x.bin",
            "https://SECRET@hf.co/org/repo", "https://example.com/x.gguf#SECRET",
        ])
    func secrets(name: String) {
        let error = #expect(throws: HubError.self) { try ModelName(parsing: name) }
        #expect(error?.message.contains("SECRET") == false)
        #expect(error?.message.contains("example.com") == true || name.contains("hf.co"))
        for setting in ["HF_ENDPOINT", "MODELSCOPE_ENDPOINT"] {
            let error = #expect(throws: HubError.self) {
                try HubSettings(environment: [setting: "me:SECRET@example.com?SECRET"])
            }
            #expect(error?.message.contains("SECRET") == false)
            #expect(error?.message.contains("example.com") == true)
        }
    }

    @Test(
        "A path of a listing that could leave its folder is refused",
        arguments: [
            "", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a/", ".", "..", "a\u{0}b",
            "a\nb", "a\\..\\b", "x\u{202E}fugg.y", String(repeating: "a", count: 201),
            String(repeating: "a/", count: 16) + "a",
        ])
    func hostilePaths(path: String) {
        let error = #expect(throws: HubError.self) { try RepositoryPath(path) }
        #expect(error?.code == .badAnswer)
    }

    @Test(
        "Paths that repositories have are taken",
        arguments: [
            "a.gguf", "Q8_0/a-00001-of-00002.gguf", "1_Pooling/config.json", "模型 (1).gguf", ".x",
        ])
    func plainPaths(path: String) throws {
        #expect(try RepositoryPath(path).text == path)
    }

    @Test(
        "Redirects are resolved like links",
        arguments: [
            ("https://cdn.example/x?s=1", "https://cdn.example/x?s=1"),
            ("//cdn.example/x", "https://cdn.example/x"), ("/y", "https://hub.example:8443/y"),
            ("y", "https://hub.example:8443/a/y"),
            ("http://[::1]:99/z", "http://[::1]:99/z"),
            ("/login?next=https://x/", "https://hub.example:8443/login?next=https://x/"),
            ("login?next=https://x/", "https://hub.example:8443/a/login?next=https://x/"),
        ])
    func following(location: String, expected: String) throws {
        let here = try #require(WebAddress("https://hub.example:8443/a/b?q"))
        #expect(here.following(location)?.full == expected)
    }

    @Test(
        "Addresses that are none",
        arguments: [
            "ftp://x/", "https://", "https://:80/", "https://h:0/", "https://h:x/", "https://[::1/",
        ])
    func noAddress(text: String) {
        #expect(WebAddress(text) == nil)
    }

    @Test("Loopback is loopback and nothing else")
    func loopback() {
        for yes in ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"] {
            #expect(WebAddress("http://\(yes)/")?.isLoopback == true)
        }
        for no in ["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "127.1"] {
            #expect(WebAddress("http://\(no)/")?.isLoopback == false)
        }
    }

    @Test("The nearest names come first")
    func nearest() {
        let names = ["hf.co/a/Llama-3B:Q4_0", "hf.co/b/Qwen3-4B-GGUF:Q8_0", "hf.co/c/gemma:F16"]
        #expect(NearestNames.sorted(names, like: "qwen3").first == names[1])
        #expect(
            NearestNames.sorted([":Q8_0", ":Q4_K_S", ":Q4_K_M"], like: "q4km").first == ":Q4_K_M")
    }
}
