package multipaxossmr

import "slices"

// names is a renaming of the replicas: the first element becomes 1, and so on.
type names []Replica

// called returns the new name of a replica.
func (n names) called(r Replica) Replica { return Replica(slices.Index(n, r) + 1) }

func (n names) calledAll(s Set) (called Set) {
	for i, r := range n {
		if s&(1<<(r-1)) != 0 {
			called |= 1 << i
		}
	}
	return called
}

// allNames holds all renamings, by the number of replicas.
var allNames = func() (all [MaxReplicas + 1][]names) {
	all[0] = []names{nil}
	for n := 1; n <= MaxReplicas; n++ {
		for _, shorter := range all[n-1] {
			for at := range n {
				all[n] = append(all[n], slices.Insert(slices.Clone(shorter), at, Replica(n)))
			}
		}
	}
	return all
}()

// least returns the representative of a state among all its renamings: the one whose key is least. So states that
// differ only in names become the same state, and the search counts symmetry classes.
func (c Config) least(s State) State {
	all := allNames[c.Replicas]
	best, key := all[0], s.appendKey(nil, all[0])
	var other []byte
	for _, n := range all[1:] {
		other = s.appendKey(other[:0], n)
		if slices.Compare(other, key) < 0 {
			best, key, other = n, other, key
		}
	}
	return s.renamed(best)
}

// appendKey appends everything that depends on the names of replicas, under new names.
func (s State) appendKey(key []byte, names names) []byte {
	for _, r := range names {
		n := s.Nodes[r-1]
		key = append(key, byte(names.called(n.Leader)), byte(n.Value), byte(n.Executed), byte(n.Prepared), byte(n.Known))
		for _, i := range n.Log {
			key = append(key, byte(i.Status), byte(i.Command), byte(i.Voted.Ballot), byte(i.Voted.Command))
		}
		done := byte(0)
		if n.Done {
			done = 1
		}
		key = append(key, done)
	}
	for _, sent := range s.Sent {
		key = append(key, byte(names.called(sent.Prepare)))
		for _, r := range names {
			votes := sent.PrepareReply[r-1]
			key = append(key, byte(len(votes)))
			for _, v := range votes {
				key = append(key, byte(v.Ballot), byte(v.Command))
			}
		}
		for _, voters := range sent.AcceptReplies {
			key = append(key, byte(names.calledAll(voters)))
		}
	}
	return key
}

// renamed returns the state under new names.
func (s State) renamed(names names) State {
	named := s
	named.Nodes, named.Sent = slices.Clone(s.Nodes), slices.Clone(s.Sent)
	for i, r := range names {
		n := s.Nodes[r-1]
		n.Leader = names.called(n.Leader)
		named.Nodes[i] = n
	}
	for b, sent := range s.Sent {
		sent.Prepare = names.called(sent.Prepare)
		sent.PrepareReply = make([][]Vote, len(names))
		for i, r := range names {
			sent.PrepareReply[i] = s.Sent[b].PrepareReply[r-1]
		}
		sent.AcceptReplies = slices.Clone(sent.AcceptReplies)
		for slot, voters := range sent.AcceptReplies {
			sent.AcceptReplies[slot] = names.calledAll(voters)
		}
		named.Sent[b] = sent
	}
	return named
}

// clone returns a copy that shares only the reported votes, which are never changed.
func (s State) clone() State {
	s.Nodes, s.Sent = slices.Clone(s.Nodes), slices.Clone(s.Sent)
	for i := range s.Nodes {
		s.Nodes[i].Log = slices.Clone(s.Nodes[i].Log)
	}
	for i := range s.Sent {
		sent := &s.Sent[i]
		sent.PrepareReply, sent.Accept = slices.Clone(sent.PrepareReply), slices.Clone(sent.Accept)
		sent.AcceptReplies = slices.Clone(sent.AcceptReplies)
	}
	s.Notices, s.Pending, s.Observed = slices.Clone(s.Notices), slices.Clone(s.Pending), slices.Clone(s.Observed)
	return s
}
