import Testing

@Suite("Arrows between targets")
struct ArrowTests {
    @Test("The package is as the table in DESIGN.md draws it")
    func packageMatchesTable() throws {
        let found = violations(of: try ArrowTable.load(), in: try PackageDump.load())
        #expect(found == [])
    }

    @Test("Tests mirror the sources: Tests/ROOM/TARGETTests")
    func testsMirrorSources() throws {
        let rows = try ArrowTable.load().rows
        for target in try PackageDump.load().targets where target.type == "test" {
            let tested = rows.first { "\($0.target)Tests".lowercased() == target.name.lowercased() }
            let folder = tested?.room.rawValue ?? "House"
            #expect(target.path == "Tests/\(folder)/\(target.name)")
        }
    }

    private static let table = """
        ## Arrows
        Words before the table.

        | room | target | may import | products |
        |---|---|---|---|
        | Infrastructure | `A` | nothing | none |
        | Models | `B` | `A` | `Log` |

        | another | table |
        """

    private static func target(
        _ name: String, _ path: String, imports: [String] = [], products: [String] = [],
        type: String = "regular"
    ) -> PackageDump.Target {
        PackageDump.Target(
            name: name, type: type, path: path,
            dependencies: imports.map { PackageDump.Dependency(name: $0, isProduct: false) }
                + products.map { PackageDump.Dependency(name: $0, isProduct: true) })
    }

    private static let a = target("A", "Sources/Infrastructure/A")
    private static let b = target("B", "Sources/Models/B", imports: ["A"], products: ["Log"])

    @Test("The table is read up to its end")
    func tableIsRead() throws {
        let rows = try ArrowTable(markdown: Self.table).rows
        #expect(
            rows == [
                ArrowTable.Row(room: .infrastructure, target: "A", mayImport: [], products: []),
                ArrowTable.Row(room: .models, target: "B", mayImport: ["A"], products: ["Log"]),
            ])
    }

    @Test(
        "A difference is found",
        arguments: [
            ([a, b], []),
            ([a, target("B", "Sources/Models/B")], []),
            ([a], ["B is in the table but not in the package"]),
            (
                [a, b, target("C", "Sources/Models/C")],
                ["C is in the package but not in the table"]
            ),
            ([a, b, target("C", "Tests/C", type: "test")], []),
            (
                [target("A", "Sources/Infrastructure/A", imports: ["B"]), b],
                ["A imports B, which the table does not allow"]
            ),
            (
                [target("A", "Sources/Infrastructure/A", products: ["Log"]), b],
                ["A imports the product Log, which the table does not name"]
            ),
            (
                [a, target("B", "Sources/Engine/B")],
                ["B lies in Sources/Engine/B, not in Sources/Models/B"]
            ),
        ])
    func differenceIsFound(targets: [PackageDump.Target], expected: [String]) throws {
        let table = try ArrowTable(markdown: Self.table)
        #expect(violations(of: table, in: PackageDump(targets: targets)) == expected)
    }

    @Test("An arrow in the table that points up is found")
    func arrowPointsUp() throws {
        let up = """
            ## Arrows
            | room | target | may import | products |
            |---|---|---|---|
            | Infrastructure | `A` | `B` | none |
            | Models | `B` | nothing | `Log` |
            """
        let package = PackageDump(targets: [Self.a, Self.target("B", "Sources/Models/B")])
        #expect(
            violations(of: try ArrowTable(markdown: up), in: package)
                == ["the arrow from A up to B"])
    }

    @Test(
        "A table that is missing or has another shape is an error",
        arguments: [
            "# Design", "## Arrows\nNo table.",
            "## Arrows\n| room | target | may import | products |\n|---|---|---|---|\n| Attic | `A` | | |",
        ])
    func wrongTable(markdown: String) {
        #expect(throws: HouseError.self) { try ArrowTable(markdown: markdown) }
    }
}
