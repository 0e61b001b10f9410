import Crypto

/// What a client sends to be known: `berth-` and 256 random bits.
///
/// Shown once, when the key is made, and kept nowhere.
package struct KeySecret: Sendable {
    package let text: String

    package static let marker = "berth-"
    private static let alphabet = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    /// 43 digits to the base 62 hold 256 bits.
    private static let digits = 43

    /// A new one, from the system's generator for cryptography.
    package static func random() -> KeySecret {
        KeySecret(text: marker + RandomText.make(digits, of: alphabet))
    }

    /// Enough to tell keys apart, too little to guess the rest: 8 of the 43 digits.
    package var prefix: String { String(text.prefix(Self.marker.count + 8)) }

    package var hash: SecretHash { SecretHash(of: text) }
}

extension APIKey {
    /// An id that no other key has.
    package static func randomID() -> String {
        "key_" + RandomText.make(12, of: Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8))
    }
}

private enum RandomText {
    static func make(_ count: Int, of alphabet: [UInt8]) -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<count).map { _ in
            alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// SHA-256 of a secret, all that is kept of it.
///
/// A slow hash with salt guards secrets that people think up, which can be guessed one by one. Nobody guesses 256 random
/// bits, so a slow hash would only make every request slower. Looking a hash up in an index may take a time that
/// depends on its bytes, but who sends secrets cannot choose the bytes of their hashes, so the time tells nothing.
package struct SecretHash: Sendable, Hashable {
    /// 64 hexadecimal digits.
    package let hexadecimal: String

    package init(of secret: String) {
        let digits = Array("0123456789abcdef".utf8)
        let bytes = SHA256.hash(data: Array(secret.utf8)).flatMap { byte in
            [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        hexadecimal = String(decoding: bytes, as: UTF8.self)
    }
}
