import HTTPTypes
import Hummingbird
import NIOCore
import StructuredJSON

extension Response {
    /// A response that holds one JSON value.
    init(json: JSONValue, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: json.serialized())))
    }
}

extension Request {
    /// The body as JSON, whatever its content type says.
    ///
    /// - Throws: ``APIError`` where it is too long, compressed or empty; `JSONError` where it is not
    ///   JSON.
    func json(limit: Int) async throws -> JSONValue {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw APIError(
                status: .unsupportedMediaType, kind: .invalidRequest,
                message: "request bodies in content encoding \(encoding) are not understood; "
                    + "send plain JSON", code: "unsupported_encoding")
        }
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw APIError.bodyTooLarge(limit: limit)
        }
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIError.bodyTooLarge(limit: limit)
        }
        guard buffer.readableBytes > 0 else {
            throw APIError.malformed(
                "the request body is empty; send a JSON object", code: "invalid_json")
        }
        return try JSONValue(parsing: Array(buffer.readableBytesView))
    }
}
