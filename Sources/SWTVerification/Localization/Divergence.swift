extension GoldenReport {
  /// Where the network first goes wrong.
  public struct Divergence: Equatable, Sendable {
    /// How a divergence was found.
    public enum Method: String, Sendable {
      /// Every block fed by the one before: the first whose output is wrong.
      case freeRunning = "free-running"
      /// Every block fed with the golden's own activation: the one that is wrong by itself.
      case teacherForced = "teacher-forced"
      /// Samples only: the block's input comes from our double-precision engine, run from the input on through
      /// the blocks that agree.
      case replayed = "teacher-forced by replay"
      /// The golden has no tap that would tell; what explains the error says where it is.
      case byCause = "by its cause"
      /// The tensors whose digests differ all belong to it.
      case byDigests = "by digests"
      /// A stage of the engine of reduced numbers against its emulation.
      case emulatedStage = "emulated stage"
    }

    /// `conv1`, `layer2.0`.
    public var block: String
    /// Stages right before it that the golden knows nothing about: it may be one of these.
    public var suspects: [String] = []
    /// The convolution in it, where that is known: `layer2.0.conv2`.
    public var layer: String?
    /// Channels of the block's output that are wrong, where they are few and the golden holds all of them.
    public var channels: [Int] = []
    /// How it was found.
    public var method: Method
    /// Error of the block's output.
    public var relL2: Double
    /// Largest error of the blocks before it.
    public var before: Double
  }

  /// One stage of the network in the table of layers, in execution order.
  public struct BlockError: Equatable, Sendable {
    /// An error beside what is allowed.
    public struct Measure: Equatable, Sendable {
      /// `‖y − r‖₂ / ‖r‖₂`; NaN when the result is not finite.
      public var relL2: Double
      /// The floor that it is judged by, as ``Criterion`` has it.
      public var floorRelL2: Double
      /// How many floors it is.
      public var timesFloor: Double
      /// Whether it is within its bound.
      public var passes: Bool

      /// The largest error that passes.
      public var bound: Double

      package init(relL2: Double, floorRelL2: Double, timesFloor: Double, passes: Bool, bound: Double) {
        (self.relL2, self.floorRelL2, self.timesFloor) = (relL2, floorRelL2, timesFloor)
        (self.passes, self.bound) = (passes, bound)
      }
    }

    /// `conv1`, `maxpool`, `layer1.0` …, `avgpool`, and `fc` for the logits.
    public var name: String
    /// Fed by the stage before it; nil where the golden has no tap.
    public var freeRunning: Measure?
    /// Fed with what the reference fed it with; nil where that was not possible.
    public var teacherForced: Measure?

    /// Makes a row; either measure may be missing.
    public init(name: String, freeRunning: Measure? = nil, teacherForced: Measure? = nil) {
      self.name = name
      self.freeRunning = freeRunning
      self.teacherForced = teacherForced
    }
  }

  /// One convolution inside the guilty block: our engine against a replay in double precision from the same input.
  public struct LayerError: Equatable, Sendable {
    /// `layer2.0.conv2`; `layer2.0` itself is the residual sum.
    public var name: String
    /// Relative L2 error of its output.
    public var relL2: Double
    /// The largest that passes.
    public var bound: Double
    /// Whether it is within that.
    public var passes: Bool
  }

  /// The first value that is no number.
  public struct NonFinite: Equatable, Sendable {
    /// The tap or output that holds it, the first in execution order: `layer1.0`, `logits`; or the weight tensor.
    public var tensor: String
    /// Row-major flat index in that tensor.
    public var index: Int
    /// The same as `[n, c, y, x]`, `[n, c]`, or what the tensor's shape is.
    public var position: [Int]
    /// `nan`, `inf` or `-inf`.
    public var value: String
  }
}
