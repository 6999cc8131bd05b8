import SWT
import SWTConversion
import SWTInference
import SWTResNet
import SWTVerification

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

// Classifies an image with a weight file:  classify MODEL.swt
//
// The image is the input of the golden test that the file carries, so the answer is known: the program prints the five
// best classes and exits with 1 when the first is not the one that PyTorch found, with 2 when the file has no such test,
// and with 3 when it is damaged.

func classify(_ path: String) throws -> Int32 {
  let file = try SWTFile(path: path)
  guard let architecture = SWTArchitecture.read(file) else {
    print("not a ResNet or ResNeXt")
    return 2
  }
  guard let golden = file.goldenSets.first(where: { $0.inputTensor != nil }), let input = golden.inputTensor,
    let expected = golden.vectors.first(where: { $0.name == "logits" })
  else {
    print("the file carries no golden test with an input")
    return 2
  }

  // The engine: weights are lent from the mapping, folded and packed once.
  let tree = LayerTree(architecture)
  let threads = ThreadPool(count: nil)
  let packed = try PackedNetwork(tree, weights: SWTWeights(file), threads: threads)
  let image = try file.view(input)
  let (height, width) = (image.shape[2], image.shape[3])
  let engine = FastEngine(packed, height: height, width: width, threads: threads)
  let logits = try engine.run(FeatureMap(shape: image.shape, values: Array(image.floats()))).output

  // The answer for the first image of the batch.
  let classes = logits.shape[1]
  let order = (0..<classes).sorted { logits.values[$0] > logits.values[$1] }
  var labels: [Substring] = []
  if case .text(let text) = file.metadata("labels") { labels = text.split(separator: "\n") }
  print("\(architecture.name), \(height)×\(width)")
  for label in order.prefix(5) {
    print(
      "  \(label)\t\(logits.values[label])\t\(labels.indices.contains(label) ? String(labels[label]) : "")")
  }
  let reference = try file.view(expected.expectedTensor).floats()
  let best = (0..<classes).max { reference[$0] < reference[$1] }
  print(order.first == best ? "as PyTorch" : "PyTorch found \(best ?? -1)")
  return order.first == best ? 0 : 1
}

guard CommandLine.arguments.count == 2 else {
  print("usage: classify MODEL.swt")
  exit(2)
}
do {
  exit(try classify(CommandLine.arguments[1]))
} catch {
  print("\(CommandLine.arguments[1]): \(error)")
  exit(3)
}
