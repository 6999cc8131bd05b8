extension GoldenReport {
  /// Where the network first goes wrong.
  public struct Divergence: Equatable, Sendable {
    /// How the divergence was found.
    public enum Method: String, Sendable {
      /// Free-running, with each block's input from the previous one: the first block whose output is wrong.
      case freeRunning = "free-running"
      /// Each block with the golden's activation as input: the block that is wrong by itself.
      case teacherForced = "teacher-forced"
      /// With samples only: the input of the block is from our float64 engine, run from the network's input
      /// through blocks that agree.
      case replayed = "teacher-forced by replay"
      /// The golden has no suitable tap; the cause tells the place.
      case byCause = "by its cause"
      /// All tensors whose digests differ belong to it.
      case byDigests = "by digests"
      /// A stage of the reduced-precision engine compared with its emulation.
      case emulatedStage = "emulated stage"
    }

    /// The most stages that may be at fault beside the one that is named; with more, no place is named.
    static let mostAlternatives = 2

    /// `conv1`, `layer2.0`.
    public var block: String
    /// Stages directly before it that the golden has no output of: each may be the one at fault.
    public var suspects: [String] = []
    /// The convolution in it, if known: `layer2.0.conv2`.
    public var layer: String?
    /// Wrong channels of the block's output, if they are few and the golden has all of them.
    public var channels: [Int] = []
    /// How it was found.
    public var method: Method
    /// Error of the block's output.
    public var relL2: Double
    /// Largest error of the blocks before it.
    public var before: Double
  }

  /// A row of the table of layers: one stage of the network, in execution order.
  public struct BlockError: Equatable, Sendable {
    /// An error and its bound.
    public struct Measure: Equatable, Sendable {
      /// `‖y − r‖₂ / ‖r‖₂`; NaN if the result is not finite.
      public var relL2: Double
      /// The floor used, as in ``Criterion``.
      public var floorRelL2: Double
      /// The error in floors.
      public var timesFloor: Double
      /// Whether it is within its bound.
      public var passes: Bool

      /// The largest accepted error.
      public var bound: Double

      package init(relL2: Double, floorRelL2: Double, timesFloor: Double, passes: Bool, bound: Double) {
        (self.relL2, self.floorRelL2, self.timesFloor) = (relL2, floorRelL2, timesFloor)
        (self.passes, self.bound) = (passes, bound)
      }
    }

    /// `conv1`, `maxpool`, `layer1.0` …, `avgpool`, and `fc` for the logits.
    public var name: String
    /// Free-running, with the input from the previous stage; nil if the golden has no tap.
    public var freeRunning: Measure?
    /// Teacher-forced, with the reference's input; nil if that was not possible.
    public var teacherForced: Measure?

    /// Creates a row; either measure may be missing.
    public init(name: String, freeRunning: Measure? = nil, teacherForced: Measure? = nil) {
      self.name = name
      self.freeRunning = freeRunning
      self.teacherForced = teacherForced
    }
  }

  /// A convolution in the block at fault: our engine compared with a float64 replay from the same input.
  public struct LayerError: Equatable, Sendable {
    /// `layer2.0.conv2`; `layer2.0` itself is the residual sum.
    public var name: String
    /// Relative L2 error of its output.
    public var relL2: Double
    /// The largest accepted error.
    public var bound: Double
    /// Whether it is within the bound.
    public var passes: Bool
  }

  /// The first value that is NaN or infinite.
  public struct NonFinite: Equatable, Sendable {
    /// Its tap or output, the first in execution order (`layer1.0`, `logits`), or its weight tensor.
    public var tensor: String
    /// Row-major flat index in that tensor.
    public var index: Int
    /// The same as an index per dimension, such as `[n, c, y, x]` or `[n, c]`.
    public var position: [Int]
    /// `nan`, `inf` or `-inf`.
    public var value: String
  }
}
