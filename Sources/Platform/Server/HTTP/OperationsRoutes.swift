import CompletionAPI
import Console
import HTTPTypes
import Hummingbird
import NIOCore
import StructuredJSON

/// `/health` and `/metrics`, for those who run the server.
struct OperationsRoutes: Sendable {
    let backend: any CompletionBackend
    let metrics: ServerMetrics

    func add(to router: Router<ServerContext>) {
        // While draining every route answers 503, these two too.
        router.endpoint("health", [.get: { _, _ in Response(json: ["status": "ok"]) }])
        router.endpoint("ready", [.get: { _, _ in Response(json: ["status": "ready"]) }])
        router.endpoint("metrics", [.get: { _, _ in await scrape() }])
    }

    private func scrape() async -> Response {
        let text = metrics.expositionText(await backend.statistics())
        return Response(
            status: .ok, headers: [.contentType: PrometheusName.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

/// The chat page and its files.
struct ConsoleRoutes: Sendable {
    func add(to router: Router<ServerContext>) {
        for path in ConsolePages.paths {
            guard let resource = ConsolePages.resource(at: path) else { continue }
            let page = Page(resource)
            router.endpoint(
                RouterPath(path), [.get: { request, _ in page.response(to: request) }])
        }
    }

    /// One file, ready to send.
    private struct Page: Sendable {
        private let headers: HTTPFields
        private let body: ByteBuffer
        private let entityTag: String

        init(_ resource: ConsoleResource) {
            var headers: HTTPFields = [
                .contentType: resource.contentType, .eTag: resource.entityTag,
                // Browsers keep the file and ask whether it is still the same.
                .cacheControl: "no-cache",
            ]
            headers[.contentSecurityPolicy] = resource.securityPolicy
            self.headers = headers
            body = ByteBuffer(bytes: resource.body)
            entityTag = resource.entityTag
        }

        func response(to request: Request) -> Response {
            let known = request.headers[values: .ifNoneMatch].joined(separator: ",")
            let isKnown = known.split(separator: ",").contains { tag in
                let tag = tag.trimmingPrefix(while: \.isWhitespace)
                return tag.hasPrefix("*") || tag.hasSuffix(entityTag)
            }
            guard !isKnown else { return Response(status: .notModified, headers: headers) }
            return Response(
                status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
        }
    }
}
