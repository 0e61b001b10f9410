/// A template's tree: what the parser makes and the interpreter walks.
indirect enum TemplateExpression: Sendable {
    case literal(TemplateLiteral)
    case variable(TemplateName)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
    case negation(TemplateExpression)
    case identity(TemplateExpression)
    case arithmetic(TemplateExpression, ArithmeticOperator, TemplateExpression)
    /// `a ~ b ~ c`
    case concatenation([TemplateExpression])
    case not(TemplateExpression)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    /// `a < b <= c`: every operand is evaluated once.
    case comparison(TemplateExpression, [(ComparisonOperator, TemplateExpression)])
    case conditional(
        condition: TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
    case attribute(TemplateExpression, String, line: Int)
    case item(TemplateExpression, TemplateExpression, line: Int)
    case slice(TemplateExpression, SliceSyntax, line: Int)
    case call(TemplateExpression, TemplateArguments, line: Int)
    case filter(TemplateExpression, TemplateCall)
    case test(TemplateExpression, TemplateCall)
}

enum TemplateLiteral: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case big(BigInteger)
    case number(Double)
    case string(String)
}

enum ArithmeticOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
}

enum ComparisonOperator: Sendable {
    case equal
    case notEqual
    case less
    case lessOrEqual
    case greater
    case greaterOrEqual
    case contained
    case notContained
}

/// The bounds of a slice, `[start:stop:step]`, each of which may be left out.
struct SliceSyntax: Sendable {
    var start: TemplateExpression?
    var stop: TemplateExpression?
    var step: TemplateExpression?
}

/// What stands between the parentheses of a call.
struct TemplateArguments: Sendable {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
    /// The sequence after a `*`.
    var spread: TemplateExpression?
    /// The mapping after a `**`.
    var namedSpread: TemplateExpression?
}

/// A filter or a test by its name.
struct TemplateCall: Sendable {
    var name: String
    var arguments: TemplateArguments
    var line: Int
}

/// What a value can be assigned to.
indirect enum AssignmentTarget: Sendable {
    case variable(TemplateName)
    /// `namespace.attribute`
    case attribute(of: TemplateName, String)
    case tuple([AssignmentTarget])
}

struct TemplateStatement: Sendable {
    indirect enum Kind: Sendable {
        case text(String)
        case output(TemplateExpression)
        case condition([ConditionalBranch], otherwise: [TemplateStatement])
        case loop(LoopSyntax)
        case assignment(AssignmentTarget, TemplateExpression)
        case capture(AssignmentTarget, filters: [TemplateCall], body: [TemplateStatement])
        case filtered([TemplateCall], body: [TemplateStatement])
        case macro(MacroSyntax)
        case call(TemplateExpression, body: MacroSyntax)
        case scope([(AssignmentTarget, TemplateExpression)], body: [TemplateStatement])
        case block(BlockSyntax)
        /// Escapes what its body writes for HTML, or not, as the expression says.
        case autoescape(TemplateExpression, body: [TemplateStatement])
        /// Makes outer values of these names invisible: see ``TemplateScoping``.
        case hide([TemplateName])
        case breakLoop
        case continueLoop
    }

    var kind: Kind
    var line: Int
}

/// An `if` or an `elif` with its body.
struct ConditionalBranch: Sendable {
    var condition: TemplateExpression
    var body: [TemplateStatement]
}

struct LoopSyntax: Sendable {
    var target: AssignmentTarget
    var sequence: TemplateExpression
    /// The condition after `if`: other items are passed over.
    var filter: TemplateExpression?
    var body: [TemplateStatement]
    var otherwise: [TemplateStatement]
    /// `loop(...)` runs the body again, one level deeper.
    var isRecursive: Bool
}

/// A part of a template with a name; it stands where it is, since nothing can inherit from a template.
struct BlockSyntax: Sendable {
    var name: String
    var body: [TemplateStatement]
    /// Whether it sees what is around it, and not only what the whole template sees.
    var isScoped: Bool
    /// Whether it only asks for a block of an inheriting template.
    var isRequired: Bool
}

struct MacroSyntax: Sendable {
    struct Parameter: Sendable {
        var name: String
        var defaultValue: TemplateExpression?
        /// The name as a variable of the body.
        let variable: TemplateName

        init(name: String, defaultValue: TemplateExpression?) {
            self.name = name
            self.defaultValue = defaultValue
            self.variable = TemplateName(name)
        }
    }

    var name: String
    var parameters: [Parameter]
    var body: [TemplateStatement]
    /// Which of `varargs`, `kwargs` and `caller` the body reads: only then a call may bring them.
    var implicitNames: Set<String>
}
