package spawn

// Connections are those that a transport accepted: how many are open, by who is at the other end, and how many there have
// been.
type Connections struct {
	Strangers, Clients, Peers int // that have said nothing yet, and such of clients and of other servers

	Accepted uint64
	Refused  uint64 // of clients, as all places were taken by such that were busy
	Denied   uint64 // that were not let in, for what the other side is or says to be
	Evicted  uint64 // that had been silent for longest, when another one came and all places were taken
	Late     uint64 // whose messages took too long, or whose first one did
	Idle     uint64 // of clients that said nothing for too long
	Starved  uint64 // times that the system had no room for another one
}

// Connected may be implemented by a transport that has connections.
type Connected interface {
	// Connections returns their numbers.
	Connections() Connections
}
