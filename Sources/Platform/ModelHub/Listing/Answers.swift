import StructuredJSON

/// Reads what sources answer; every field is checked, and nothing is larger than we are ready for.
enum Answers {
    /// Bytes of a listing's page or of a manifest.
    static let maximumBytes = 32 << 20
    /// Files of one repository.
    static let maximumFiles = 200_000
    /// Pages of one listing.
    static let maximumPages = 2000

    static let limits = JSONLimits(maximumDepth: 32, maximumBytes: maximumBytes)

    /// An answer as JSON; `what` says in errors whose it is.
    static func json(_ bytes: [UInt8], from what: String) throws(HubError) -> JSONField {
        do {
            return JSONField(try JSONValue(parsing: bytes, limits: limits))
        } catch {
            throw unreadable(what, error)
        }
    }

    /// Runs a reader; a field that is not as it must be becomes an error about the answer.
    static func reading<Value>(
        _ what: String, _ body: () throws -> Value
    ) throws(HubError) -> Value {
        do {
            return try body()
        } catch let error as HubError {
            throw error
        } catch let error as JSONError {
            throw unreadable(what, error)
        } catch {
            throw HubError(.badAnswer, "\(what): \(error)")
        }
    }

    private static func unreadable(_ what: String, _ error: JSONError) -> HubError {
        HubError(
            .badAnswer,
            "\(what) answered with something that is not its protocol: \(error.message); "
                + "a proxy or a sign-in page may be in the way")
    }

    /// A size that a file can have; a negative or absurd one is not believed, so sums do not overflow.
    static func size(_ field: JSONField) throws(JSONError) -> Int {
        try field.int(in: 0...(1 << 44))
    }

    /// A hash, in lower case; one of another form is an error, so that it is never silently not checked.
    static func sha256(_ field: JSONField) throws(JSONError) -> String {
        let text = try field.string().lowercased()
        guard SHA256Text.isValid(text) else {
            throw field.invalid("must be a SHA-256 of 64 hexadecimal digits")
        }
        return text
    }
}

/// The `Link` header of paged listings (RFC 8288).
enum LinkHeader {
    /// The target of the link whose `rel` is `next`.
    static func next(in text: String) -> String? {
        var rest = text[...]
        while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
            let target = rest[rest.index(after: start)..<end]
            let parameters = rest[rest.index(after: end)...].prefix { $0 != "<" }
            let isNext = parameters.split { $0 == ";" || $0 == "," }.contains { parameter in
                let words = parameter.lowercased().filter { $0 != " " && $0 != "\"" }
                return words == "rel=next"
            }
            if isNext { return String(target) }
            rest = rest[parameters.endIndex...]
        }
        return nil
    }
}
