import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
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
    /// - Throws: as ``jsonBytes(limit:)``; `JSONError` where it is not JSON.
    func json(limit: Int) async throws -> JSONValue {
        try JSONValue(parsing: try await jsonBytes(limit: limit), limits: .requestBody)
    }

    /// The body's bytes, which are to be JSON.
    ///
    /// - Throws: ``APIError`` where it is too long, compressed, empty or not HTTP; ``ClientLeft`` where the client left
    ///   before its end.
    func jsonBytes(limit: Int) async throws -> [UInt8] {
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
        } catch HTTPParserError.invalidEOFState {
            throw ClientLeft()
        } catch let error as HTTPParserError {
            throw APIError(error)
        } catch is IOError, is ChannelError {
            throw ClientLeft()
        }
        guard buffer.readableBytes > 0 else {
            throw APIError.malformed(
                "the request body is empty; send a JSON object", code: "invalid_json")
        }
        return Array(buffer.readableBytesView)
    }
}
