internal import ResNetModel
internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTDigests
internal import SWTEvaluation
internal import SWTTensorFiles

/// The answers of an evaluation on disk, so that an interrupted one can be continued.
///
/// The first line has what the answers depend on, each other line a picture: its path, its size in bytes, and
/// its answers. A line that a killed run has not finished is dropped.
struct EvaluationMemory: Sendable {
  private let path: String
  private let pictures: [LabeledPicture]
  /// The outcome of each picture; nil for those that are not in the file, or have changed.
  let known: [Evaluator.Outcome?]

  /// Opens or makes the file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - identity: The networks' contents and precisions.
  ///   - pictures: All pictures.
  /// - Throws: ``CommandFailure`` if the file belongs to another evaluation, cannot be read or written.
  init(_ path: String, identity: [String], _ pictures: [LabeledPicture]) throws(CommandFailure) {
    self.path = path
    self.pictures = pictures
    let header = JSONValue.object([
      JSONMember("schema", "pth2swt.evaluate-answers/1"),
      JSONMember("networks", .array(identity.map { .string($0) })),
    ]).text()
    var kept = [header]
    var found: [ExactString: Evaluator.Outcome] = [:]
    if Folder.kind(path) != nil {
      let lines = try Self.lines(path)
      guard lines.first.map({ $0 == header }) != false else {
        throw CommandFailure(
          .usage, file: path, "it has the answers of another evaluation, or none",
          hint: "name another file")
      }
      for line in lines.dropFirst() {
        guard let (name, outcome) = Self.read(line) else { continue }
        found[name] = outcome
        kept.append(line)
      }
    }
    known = pictures.map { found[Self.key($0.path)] }
    try OutputFile.write(Array((kept.joined(separator: "\n") + "\n").utf8), to: path, replacing: true)
  }

  /// Adds answers to the file.
  func append(_ results: [(Int, Evaluator.Outcome)]) throws(CommandFailure) {
    let lines = results.map { index, outcome in
      Self.line(Self.key(pictures[index].path), outcome) + "\n"
    }
    try OutputFile.append(Array(lines.joined().utf8), to: path)
  }

  /// A picture whose size has changed is another one.
  private static func key(_ path: String) -> ExactString {
    if case .file(let size)? = Folder.kind(path) { ExactString("\(size) \(path)") } else { ExactString(path) }
  }

  private static func lines(_ path: String) throws(CommandFailure) -> [String] {
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      guard source.byteCount <= 4 << 30 else {
        throw ParseFailure(.unsupported("answers of \(source.byteCount) bytes; the limit is 4 GiB"))
      }
      let bytes = try source.bytes(at: 0, count: source.byteCount)
      return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  private static func line(_ key: ExactString, _ outcome: Evaluator.Outcome) -> String {
    var members = [JSONMember("picture", .string(key.text))]
    switch outcome {
    case .answers(let answers):
      members.append(
        JSONMember(
          "answers",
          .array(
            answers.map { answer in
              [
                "classes": .array(answer.classes.map { .int($0) }), "margin": .double(Double(answer.margin)),
              ]
            })))
    case .unreadable(let reason): members.append(JSONMember("unreadable", .string(reason)))
    }
    return JSONValue.object(members).text()
  }

  /// The picture and outcome of a line; nil for one that is not whole. Pictures that could not be read are
  /// tried again.
  private static func read(_ line: String) -> (ExactString, Evaluator.Outcome)? {
    guard let value = try? JSONValue.parse(Array(line.utf8)), let name = value["picture"]?.string,
      let list = value["answers"]?.array
    else { return nil }
    var answers: [Answer] = []
    for item in list {
      guard let classes = item["classes"]?.array?.compactMap(\.int), !classes.isEmpty,
        let margin = item["margin"]?.double
      else { return nil }
      answers.append(Answer(classes: classes, margin: Float(margin)))
    }
    return answers.isEmpty ? nil : (ExactString(name), .answers(answers))
  }
}

extension Model {
  /// The content id of the file.
  var identity: String { file.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" } ?? "none" }
}
