enum HTMLReport {
  static func text(_ document: ReportDocument) -> String { "" }
  static func text(_ failure: ReportFailure) -> String { "" }
}
