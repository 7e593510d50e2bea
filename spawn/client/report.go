package client

import "fmt"

// Document is the machine-readable outcome of a benchmark.
type Document struct {
	Clients    int     `json:"clients"`
	Servers    int     `json:"servers"`
	Seconds    float64 `json:"seconds"`
	Puts       int     `json:"puts"`
	Gets       int     `json:"gets"`
	Refused    int     `json:"refused"`
	Unknown    int     `json:"unknown"`
	Unanswered int     `json:"unanswered"`
	Failed     int     `json:"failed"`
	PerSecond  float64 `json:"operations_per_second"`
	P50        float64 `json:"p50_us"`
	P99        float64 `json:"p99_us"`
	P999       float64 `json:"p999_us"`
	Max        float64 `json:"max_us"`
}

// Document returns the outcome in machine-readable form.
func (o *Outcome) Document(clients, servers int) Document {
	return Document{
		clients, servers, o.Elapsed.Seconds(), o.Writes, o.Reads, o.Refused, o.Unknown, o.Unanswered, o.Failed, o.PerSecond(),
		o.micros(0.5), o.micros(0.99), o.micros(0.999), float64(o.Latency.Max().Nanoseconds()) / 1000,
	}
}

// Text returns the outcome in human-readable form.
func (o *Outcome) Text(clients, servers int) string {
	return fmt.Sprintf("clients=%d, servers=%d, puts=%d, gets=%d, refused=%d, unknown=%d, unanswered=%d, failed=%d, sec=%.2f\n"+
		"%.0f operations/s; p50 %.0f µs, p99 %.0f µs, p99.9 %.0f µs, at most %.0f µs\n",
		clients, servers, o.Writes, o.Reads, o.Refused, o.Unknown, o.Unanswered, o.Failed, o.Elapsed.Seconds(),
		o.PerSecond(), o.micros(0.5), o.micros(0.99), o.micros(0.999), float64(o.Latency.Max().Nanoseconds())/1000)
}

// micros returns a quantile of the latency, in microseconds.
func (o *Outcome) micros(share float64) float64 {
	return float64(o.Latency.Quantile(share).Nanoseconds()) / 1000
}
