import Foundation
import StructuredJSON
import Testing
import Tokenizers

@Suite("Mutated tokenizer.json files")
struct HuggingFaceMutationTests {
    /// `make soak` asks for more.
    static let iterations =
        ProcessInfo.processInfo.environment["BERTH_FUZZ_ITERATIONS"].flatMap(Int.init) ?? 2_000

    @Test("A mutated file is a tokenizer that encodes and decodes, or a TokenizerError")
    func mutations() throws {
        let names = HuggingFaceFixture.names
        let originals = try names.map { name in
            let file = try HuggingFaceFixture(name).file
            return Array(file.serialized().utf8)
        }
        let text = "It's <s>the</s> 1234 größte\t港口<|im_end|> \u{301}ab  "
        var opened = 0
        for iteration in 0..<Self.iterations {
            var mutator = JSONMutator(seed: UInt64(iteration))
            let bytes = mutator.mutate(originals[iteration % originals.count])
            do throws(TokenizerError) {
                let tokenizer = try Tokenizer(huggingFace: bytes)
                let ids = tokenizer.encode(text, addSpecial: true, parseSpecial: true)
                _ = tokenizer.decode(ids + [-1, 1 << 40], skipSpecial: iteration % 2 == 0)
                #expect(ids.allSatisfy { $0 >= 0 }, "\(iteration)")
                opened += 1
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
        // Neither outcome may be rare, or the mutations would test little.
        let share = Double(opened) / Double(Self.iterations)
        #expect((0.05...0.95).contains(share), "\(share)")
    }
}

/// Damages JSON: bytes, and numbers and words, so that it often stays JSON.
private struct JSONMutator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    private mutating func below(_ bound: Int) -> Int {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int((state >> 11) % UInt64(max(1, bound)))
    }

    mutating func mutate(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0...below(3) where !bytes.isEmpty {
            mutateOnce(&bytes)
        }
        return bytes
    }

    private mutating func mutateOnce(_ bytes: inout [UInt8]) {
        // Mostly near the beginning or the end, where the components are and not the vocabulary.
        let window = min(bytes.count, 4_000)
        let place =
            switch below(3) {
            case 0: below(window)
            case 1: bytes.count - 1 - below(window)
            default: below(bytes.count)
            }
        switch below(6) {
        case 0: bytes[place] ^= 1 << UInt8(below(7))
        case 1: replaceToken(&bytes, from: place, isNumber: true)
        case 2, 3: replaceToken(&bytes, from: place, isNumber: false)
        case 4:
            let length = min(below(40), bytes.count - place)
            let splice = Array(bytes[place..<place + length])
            bytes.insert(contentsOf: splice, at: below(bytes.count))
        default:
            bytes.removeSubrange(place..<min(bytes.count, place + below(12)))
        }
    }

    /// Puts another value in the place of the next number, or of the next word or string.
    private mutating func replaceToken(_ bytes: inout [UInt8], from place: Int, isNumber: Bool) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        var start = place
        while start < bytes.count, isNumber != digits.contains(bytes[start]) { start += 1 }
        guard start < bytes.count else { return }
        var end = start
        while end < bytes.count, digits.contains(bytes[end]) == isNumber,
            bytes[end] != UInt8(ascii: ","), end - start < 30
        {
            end += 1
        }
        let numbers = [
            "0", "-1", "1", "4294967296", "99999999999999999999", "1.5", "1e300", "null",
        ]
        let words = [
            "null", "true", "false", "\"\"", "[]", "{}", "\"▁\"", "\"(a*)*b\"", "\"[\\\\p{L}\"",
            "17",
            "{\"type\":\"Sequence\",\"normalizers\":[]}", "{\"Regex\":\"(?=(\\\\s+)+x)\"}",
        ]
        let choice = isNumber ? numbers[below(numbers.count)] : words[below(words.count)]
        bytes.replaceSubrange(start..<end, with: Array(choice.utf8))
    }
}
