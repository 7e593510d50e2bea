package tla_test

import (
	"flag"
	"testing"

	"synod/examples/tla"
	"synod/examples/tla/acp"
	"synod/examples/tla/allocator"
	"synod/examples/tla/atd"
	"synod/examples/tla/bakery"
	"synod/examples/tla/coffeecan"
	"synod/examples/tla/dining"
	"synod/examples/tla/ewd840"
	"synod/examples/tla/gameoflife"
	"synod/examples/tla/lamportmutex"
	"synod/examples/tla/nbacc"
	"synod/examples/tla/paxos"
	"synod/examples/tla/paxoscommit"
	"synod/examples/tla/readerswriters"
	"synod/examples/tla/voteproof"
	"synod/examples/tla/writethrough"
	"synod/examples/twophase"
	"synod/model"
)

var long = flag.Bool("long", false, "search the models too that take a minute")

// search searches a model as TLC does.
func search[S, A any](
	m model.Model[S, A], inside func(S) bool, witnesses func(S, A) int, key func(S) string,
) func() tla.Counts {
	return func() tla.Counts { return tla.Search(m, inside, witnesses, key) }
}

// TestPublished compares with the counts that the TLA+ examples state, which TLC has found. TLC with several workers is not
// strictly breadth-first, so that the depth that it finds may be greater: for EWD840 it states 10, for VoteProof 15.
func TestPublished(t *testing.T) {
	mutex := lamportmutex.Config{Processes: 3, Clock: 6}
	tickets := bakery.Config{Processes: 2, Numbers: 2}
	commit := paxoscommit.Config{Managers: 2, Acceptors: 3, MaxBallot: 1}
	third := paxos.Default
	third.MaxBallot = 2
	for _, tt := range []struct {
		name   string
		search func() tla.Counts
		want   tla.Counts
		long   bool
	}{
		{
			"TwoPhase", search(twophase.Config{Managers: 3}, nil, nil, nil),
			tla.Counts{Unique: 288, Generated: 1146, Depth: 11},
			false,
		},
		{
			"EWD840", search(ewd840.Default, nil, ewd840.Witnesses, nil),
			tla.Counts{Unique: 302, Generated: 2001, Depth: 9},
			false,
		},
		{
			"AsyncTerminationDetection", search(atd.Default, atd.Default.Inside, nil, nil),
			tla.Counts{Unique: 4097, Generated: 53_271, Depth: 14},
			false,
		},
		{
			"ReadersWriters", search(readerswriters.Default, nil, nil, nil),
			tla.Counts{Unique: 21_527, Generated: 59_674, Depth: 13},
			false,
		},
		{
			"CoffeeCan", search(coffeecan.Config{Beans: 1000}, nil, nil, nil),
			tla.Counts{Unique: 501_500, Generated: 2_000_002, Depth: 1},
			true,
		},
		{
			"GameOfLife", search(gameoflife.Default, nil, nil, nil),
			tla.Counts{Unique: 65_536, Generated: 131_072, Depth: 1},
			true,
		},
		{
			"DiningPhilosophers", search(dining.Default, nil, nil, nil),
			tla.Counts{Unique: 67, Generated: 336, Depth: 29},
			false,
		},
		{
			"SchedulingAllocator", search(allocator.Default, nil, nil, nil),
			tla.Counts{Unique: 1690, Generated: 5854, Depth: 7},
			false,
		},
		{
			"nbacc_ray97", search(nbacc.Default, nil, nbacc.Default.Witnesses, nil),
			tla.Counts{Unique: 3016, Generated: 49_592, Depth: 7},
			false,
		},
		{
			"Paxos, ballots 0 and 1", search(paxos.Default, nil, paxos.Default.Witnesses, nil),
			tla.Counts{Unique: 3921, Generated: 23_563, Depth: 17},
			false,
		},
		{
			"VoteProof", search(voteproof.Default, nil, voteproof.Default.Witnesses, nil),
			tla.Counts{Unique: 6962, Generated: 318_877, Depth: 14},
			false,
		},
		{
			"LamportMutex", search(mutex, mutex.Inside, nil, mutexKey),
			tla.Counts{Unique: 724_274, Generated: 2_729_079, Depth: 61},
			true,
		},
		{
			"Paxos, ballots 0 to 2", search(third, nil, third.Witnesses, nil),
			tla.Counts{Unique: 185_369, Generated: 1_361_380, Depth: 25},
			true,
		},
		{
			"ACP_NB_TLC", search(acp.Default, nil, acp.Default.Witnesses, nil),
			tla.Counts{Unique: 4284, Generated: 23_988, Depth: 19},
			false,
		},
		{
			"MCWriteThroughCache", search(writethrough.Default, nil, nil, nil),
			tla.Counts{Unique: 5196, Generated: 28_170, Depth: 18},
			false,
		},
		{
			"MCBakery", search(tickets, nil, nil, bakeryKey),
			tla.Counts{Unique: 655_200, Generated: 3_403_584, Depth: 1},
			true,
		},
		{
			"PaxosCommit", search(commit, nil, commit.Witnesses, commitKey),
			tla.Counts{Unique: 1_321_761, Generated: 16_959_159, Depth: 28},
			true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.long && !*long {
				t.Skip("with -long only")
			}
			if got := tt.search(); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

// mutexKey tells states of LamportMutex apart, faster than their text does.
func mutexKey(s lamportmutex.State) string {
	key := []byte{byte(s.Crit)}
	for p := range s.Clock {
		key = append(key, byte(s.Clock[p]), byte(s.Ack[p]))
		for q, queue := range s.Network[p] {
			key = append(key, byte(s.Req[p][q]), byte(len(queue)))
			for _, m := range queue {
				key = append(key, byte(m.Kind), byte(m.Clock))
			}
		}
	}
	return string(key)
}

// bakeryKey tells states of Bakery apart.
func bakeryKey(s bakery.State) string {
	var key []byte
	for p := range s.At {
		flag := byte(0)
		if s.Flag[p] {
			flag = 1
		}
		key = append(key, byte(s.At[p]), byte(s.Num[p]), flag, byte(s.Unchecked[p]), byte(s.Max[p]), byte(s.Nxt[p]))
	}
	return string(key)
}

// commitKey tells states of PaxosCommit apart.
func commitKey(s paxoscommit.State) string {
	bit := func(b bool) byte {
		if b {
			return 1
		}
		return 0
	}
	key := []byte{bit(s.Commit), bit(s.Abort)}
	for rm, stage := range s.Managers {
		key = append(key, byte(stage), byte(s.Asked1[rm]))
		for a := range s.MaxBal[rm] {
			key = append(key, byte(s.MaxBal[rm][a]), byte(s.MaxVote[rm][a].Ballot), byte(s.MaxVote[rm][a].Value))
		}
		for _, promises := range s.Promises[rm] {
			for _, p := range promises {
				key = append(key, bit(p.Sent), byte(p.Told.Ballot), byte(p.Told.Value))
			}
		}
		for b, votes := range s.Votes[rm] {
			key = append(key, byte(s.Asked2[rm][b]), byte(votes))
		}
	}
	return string(key)
}
