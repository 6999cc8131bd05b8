internal import SWTConsole
package import SWTEvaluation
package import SWTTensorFiles

/// An evaluation and its context: everything that a report shows.
package struct EvaluationDocument: Sendable {
  /// A network that was shown the pictures.
  package struct Network: Sendable {
    /// The path of the weight file, as given.
    package let path: String
    /// What its convolutions multiply: `f32`, `bf16` or `i8`.
    package let compute: String
    package let labels: [String]

    package init(path: String, compute: String, labels: [String]) {
      (self.path, self.compute, self.labels) = (path, compute, labels)
    }

    /// The label of a class, or its number.
    func name(_ number: Int) -> String {
      labels.indices.contains(number) ? labels[number] : "class \(number)"
    }
  }

  package let evaluation: Evaluation
  /// The network, and the one that it is compared with, if any.
  package let networks: [Network]
  /// The folder or list of pictures.
  package let source: String
  /// Pictures read in this run, without those of an earlier one, and its duration.
  package let readNow: Int
  package let seconds: Double

  package init(
    _ evaluation: Evaluation, networks: [Network], source: String, readNow: Int, seconds: Double
  ) {
    (self.evaluation, self.networks, self.source) = (evaluation, networks, source)
    (self.readNow, self.seconds) = (readNow, seconds)
  }

  var picturesPerSecond: Double { seconds > 0 ? Double(readNow) / seconds : 0 }

  /// The share of the pictures that were read; 0 if there are none.
  func share(_ count: Int) -> Double {
    let total = evaluation.items.count
    return total == 0 ? 0 : Double(count) / Double(total)
  }

  // MARK: JSON

  /// `pth2swt.evaluate/1`.
  package var json: JSONValue {
    let unreadable = evaluation.unreadable
    return [
      "schema": "pth2swt.evaluate/1", "model": .string(networks[0].path), "source": .string(source),
      "compute": .string(networks[0].compute), "pictures": .int(evaluation.items.count),
      "top1": .double(share(evaluation.correct(1))), "top5": .double(share(evaluation.correct(5))),
      "unreadable": .array(unreadable.map { .string($0.path) }),
      "errors": .array(
        unreadable.map { ["file": .string($0.path), "message": .string($0.reason)] }),
      "against": networks.count > 1 ? comparisonJSON : .null,
      "pictures_per_second": .double(picturesPerSecond), "seconds": .double(seconds),
      "resumed": .int(evaluation.pictures.count - readNow),
    ]
  }

  private var comparisonJSON: JSONValue {
    let changed = evaluation.changed
    return [
      "model": .string(networks[1].path), "compute": .string(networks[1].compute),
      "top1": .double(share(evaluation.correct(1, network: 1))),
      "top5": .double(share(evaluation.correct(5, network: 1))),
      "same_label": .double(share(evaluation.items.count - changed.count)),
      "changed": .array(
        changed.map { item in
          [
            "picture": .string(item.picture.path), "class": .int(item.picture.label),
            "top1": .int(item.answers[0].classes[0]), "against_top1": .int(item.answers[1].classes[0]),
            "margin": .double(Double(item.answers[0].margin)),
            "against_margin": .double(Double(item.answers[1].margin)),
          ]
        }),
    ]
  }

  // MARK: Text

  /// For people, on a terminal.
  package var text: String {
    let total = evaluation.items.count
    let one = networks[0]
    var text = "\(one.path) (\(one.compute)): \(Text.grouped(total)) \(total == 1 ? "picture" : "pictures")\n"
    text += "  top-1  \(percent(evaluation.correct(1)))\n  top-5  \(percent(evaluation.correct(5)))\n"
    if networks.count > 1 {
      let two = networks[1]
      let changed = evaluation.changed
      text += "against \(two.path) (\(two.compute))\n"
      text += "  top-1  \(percent(evaluation.correct(1, network: 1)))\n"
      text += "  top-5  \(percent(evaluation.correct(5, network: 1)))\n"
      text += "  same label  \(percent(total - changed.count))\n"
      for item in changed.prefix(10) {
        text += "  \(Text.fitted(item.picture.path, 60)): \(sentence(item))\n"
      }
      if changed.count > 10 { text += "  … and \(Text.grouped(changed.count - 10)) more\n" }
    }
    if readNow > 0 {
      text += "\(Text.fixed(picturesPerSecond, 1)) pictures per second"
      let known = evaluation.pictures.count - readNow
      text += known > 0 ? "; \(Text.grouped(known)) are from an earlier run\n" : "\n"
    }
    return text
  }

  private func percent(_ count: Int) -> String {
    "\(Text.fixed(100 * share(count), 2)) %  (\(Text.grouped(count)) of \(Text.grouped(evaluation.items.count)))"
  }

  private func sentence(_ item: Evaluation.Item) -> String {
    let names = zip(item.answers, networks).map { answer, network in
      Text.printable(network.name(answer.classes[0]), limit: 30)
    }
    return "\(names[0]), against \(names[1])"
  }
}
