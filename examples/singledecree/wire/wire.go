// Package wire is the form of single-decree Paxos on a network and on disk. On the network it is that of Stateright's
// paxos example, to the byte, so that servers of both can form one cluster. Only servers that learn send the messages that it
// does not have, Query and Report, which its servers ignore; PutFail is that of its write-once register.
package wire

import (
	"fmt"

	"synod/actor"
	registers "synod/examples/registers/wire"
	"synod/internal/strictjson"
	"synod/paxos/singledecree"
	"synod/register"
	"synod/storage"
)

// Messages is the form of the servers' messages.
var Messages = registers.Codec[singledecree.Message]{Internal: internal{}}

type internal struct{}

// Append appends a message, such as {"Prepare":{"ballot":[1,139637976796088]}}.
func (internal) Append(dst []byte, m singledecree.Message) []byte {
	switch m := m.(type) {
	case singledecree.Prepare:
		dst = appendBallot(append(dst, `{"Prepare":{"ballot":`...), m.Ballot)
	case singledecree.Prepared:
		dst = appendBallot(append(dst, `{"Prepared":{"ballot":`...), m.Ballot)
		dst = appendLast(append(dst, `,"last_accepted":`...), m.Accepted)
	case singledecree.Accept:
		dst = appendVote(append(dst, `{"Accept":`...), singledecree.Vote(m))
	case singledecree.Accepted:
		dst = appendBallot(append(dst, `{"Accepted":{"ballot":`...), m.Ballot)
	case singledecree.Query:
		dst = appendQuery(append(dst, `{"Query":{`...), m)
	case singledecree.Report:
		dst = appendQuery(append(dst, `{"Report":{`...), m.Query)
		dst = appendLast(append(dst, `,"last_accepted":`...), m.Accepted)
	case singledecree.Decided:
		dst = appendVote(append(dst, `{"Decided":`...), singledecree.Vote(m))
	}
	return append(dst, "}}"...)
}

func appendBallot(dst []byte, b singledecree.Ballot) []byte {
	return registers.AppendPair(dst, b.Round, b.Leader)
}

func appendProposal(dst []byte, p singledecree.Proposal) []byte {
	dst = append(registers.AppendUint(append(dst, '['), p.Request), ',')
	dst = append(registers.AppendUint(dst, p.Requester), ',')
	return append(strictjson.AppendChar(dst, rune(p.Value)), ']')
}

// appendVote appends the fields of a vote, without the end of the object.
func appendVote(dst []byte, v singledecree.Vote) []byte {
	dst = appendBallot(append(dst, `{"ballot":`...), v.Ballot)
	return appendProposal(append(dst, `,"proposal":`...), v.Proposal)
}

// appendQuery appends the fields of a query.
func appendQuery(dst []byte, q singledecree.Query) []byte {
	dst = registers.AppendUint(append(dst, `"reader":`...), q.Reader)
	return registers.AppendUint(append(dst, `,"request":`...), q.Request)
}

// appendLast appends a vote as a pair, or null for none.
func appendLast(dst []byte, v singledecree.Vote) []byte {
	if v == (singledecree.Vote{}) {
		return append(dst, "null"...)
	}
	dst = append(appendBallot(append(dst, '['), v.Ballot), ',')
	return append(appendProposal(dst, v.Proposal), ']')
}

// Read reads a message.
func (internal) Read(r *strictjson.Reader) (m singledecree.Message) {
	r.Tagged(func(tag []byte) {
		switch string(tag) {
		case "Prepare":
			f := readFields(r, ballot)
			m = singledecree.Prepare{Ballot: f.ballot}
		case "Prepared":
			// As with serde, an optional field may be missing.
			f := readFields(r, ballot, lastAccepted)
			m = singledecree.Prepared{Ballot: f.ballot, Accepted: f.last}
		case "Accept":
			f := readFields(r, ballot, proposal)
			m = singledecree.Accept{Ballot: f.ballot, Proposal: f.proposal}
		case "Accepted":
			f := readFields(r, ballot)
			m = singledecree.Accepted{Ballot: f.ballot}
		case "Decided":
			f := readFields(r, ballot, proposal)
			m = singledecree.Decided{Ballot: f.ballot, Proposal: f.proposal}
		case "Query":
			m = readFields(r, reader, request).query
		case "Report":
			f := readFields(r, reader, request, lastAccepted)
			m = singledecree.Report{Query: f.query, Accepted: f.last}
		default:
			r.Fail("Prepare, Prepared, Accept, Accepted, Decided, Query or Report")
		}
	})
	return m
}

// fields are those that the messages have.
type fields struct {
	ballot   singledecree.Ballot
	proposal singledecree.Proposal
	last     singledecree.Vote
	query    singledecree.Query
}

// The names of the fields.
const (
	ballot       = "ballot"
	proposal     = "proposal"
	lastAccepted = "last_accepted"
	reader       = "reader"
	request      = "request"
)

// readFields reads an object with the fields that are known. All but the optional one have to be there.
func readFields(r *strictjson.Reader, known ...string) (f fields) {
	var seen uint8
	r.Fields(func(name []byte) bool {
		for i, k := range known {
			if string(name) != k {
				continue
			}
			r.Once(&seen, 1<<i)
			switch k {
			case ballot:
				f.ballot = readBallot(r)
			case proposal:
				f.proposal = readProposal(r)
			case lastAccepted:
				f.last = readLast(r)
			case reader:
				f.query.Reader = actor.ID(r.Uint64())
			case request:
				f.query.Request = register.Request(r.Uint64())
			}
			return true
		}
		return false
	})
	for i, k := range known {
		if seen&(1<<i) == 0 && k != lastAccepted {
			r.Fail("the field " + k)
		}
	}
	return f
}

func readBallot(r *strictjson.Reader) singledecree.Ballot {
	round, leader := registers.ReadPair(r)
	return singledecree.Ballot{Round: round, Leader: leader}
}

func readProposal(r *strictjson.Reader) (p singledecree.Proposal) {
	r.Open()
	p.Request = register.Request(r.Uint64())
	r.Comma()
	p.Requester = actor.ID(r.Uint64())
	r.Comma()
	p.Value = register.Value(r.Char())
	r.Close()
	return p
}

func readLast(r *strictjson.Reader) (v singledecree.Vote) {
	if r.Null() {
		return v
	}
	r.Open()
	v.Ballot = readBallot(r)
	r.Comma()
	v.Proposal = readProposal(r)
	r.Close()
	return v
}

// Version is that of the records.
const Version = 1

// Records is the form in which a server's promise, its vote and the decision are stored: each in a record of its own.
var Records records

type records struct{}

// The names of the records, in ascending order.
const (
	recordAccepted = "accepted" // [[1,139637976796088],[2,139637976797088,"X"]], or null
	recordBallot   = "ballot"   // [1,139637976796088]
	recordDecided  = "decided"  // true or false
)

// Split returns the records of a singledecree.Durable.
func (records) Split(kept any) ([]storage.Record, error) {
	d, ok := kept.(singledecree.Durable)
	if !ok {
		return nil, fmt.Errorf("%T: expected what a server of single-decree Paxos keeps", kept)
	}
	decided := "false"
	if d.Decided {
		decided = "true"
	}
	return []storage.Record{
		{Name: recordAccepted, Data: appendLast(nil, d.Accepted)},
		{Name: recordBallot, Data: appendBallot(nil, d.Ballot)},
		{Name: recordDecided, Data: []byte(decided)},
	}, nil
}

// Join returns the singledecree.Durable of records.
func (records) Join(all []storage.Record) (any, error) {
	var d singledecree.Durable
	var seen uint8
	for _, record := range all {
		r := strictjson.NewReader(record.Data)
		switch record.Name {
		case recordAccepted:
			r.Once(&seen, 1)
			d.Accepted = readLast(r)
		case recordBallot:
			r.Once(&seen, 2)
			d.Ballot = readBallot(r)
		case recordDecided:
			r.Once(&seen, 4)
			d.Decided = r.Bool()
		default:
			return nil, fmt.Errorf("record %q: expected none of that name", record.Name)
		}
		if err := r.End(); err != nil {
			return nil, fmt.Errorf("record %q: %w", record.Name, err)
		}
	}
	if seen != 7 {
		return nil, fmt.Errorf("%d records: expected those of a promise, a vote and a decision", len(all))
	}
	return d, nil
}
