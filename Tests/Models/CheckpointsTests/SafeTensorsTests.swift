import Checkpoints
import Foundation
import OrderedCollections
import Testing

/// A header of one wrong thing, and the field that the error must name.
struct WrongHeader: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let field: String
    let header: String
    let dataBytes: Int
    var code = CheckpointError.Code.invalidField

    init(
        _ description: String, _ field: String, _ header: String, data: Int = 32,
        code: CheckpointError.Code = .invalidField
    ) {
        testDescription = description
        self.field = field
        self.header = header
        dataBytes = data
        self.code = code
    }

    /// An entry of that name with those values.
    static func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String
    {
        "\"\(name)\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }
}

@Suite("Safetensors files")
struct SafeTensorsTests {
    private static let norm = "model.norm.weight"
    private static let embedding = "model.embed_tokens.weight"

    static let wrong: [WrongHeader] = {
        func one(_ dtype: String, _ shape: String, _ offsets: String) -> String {
            "{\(WrongHeader.entry(norm, dtype, shape, offsets))}"
        }
        func two(_ first: String, _ second: String) -> String {
            let entries = [
                WrongHeader.entry(norm, "\"F32\"", "[8]", first),
                WrongHeader.entry(embedding, "\"F32\"", "[8]", second),
            ]
            return "{\(entries.joined(separator: ","))}"
        }
        let tensor = "tensor \(norm)"
        return [
            WrongHeader("no object", "header", "[1]", code: .notThisFormat),
            WrongHeader("no JSON", "header", "{\"a\":"),
            WrongHeader("two tensors of one name", "header", "{\"a\":{},\"a\":{}}"),
            WrongHeader("deep nesting", "header", "{\"a\":[[[[[[1]]]]]]}"),
            WrongHeader("a tensor that is a list", "tensor a", "{\"a\":[0]}"),
            WrongHeader("two shapes", "header", "{\"a\":{\"shape\":[],\"shape\":[]}}"),
            WrongHeader(
                "a shape of thousands", tensor,
                one("\"F32\"", "[\(String(repeating: "1,", count: 5000))8]", "[0,32]")),
            WrongHeader(
                "no dtype", tensor, "{\"\(norm)\":{\"shape\":[8],\"data_offsets\":[0,32]}}",
                code: .missingField),
            WrongHeader("unknown dtype", tensor, one("\"Q9\"", "[8]", "[0,32]")),
            WrongHeader("dtype that is a number", tensor, one("1", "[8]", "[0,32]")),
            WrongHeader("negative length", tensor, one("\"F32\"", "[-8]", "[0,32]")),
            WrongHeader("length that is a text", tensor, one("\"F32\"", "[\"8\"]", "[0,32]")),
            WrongHeader(
                "elements past 64 bits", tensor, one("\"F32\"", "[9223372036854775807,8]", "[0,32]")
            ),
            WrongHeader("nine dimensions", tensor, one("\"F32\"", "[1,1,1,1,1,1,1,1,8]", "[0,32]")),
            WrongHeader("three offsets", tensor, one("\"F32\"", "[8]", "[0,16,32]")),
            WrongHeader("offsets out of order", tensor, one("\"F32\"", "[8]", "[32,0]")),
            WrongHeader("shape and bytes that differ", tensor, one("\"F32\"", "[7]", "[0,32]")),
            WrongHeader(
                "data past the end", tensor, one("\"F32\"", "[8]", "[0,32]"), data: 31,
                code: .truncated),
            WrongHeader("a gap before the first", tensor, one("\"F32\"", "[7]", "[4,32]")),
            WrongHeader("bytes of nobody", "data", one("\"F32\"", "[8]", "[0,32]"), data: 33),
            WrongHeader("overlap", "tensor \(embedding)", two("[0,32]", "[16,48]"), data: 48),
            WrongHeader("a gap between", "tensor \(embedding)", two("[0,32]", "[36,68]"), data: 68),
            WrongHeader(
                "metadata that are no texts", "__metadata__", "{\"__metadata__\":{\"a\":1}}",
                data: 0),
        ]
    }()

    @Test(
        "One wrong thing in a header is an error that names file, tensor and place",
        arguments: wrong)
    func wrongHeader(wrong: WrongHeader) throws {
        var sample = FolderSample.whole()
        sample.files["model.safetensors"] = FolderSample.safeTensors(
            header: wrong.header, data: [UInt8](repeating: 0, count: wrong.dataBytes))
        try sample.write { folder in
            let error = #expect(throws: CheckpointError.self) {
                try Checkpoint.open(path: folder.path)
            }
            #expect(error?.code == wrong.code, "\(String(describing: error))")
            #expect(error?.field == wrong.field, "\(String(describing: error))")
            #expect(error?.file == folder.path + "/model.safetensors")
            let place = try #require(error?.byteOffset)
            #expect(place >= 8 && place <= 8 + wrong.header.utf8.count + wrong.dataBytes)
        }
    }

    @Test("More tensors than a file of its size can mean are refused, for little memory")
    func manyTensors() throws {
        let entries = (0..<200_000).map {
            "\"\($0)\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}"
        }
        var sample = FolderSample.whole()
        sample.files["model.safetensors"] = FolderSample.safeTensors(
            header: "{\(entries.joined(separator: ","))}", data: [])
        let size = try #require(sample.files["model.safetensors"]).count
        try sample.write { folder in
            let before = try peakMemory()
            let error = #expect(throws: CheckpointError.self) {
                try Checkpoint.open(path: folder.path)
            }
            #expect(error?.message.contains("one tensor more than") == true)
            // Its tree took 24 times the file.
            #expect(try peakMemory() - before < 2 * size + (8 << 20))
        }
    }

    @Test("A header length past the file or past the format's limit is an error at byte 0 or 8")
    func headerLength() throws {
        let whole = try #require(FolderSample.whole().files["model.safetensors"])
        for (length, code) in [
            (UInt64.max, CheckpointError.Code.invalidField), (1 << 40, .invalidField),
            (99_000_000, .truncated),
        ] {
            var sample = FolderSample.whole()
            sample.files["model.safetensors"] =
                GGUFBytes.littleEndian(length) + Array(whole.dropFirst(8))
            try sample.write { folder in
                let error = #expect(throws: CheckpointError.self) {
                    try Checkpoint.open(path: folder.path)
                }
                #expect(error?.code == code)
                #expect(error?.byteOffset == (code == .truncated ? 8 : 0))
            }
        }
    }

    @Test("One file and two shards are the same model")
    func shards() throws {
        try FolderSample.whole().write { whole in
            try FolderSample.sharded().write { sharded in
                let one = try Checkpoint.open(path: whole.path)
                let two = try Checkpoint.open(path: sharded.path)
                #expect(one.tensors.map(\.name) == two.tensors.map(\.name))
                #expect(two.files.count == 3)
                let name = try #require(one.tensors.last?.name)
                #expect(name == "output_norm.weight")
                let tensors = try (
                    #require(one.tensor(named: name)), #require(two.tensor(named: name))
                )
                #expect(tensors.0.dimensions == [8])
                #expect(two.file(of: tensors.1).hasSuffix("model-00002-of-00002.safetensors"))
            }
        }
    }

    @Test("Queries' rows are put in GGUF's order, and 16-bit norms become float32")
    func transformed() throws {
        try FolderSample.whole().write { folder in
            let file = try Checkpoint.open(path: folder.path)
            let queries = try #require(file.tensor(named: "blk.0.attn_q.weight"))
            // Rows of 16 bytes; those of the first head are 0 to 3, its pairs (0, 2) and (1, 3).
            let first = file.withBytes(of: queries) { bytes in
                (0..<8).map { Int(bytes.unsafeByte(16 * $0)) }
            }
            let start = 96
            #expect(first == [0, 2, 1, 3, 4, 6, 5, 7].map { (start + 16 * $0) % 256 })
            let norm = try #require(file.tensor(named: "blk.0.attn_norm.weight"))
            #expect(norm.typeName == "F32")
            #expect(norm.byteCount == 32)
            #expect(file.bytes(of: norm).count == 32)
            let factors = try #require(file.tensor(named: "rope_freqs.weight"))
            #expect(factors.dimensions == [2])
        }
    }

    @Test("One file goes before an index that is left over beside it")
    func leftOverIndex() throws {
        var sample = FolderSample.whole()
        sample.files["model.safetensors.index.json"] = Array(
            #"{"weight_map": {"a": "gone.safetensors"}}"#.utf8)
        try sample.write { folder in
            let file = try Checkpoint.open(path: folder.path)
            #expect(file.tensor(named: "output_norm.weight") != nil)
        }
    }

    @Test("Index and shards that disagree are an error that names the file")
    func index() throws {
        func expect(_ field: String, _ file: String, _ change: (inout FolderSample) -> Void) throws
        {
            var sample = FolderSample.sharded()
            change(&sample)
            try sample.write { folder in
                let error = #expect(throws: CheckpointError.self) {
                    try Checkpoint.open(path: folder.path)
                }
                #expect(error?.field == field, "\(String(describing: error))")
                #expect(error?.file == "\(folder.path)/\(file)", "\(String(describing: error))")
            }
        }
        let index = "model.safetensors.index.json"
        let second = "model-00002-of-00002.safetensors"
        try expect("file", second) { $0.files[second] = nil }
        try expect("weight_map.model.norm.weight", index) {
            $0.files[second] = FolderSample.safeTensors(Array(FolderSample.tensors[3..<5]))
        }
        try expect("tensor model.layers.0.self_attn.v_proj.weight", second) {
            $0.files[second] = FolderSample.safeTensors(
                Array(FolderSample.tensors[3...])
                    + [("model.layers.0.self_attn.v_proj.weight", "F16", [4, 8])])
        }
        try expect("tensor \(Self.embedding)", second) {
            $0.files[second] = FolderSample.safeTensors(
                Array(FolderSample.tensors[3...]) + [FolderSample.tensors[0]])
        }
        try expect("weight_map[\"a\"]".replacing("[\"a\"]", with: ".a"), index) {
            $0.files[index] = Array(#"{"weight_map": {"a": "../secret.safetensors"}}"#.utf8)
        }
        try expect("weight_map", index) { $0.files[index] = Array("{}".utf8) }
    }
}
