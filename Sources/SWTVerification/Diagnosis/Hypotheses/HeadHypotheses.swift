internal import ResNetArchitecture
internal import ResNetEngine

/// A classifier in a different order, or without bias.
enum HeadHypotheses {
  static let all: [Hypothesis] = [
    head("fc-bias-missing", side: .computation, "no fc bias") { head in
      ["\(head.name).bias": WeightChange { ContiguousArray(repeating: 0, count: $0.count) }]
    },
    classes("classes-reversed", "classes in reverse order") { Array((0..<$0).reversed()) },
    classes("classes-shifted", "classes shifted by one") { count in (0..<count).map { ($0 + 1) % count } },
    classes("classes-shifted", "classes shifted by one the other way") { count in
      (0..<count).map { ($0 + count - 1) % count }
    },
    classes("classes-sorted-as-text", "classes sorted by number as text (0, 1, 10)") {
      Permutations.sortedAsText($0)
    },
    classes("classes-sorted-as-text", "classes sorted by number, but as text in the reference") {
      Permutations.inverse(Permutations.sortedAsText($0))
    },
    transposed("fc weight stored as [features, classes]") { o, i, outputs, _ in i * outputs + o },
    transposed("fc weight read as [features, classes]") { o, i, outputs, inputs in
      // The place to which the element at row o, column i of the right matrix moved.
      let place = o * inputs + i
      return place % outputs * inputs + place / outputs
    },
    head("fc-features-reversed", "features of fc in reverse order") { head in
      let (outputs, inputs) = (head.outputFeatures, head.inputFeatures)
      return [
        "\(head.name).weight": WeightChange(
          Permutations.elements([outputs, inputs, 1, 1]) { o, i, _, _ in o * inputs + inputs - 1 - i })
      ]
    },
  ]

  private static func head(
    _ id: String, side: Cause.Side = .weights, _ text: String,
    _ change: @escaping @Sendable (LinearUnit) -> [String: WeightChange]
  ) -> Hypothesis {
    Hypothesis(id: id, side: side) { site in
      guard let head = site.tree.head, site.concerns(head.name) else { return [] }
      return [.init(text: text, place: head.name, change: WhatIf(weights: change(head)))]
    }
  }

  private static func classes(
    _ id: String, _ text: String, _ order: @escaping @Sendable (Int) -> [Int]
  ) -> Hypothesis {
    head(id, text) { head in
      let rows = WeightChange(Permutations.rows(order(head.outputFeatures)))
      return ["\(head.name).weight": rows, "\(head.name).bias": rows]
    }
  }

  private static func transposed(
    _ text: String, _ place: @escaping @Sendable (_ o: Int, _ i: Int, _ outputs: Int, _ inputs: Int) -> Int
  ) -> Hypothesis {
    head("fc-transposed", text) { head in
      let (outputs, inputs) = (head.outputFeatures, head.inputFeatures)
      return [
        "\(head.name).weight": WeightChange(
          Permutations.elements([outputs, inputs, 1, 1]) { o, i, _, _ in place(o, i, outputs, inputs) })
      ]
    }
  }
}
