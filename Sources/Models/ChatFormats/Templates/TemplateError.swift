/// Why a chat template could not be compiled or rendered.
package struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The template is not valid Jinja.
        case syntax
        /// Something undefined was used as if it were defined.
        case undefined
        /// An operation does not fit its values.
        case invalidOperation
        /// The sandbox does not let templates do that.
        case forbidden
        /// A limit of ``TemplateLimits`` was reached.
        case limitExceeded
        /// The template itself refused its input by `raise_exception`; ``TemplateError/cause`` is
        /// its own message, fit to be shown to whoever sent the messages.
        case raised
    }

    package var code: Code
    /// What went wrong, without the place.
    package var cause: String
    /// The template's name.
    package var template: String
    /// Line of the template, from 1.
    package var line: Int

    package init(code: Code, cause: String, template: String, line: Int) {
        self.code = code
        self.cause = cause
        self.template = template
        self.line = line
    }

    package var description: String {
        "template \(template), line \(line): \(cause)"
    }
}

/// An error on its way to where the template's name and, while rendering, the line are known.
struct TemplateFault: Error {
    var code: TemplateError.Code
    var cause: String
    var line: Int?

    init(_ code: TemplateError.Code, _ cause: String, line: Int? = nil) {
        self.code = code
        self.cause = cause
        self.line = line
    }

    static func invalid(_ cause: String) -> TemplateFault {
        TemplateFault(.invalidOperation, cause)
    }
}
