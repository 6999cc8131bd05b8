import SWTEvaluation
import Testing

@Suite struct AnswerTests {
  @Test(
    arguments: [
      ([1, 5, 3, 2, 4, 0], [1, 4, 2, 3, 0], 1), ([2, 2, 2], [0, 1, 2], 0), ([7], [0], 0),
      ([-1, -2, -0.5, -4, -3, -6, -5], [2, 0, 1, 4, 3], 0.5),
    ] as [([Float], [Int], Float)])
  func `the five largest logits come first, equal ones by number`(
    _ logits: [Float], _ classes: [Int], _ margin: Float
  ) {
    #expect(Answer(logits) == Answer(classes: classes, margin: margin))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `logits that are not finite are no answer`(_ value: Float) {
    #expect(Answer([1, value, 2]) == nil)
  }

  @Test func `shares count the pictures that were read`() {
    let pictures = (0..<4).map { LabeledPicture(path: "\($0)", label: $0) }
    let outcomes: [Evaluator.Outcome] = [
      .answers([Answer(classes: [0, 1], margin: 1), Answer(classes: [0, 1], margin: 1)]),
      .answers([Answer(classes: [0, 1], margin: 1), Answer(classes: [1, 0], margin: 1)]),
      .unreadable("cut"),
      .answers([Answer(classes: [0, 1], margin: 1), Answer(classes: [0, 1], margin: 1)]),
    ]
    let evaluation = Evaluation(pictures, outcomes)
    #expect(evaluation.items.count == 3 && evaluation.unreadable.map(\.path) == ["2"])
    #expect(evaluation.correct(1) == 1 && evaluation.correct(5) == 2)
    #expect(evaluation.correct(1, network: 1) == 2)
    #expect(evaluation.changed.map(\.picture.path) == ["1"])
  }
}
