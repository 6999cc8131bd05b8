import Foundation
import ResNetModel
import SWTImages

// classify MODEL.swt IMAGE.jpg|png [--top N]
//
// Exit status: 0 done, 2 usage, 5 a file cannot be read or used.

func say(_ message: String) { FileHandle.standardError.write(Data("classify: \(message)\n".utf8)) }

func fail(_ status: Int32, _ message: String) -> Never {
  say(message)
  exit(status)
}

/// Labels come from a file, so they must not be able to control a terminal.
func printable(_ label: String) -> String {
  String(
    String.UnicodeScalarView(
      label.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
}

var words = Array(CommandLine.arguments.dropFirst())
var top = 5
if let place = words.firstIndex(of: "--top"), place + 1 < words.count, let count = Int(words[place + 1]) {
  top = count
  words.removeSubrange(place...place + 1)
}
guard words.count == 2, top > 0, !words.contains(where: { $0.hasPrefix("--") }) else {
  fail(2, "usage: classify MODEL.swt IMAGE.jpg|png [--top N]")
}

do {
  // The network, and how it wants pictures.
  let model = try Model(words[0])
  let preprocessing = try ImagePreprocessing { model.file.metadata($0) }
  // Wrong preprocessing silently costs a few percent of accuracy, so say what is assumed.
  let assumed = ImagePreprocessing.assumed { model.file.metadata($0) }
  if !assumed.isEmpty { say("\(words[0]) has no \(assumed.joined(separator: ", ")); ImageNet's are used") }
  guard model.architecture.hasHead else { fail(5, "\(words[0]): it has no classifier") }

  // The picture: decoded, resized, cropped and normalized as by torchvision.
  let image: RGBImage
  do {
    image = try PictureFile(words[1]).decoded()
  } catch {
    fail(5, "\(words[1]): \(error)")
  }
  let logits = try model.run(preprocessing.input(of: image), shape: preprocessing.shape)

  print("\(words[1]), \(image.width)×\(image.height), \(model.architecture.name)")
  for class_ in Prediction.largest(top, of: logits, labels: model.labels) {
    let name = class_.label.map(printable) ?? "class \(class_.index)"
    print(String(format: "%7.2f %%  ", 100 * class_.probability) + name)
  }
} catch {
  fail(5, "\(words[0]): \(error)")
}
