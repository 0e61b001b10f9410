import StructuredJSON
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    @Test(
        "Every style writes the bytes that Python writes",
        arguments: [
            ("compact", JSONWritingOptions.compact), ("spaced", .python),
            (
                "ascii",
                JSONWritingOptions(itemSeparator: ", ", keySeparator: ": ", escapesNonASCII: true)
            ),
            (
                "sorted",
                JSONWritingOptions(itemSeparator: ", ", keySeparator: ": ", sortsKeys: true)
            ),
            ("indented", .pretty),
        ])
    func styles(name: String, options: JSONWritingOptions) throws {
        let cases = try #require(try PythonFixture.load()["accepted"]?.array)
        #expect(cases.count > 30)
        for entry in cases {
            let text = try #require(entry["text"]?.string)
            #expect(try JSONValue(parsing: text).serialized(options) == entry[name]?.string)
        }
    }

    @Test("Doubles are spelled as Python spells them and read back exactly")
    func doubles() throws {
        let cases = try #require(try PythonFixture.load()["doubles"]?.array)
        #expect(cases.count > 400)
        for entry in cases {
            let bits = try #require(entry["bits"]?.string.flatMap { UInt64($0, radix: 16) })
            let value = Double(bitPattern: bits)
            #expect(value.shortestText == entry["text"]?.string)
            #expect(try JSONValue(parsing: value.shortestText).double == value)
        }
    }

    @Test("NaN and the infinities are null, or as Python spells them")
    func nonFinite() {
        let value: JSONValue = [.number(.nan), .number(.infinity), .number(-.infinity)]
        #expect(value.serialized() == "[null,null,null]")
        #expect(value.serialized(.python) == "[NaN, Infinity, -Infinity]")
    }

    @Test("Literals, accessors and subscripts agree")
    func access() {
        let value: JSONValue = ["a": [1, 2.5, "x", true, nil], "b": ["c": 1e3]]
        #expect(value["a"]?[0]?.int == 1)
        #expect(value["a"]?[1]?.double == 2.5)
        #expect(value["a"]?[1]?.int == nil)
        #expect(value["a"]?[2]?.string == "x")
        #expect(value["a"]?[3]?.bool == true)
        #expect(value["a"]?[4]?.isNull == true)
        #expect(value["a"]?[5] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value["b"]?["c"]?.int == 1000)
        #expect(value["b"]?[0] == nil)
        #expect(value.serialized() == #"{"a":[1,2.5,"x",true,null],"b":{"c":1000.0}}"#)
    }
}
