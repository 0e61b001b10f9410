import Foundation
import Testing

@Suite("Commands that are interrupted", .serialized)
struct InterruptionTests {
    /// A GGUF file of a gigabyte of zeros, which take no room on the disk.
    private func largeModel() throws -> String {
        func number(_ value: Int, _ bytes: Int) -> Data {
            Data((0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
        }
        func text(_ text: String) -> Data { number(text.utf8.count, 8) + Data(text.utf8) }
        let (columns, rows) = (4096, 1 << 16)
        var file = Data("GGUF".utf8) + number(3, 4) + number(1, 8) + number(2, 8)
        file += text("general.architecture") + number(8, 4) + text("llama")
        file += text("llama.block_count") + number(4, 4) + number(1, 4)
        file += text("blk.0.ffn_down.weight") + number(2, 4) + number(columns, 8) + number(rows, 8)
        file += number(0, 4) + number(0, 8)
        file += Data(count: (32 - file.count % 32) % 32)
        let path = try BerthProgram.temporaryFile("large.gguf", contents: file)
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        try handle.truncate(atOffset: UInt64(file.count + 4 * columns * rows))
        try handle.close()
        return path
    }

    @Test(
        "Nothing is left of a file that was being written",
        arguments: [["quantize", "--type", "Q4_K_M"], ["convert", "--type", "bf16"]],
        [SIGTERM, SIGINT])
    func leftovers(command: [String], signal: Int32) throws {
        let model = try largeModel()
        let folder = URL(filePath: model).deletingLastPathComponent()
        defer { try? FileManager.default.removeItem(at: folder) }
        let out = model + ".out.gguf"
        let process = BerthProgram.process([command[0], model, out] + command.dropFirst())
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Sleeping in the thread: tests beside this one may keep a task waiting until the command is done.
        let deadline = ContinuousClock.now + .seconds(60)
        while !FileManager.default.fileExists(atPath: out + ".partial") {
            try #require(ContinuousClock.now < deadline && process.isRunning)
            Thread.sleep(forTimeInterval: 0.001)
        }
        Thread.sleep(forTimeInterval: 0.02)
        #expect(kill(process.processIdentifier, signal) == 0)
        process.waitUntilExit()
        #expect(process.terminationStatus == 128 + signal)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left == ["large.gguf"])
    }
}
