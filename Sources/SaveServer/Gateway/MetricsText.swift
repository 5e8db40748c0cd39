/// Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats, "Text-based format").
struct MetricsText {
    enum Kind: String {
        case counter, gauge, histogram
    }

    private(set) var text = ""

    /// Begins a metric. What is added next are its samples.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// - Parameter labels: their values have no quotes, backslashes or line ends.
    mutating func add(_ name: String, _ labels: KeyValuePairs<String, String> = [:], _ value: some CustomStringConvertible) {
        let fields = labels.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
        text += fields.isEmpty ? "\(name) \(value)\n" : "\(name){\(fields)} \(value)\n"
    }

    /// A metric with one sample.
    mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: some CustomStringConvertible) {
        begin(name, kind, help)
        add(name, [:], value)
    }
}
