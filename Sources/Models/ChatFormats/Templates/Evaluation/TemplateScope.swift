/// Names and their values; what is not here is looked up around it.
///
/// A class, since macros keep seeing what is assigned after them. Such a macro is often assigned in
/// the very scope that it holds: the interpreter empties these scopes when it is done.
final class TemplateScope {
    var variables: [String: TemplateValue]
    let parent: TemplateScope?

    init(_ variables: [String: TemplateValue] = [:], parent: TemplateScope?) {
        self.variables = variables
        self.parent = parent
    }

    func lookUp(_ name: String) -> TemplateValue? {
        var scope: TemplateScope? = self
        while let current = scope {
            if let value = current.variables[name] { return value }
            scope = current.parent
        }
        return nil
    }
}
