import StructuredJSON

/// A variable's name, with a code by which different names are told apart at once.
struct TemplateName: Sendable, Hashable, ExpressibleByStringLiteral {
    let text: String
    private let code: UInt64

    init(_ text: String) {
        self.text = text
        // FNV-1a; equal codes of different names only cost a comparison of the texts.
        code = text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    init(stringLiteral text: String) {
        self.init(text)
    }

    static func == (left: TemplateName, right: TemplateName) -> Bool {
        left.code == right.code && left.text.isExactly(right.text)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(code)
    }
}

/// Names and their values; what is not here is looked up around it.
///
/// A scope has few names, so they are looked through one by one. A class, since macros keep seeing
/// what is assigned after them. Such a macro is often assigned in the very scope that it holds: the
/// interpreter empties these scopes when it is done.
final class TemplateScope {
    private var variables: ContiguousArray<(name: TemplateName, value: TemplateValue)> = []
    let parent: TemplateScope?

    init(parent: TemplateScope?) {
        self.parent = parent
    }

    /// The value that this scope itself has; setting adds or replaces it.
    subscript(name: TemplateName) -> TemplateValue? {
        get {
            for variable in variables where variable.name == name { return variable.value }
            return nil
        }
        set {
            guard let newValue else { return }
            for index in variables.indices where variables[index].name == name {
                variables[index].value = newValue
                return
            }
            variables.append((name, newValue))
        }
    }

    func lookUp(_ name: TemplateName) -> TemplateValue? {
        var scope: TemplateScope? = self
        while let current = scope {
            if let value = current[name] { return value }
            scope = current.parent
        }
        return nil
    }

    func removeAll() {
        variables = []
    }
}
