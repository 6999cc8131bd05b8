import SWTEvaluation
import TestSupport
import Testing

@Suite struct PictureListTests {
  private static let labels = ["tench", "crane", "10", "crane", "é"]

  @Test(
    arguments: [
      ("tench", .number(0)), ("4", .number(4)), ("2", .number(2)), ("10", .number(2)), ("crane", .ambiguous),
      ("Tench", .unknown), ("5", .unknown), ("-1", .unknown), ("+1", .unknown), ("", .unknown),
      ("e\u{301}", .unknown), ("\u{E9}", .number(4)), ("99999999999999999999", .unknown),
    ] as [(String, ClassNames.Meaning)])
  func `a class is a label, or else a number`(_ text: String, _ meaning: ClassNames.Meaning) {
    #expect(ClassNames(count: 5, labels: Self.labels).meaning(of: text) == meaning)
  }

  @Test func `a list gives pictures beside it their classes, in order`() throws {
    let folder = try TemporaryFolder()
    let list = folder.file("list.tsv")
    try writeFile(list, Array("b.jpg\ttench\r\n\n/x/a.png\t4\nsub/b\tc.jpg\t10".utf8))
    let found = try PictureList(list, ClassNames(count: 5, labels: Self.labels))
    #expect(
      found.pictures == [
        LabeledPicture(path: folder.file("b.jpg"), label: 0), LabeledPicture(path: "/x/a.png", label: 4),
        LabeledPicture(path: folder.file("sub/b\tc.jpg"), label: 2),
      ])
  }

  @Test(arguments: [
    ("a.jpg tench\n", "line 1: expected a picture, a tab"), ("a.jpg\t0\n\t3\n", "line 2: expected a picture"),
    ("a.jpg\tcrane\n", "several classes have the label 'crane'"),
    ("a.jpg\tcod\n", "the network has no class 'cod': it has classes 0…4"), ("\n\n", "there are no pictures"),
    ("\u{FEFF}", "expected a picture"),
  ])
  func `a line that cannot be understood is an error with its reason`(_ text: String, _ reason: String) throws
  {
    let file = try TemporaryFile(Array(text.utf8))
    let failure = #expect(throws: EvaluationFailure.self) {
      try PictureList(file.path, ClassNames(count: 5, labels: Self.labels))
    }
    #expect(failure?.message.contains(reason) == true, "\(failure as Any)")
  }

  @Test func `a list that is not there, or not text, is an error`() throws {
    let classes = ClassNames(count: 5, labels: [])
    #expect(throws: EvaluationFailure("/nowhere.txt", "no such file")) {
      try PictureList("/nowhere.txt", classes)
    }
    let file = try TemporaryFile([0xFF, 0xD8, 0xFF, 0])
    #expect(throws: EvaluationFailure.self) { try PictureList(file.path, classes) }
  }
}
