extension FastEngine {
  /// The steps of a run over `batch` images of the planned size, without times.
  ///
  /// In the order of execution, the copy of the input first, that of the output last.
  public func steps(batch: Int) -> [StepProfile] {
    guard let first = plan.stages.first, let last = plan.stages.last else {
      preconditionFailure("a network has stages")
    }
    var steps = [StepProfile(copying: first.input, as: "input", batch: batch)]
    for stage in plan.stages { steps += stage.steps.map { StepProfile($0, batch: batch) } }
    steps.append(StepProfile(copying: last.output, as: "output", batch: batch))
    return steps
  }

  /// Runs the network `runs` times and times each step of the plan.
  ///
  /// The clock is read before and after each step, so that the whole takes a little longer than ``run(_:into:)``,
  /// which has no such code in it.
  ///
  /// - Parameters:
  ///   - input: `[N, 3, H, W]`; the times are those of all `N` images together.
  ///   - runs: At least 1, after one that is not counted.
  /// - Returns: The steps as ``steps(batch:)`` lists them, with their times.
  /// - Throws: ``InferenceError/wrongInput(expected:actual:values:)``.
  public func profile(_ input: FeatureMap<Float>, runs: Int) throws(InferenceError) -> [StepProfile] {
    precondition(runs >= 1)
    try prepare(input)
    guard let first = plan.stages.first, let last = plan.stages.last else {
      preconditionFailure("a network has stages")
    }
    let batch = input.shape[0]
    let steps = plan.stages.flatMap(\.steps)
    var profile = self.steps(batch: batch)
    var output = emptyOutput(batch: batch)
    let calls = unsafe self.calls
    let clock = ContinuousClock()
    var times = [[Duration]](repeating: [], count: profile.count)
    for run in -1..<runs {
      var spent = [Duration](repeating: .zero, count: profile.count)
      for image in 0..<batch {
        var before = clock.now
        func took(_ index: Int) {
          let now = clock.now
          spent[index] += now - before
          before = now
        }
        unsafe calls.load(input.values, image: image, into: first.input)
        took(0)
        for (index, step) in steps.enumerated() {
          unsafe calls.run(step)
          took(index + 1)
        }
        unsafe calls.store(last.output, into: &output.values, image: image)
        took(steps.count + 1)
      }
      if run < 0 { continue }
      for index in spent.indices { times[index].append(spent[index]) }
    }
    for index in profile.indices {
      let sorted = times[index].sorted()
      profile[index].minimum = sorted[0] / .milliseconds(1)
      profile[index].median = sorted[sorted.count / 2] / .milliseconds(1)
    }
    return profile
  }
}
