/// Everything in which the package differs from the table; empty when the house is as drawn.
func violations(of table: ArrowTable, in package: PackageDump) -> [String] {
    var found: [String] = []
    let rows = Dictionary(table.rows.map { ($0.target, $0) }) { first, _ in first }
    // Test doubles are targets of their own, beside the tests that use them.
    let targets = package.targets.filter {
        $0.type != "test" && $0.path?.hasPrefix("Tests/") != true
    }

    for (name, count) in Dictionary(grouping: table.rows, by: \.target).mapValues(\.count)
    where count > 1 {
        found.append("\(name) has \(count) rows in the table")
    }
    for row in table.rows {
        if !targets.contains(where: { $0.name == row.target }) {
            found.append("\(row.target) is in the table but not in the package")
        }
        for name in row.mayImport {
            guard let imported = rows[name] else {
                found.append("\(row.target) may import \(name), which has no row")
                continue
            }
            if imported.room > row.room {
                found.append("the arrow from \(row.target) up to \(name)")
            }
        }
    }
    for target in targets {
        guard let row = rows[target.name] else {
            found.append("\(target.name) is in the package but not in the table")
            continue
        }
        let place = "Sources/\(row.room.rawValue)/\(target.name)"
        if target.path != place {
            found.append("\(target.name) lies in \(target.path ?? "no folder"), not in \(place)")
        }
        for name in target.internalDependencies where !row.mayImport.contains(name) {
            found.append("\(target.name) imports \(name), which the table does not allow")
        }
        for name in target.products where !row.products.contains(name) {
            found.append(
                "\(target.name) imports the product \(name), which the table does not name")
        }
    }
    return found
}
