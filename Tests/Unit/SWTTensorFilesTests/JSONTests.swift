import SWTBytes
import SWTTensorFiles
import Testing

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

  @Test func `values keep their order and all digits`() throws {
    let text =
      #"{"z":18446744073709551615,"a":-9223372036854775808,"pi":3.141592653589793,"n":null,"l":[true,false,1e-05]}"#
    let value = try parse(text)
    #expect(value.text() == text)
    #expect(value["z"]?.uint64 == .max)
    #expect(value["a"]?.int == .min)
    #expect(value["pi"]?.double == .pi)
    #expect(value["n"]?.isNull == true)
    #expect(value["l"]?[0]?.bool == true)
    #expect(value["l"]?.array?.count == 3)
    #expect(value["l"]?[3] == nil)
    #expect(value["missing"] == nil)
  }

  @Test(arguments: [
    (#""\u00e9\n\"\\\/""#, "é\n\"\\/"), (#""\ud83d\ude00""#, "😀"), (#""é😀""#, "é😀"), (#""""#, ""),
    (#""\u0000\u001f""#, "\u{0}\u{1f}"),
  ])
  func `strings are decoded and encoded again`(text: String, expected: String) throws {
    let value = try parse(text)
    #expect(value.string == expected)
    #expect(try parse(value.text()).string == expected)
  }

  @Test(arguments: [
    "", " ", "{", "[", "{\"a\"", "{\"a\":", "{\"a\":1", "[1", "[1,", "[1,]", "{\"a\":1,}", "{,}", "[,]", "01",
    "-",
    "1.", ".5", "1e", "1e+", "+1", "--1", "1e400", "tru", "nul", "NaN", "Infinity", "'a'", "\"", "\"\\",
    "\"\\u12",
    "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\x41\"", "\"a\nb\"", "1 2",
    "{} {}",
    "{\"a\":1,\"a\":2}", "{1:2}", "\u{FEFF}{}", "[1 2]", "{\"a\" 1}", "/**/1", "\"\u{1}\"",
  ])
  func `invalid JSON is rejected`(text: String) {
    #expect(throws: ParseFailure.self) { try parse(text) }
  }

  @Test func `bytes that are not UTF-8 are rejected`() {
    for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
      #expect(throws: ParseFailure.self) { try JSONValue.parse(bytes) }
    }
  }

  @Test func `nesting and size are limited`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(try parse(nested(64)).array?.count == 1)
    #expect(throws: ParseFailure.self) { try parse(nested(65)) }
    #expect(throws: ParseFailure.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: ParseFailure.self) { try JSONValue.parse(Array("[1,2,3]".utf8), nodeLimit: 3) }
  }

  @Test func `errors give the offset`() throws {
    let failure = try #require(throws: ParseFailure.self) {
      try JSONValue.parse(Array(#"{"a":1,"a":2}"#.utf8), baseOffset: 8)
    }
    #expect(failure.offset == 15)
  }

  @Test func `documents are written as reports need them`() {
    let value: JSONValue = [
      "schema": "pth2swt.test/1", "worst": .double(.nan), "up": .double(.infinity),
      "down": .double(-.infinity),
      "empty": [], "none": [:], "list": [1, 0.5, true, nil], "tab": "a\tb\u{1}",
    ]
    #expect(
      value.text()
        == #"{"schema":"pth2swt.test/1","worst":"nan","up":"inf","down":"-inf","empty":[],"none":{},"#
        + #""list":[1,0.5,true,null],"tab":"a\tb\u0001"}"#)
    #expect(
      ([1, ["a": [2, 3]]] as JSONValue).text(pretty: true)
        == "[\n  1,\n  {\n    \"a\": [2, 3]\n  }\n]")
    #expect(value["down"]?.double == -.infinity)
  }

  @Test func `a large document is parsed`() throws {
    let members = (0..<10_000).map {
      JSONMember("layer.\($0).weight", ["shape": [64, 3, 7, 7], "at": .int($0)])
    }
    let text = JSONValue.object(members).text()
    #expect(try parse(text) == .object(members))
  }
}
