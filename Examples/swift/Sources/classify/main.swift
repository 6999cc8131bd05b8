import Classification
import Foundation
import Images

// classify MODEL.swt IMAGE [--top N] [--json]
//
// Exit status: 0 done, 2 usage, 5 a file cannot be read or used.

func say(_ message: String) { FileHandle.standardError.write(Data("classify: \(message)\n".utf8)) }

func fail(_ status: Int32, _ message: String) -> Never {
  say(message)
  exit(status)
}

var operands: [String] = []
var top = 5
var asJSON = false
var words = CommandLine.arguments.dropFirst()
let usage = "usage: classify MODEL.swt IMAGE.jpg|png [--top N] [--json]"
while let word = words.popFirst() {
  switch word {
  case "--json": asJSON = true
  case "--top":
    guard let count = words.popFirst().flatMap({ Int($0) }), count > 0 else { fail(2, usage) }
    top = count
  default:
    if word.hasPrefix("--") { fail(2, usage) }
    operands.append(word)
  }
}
guard operands.count == 2 else { fail(2, usage) }
let (model, picture) = (operands[0], operands[1])

let classifier: Classifier
do {
  classifier = try Classifier(model)
} catch {
  fail(5, "\(model): \(error)")
}
if !classifier.assumed.isEmpty {
  // Wrong preprocessing silently costs a few percent of accuracy, so say what is assumed.
  say("\(model) has no \(classifier.assumed.joined(separator: ", ")); ImageNet's values are used")
}
do {
  let image = try Image(contentsOf: picture)
  let report = Report(
    model: classifier.name, image: picture, width: image.width, height: image.height,
    predictions: Array(try classifier.classify(image).prefix(top)))
  print(asJSON ? try report.json() : report.text())
} catch {
  fail(5, "\(picture): \(error)")
}
