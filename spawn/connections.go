package spawn

// Connections counts the connections that a transport accepted: those open now, by the kind of the other end, and
// totals.
type Connections struct {
	Strangers, Clients, Peers int // before their first message, from clients, and from other servers

	Accepted uint64
	Refused  uint64 // clients refused because all places were taken by busy ones
	Denied   uint64 // denied access because of the identity of the other side
	Evicted  uint64 // closed as the longest silent one, to make room for a new one
	Late     uint64 // closed because a message, such as the first, took too long
	Idle     uint64 // clients closed because they were silent for too long
	Starved  uint64 // how often the system had no resources for a connection
}

// Connected may be implemented by a connection-oriented transport.
type Connected interface {
	// Connections returns the current counts.
	Connections() Connections
}
