internal import SWTVerification

/// A time as `2026-01-31T23:59:59`, in UTC and without a zone, as JUnit requires.
enum Timestamp {
  /// The text for a number of seconds since 1970-01-01T00:00:00 UTC, not counting leap seconds.
  static func text(_ seconds: Int) -> String {
    let days = seconds.quotientAndRemainder(dividingBy: 86_400)
    let clock = days.remainder < 0 ? days.remainder + 86_400 : days.remainder
    let (year, month, day) = date(days.remainder < 0 ? days.quotient - 1 : days.quotient)
    let time = [clock / 3600, clock / 60 % 60, clock % 60].map { two($0) }.joined(separator: ":")
    return
      "\(String(repeating: "0", count: max(0, 4 - "\(year)".count)))\(year)-\(two(month))-\(two(day))T\(time)"
  }

  /// Year, month and day of a day number, computed in periods of 400 years that start in March, so the leap
  /// day is the last day of its year.
  private static func date(_ day: Int) -> (Int, Int, Int) {
    let shifted = day + 719_468  // days from 0000-03-01 to 1970-01-01
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
