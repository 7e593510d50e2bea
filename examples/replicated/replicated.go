// Package replicated holds what models of replicated state machines have in common, whichever protocol orders the commands:
// what their clients ask, and the abstract log that they refine.
package replicated

import "synod/paxos/rsm"

// MaxCommands is the most commands of a client, which have letters of their own.
const MaxCommands = 9

// letter is the k-th value of a client, both counted from 0.
func letter(client, k int) rune { return 'A' + rune(client*MaxCommands+k)%58 }

// reads reports whether a command is a read: the last one of several; a lone one of every second client.
func reads(client, k, commands int) bool {
	return commands > 1 && k == commands-1 || commands == 1 && client%2 == 1
}

// RegisterOps are the operations of a client, counted from 0: writes, and a read at last; a lone one of every second client
// is a read. Values are letters, one for each client and command.
func RegisterOps[V ~rune](client, commands int) []rsm.RegisterOp[V] {
	var ops []rsm.RegisterOp[V]
	for k := range commands {
		if reads(client, k, commands) {
			ops = append(ops, rsm.RegisterOp[V]{})
		} else {
			ops = append(ops, rsm.RegisterOp[V]{Write: true, Value: V(letter(client, k))})
		}
	}
	return ops
}

// LogOps are the same for a log.
func LogOps(client, commands int) []rsm.LogOp {
	var ops []rsm.LogOp
	for k := range commands {
		if reads(client, k, commands) {
			ops = append(ops, rsm.LogOp{})
		} else {
			ops = append(ops, rsm.LogOp{Append: true, Entry: string(letter(client, k))})
		}
	}
	return ops
}

// StoreOps are the same for a key-value store with one key; every second write is a compare-and-swap of what the client wrote
// before.
func StoreOps(client, commands int) []rsm.StoreOp {
	var ops []rsm.StoreOp
	for k := range commands {
		value := string(letter(client, k))
		switch {
		case reads(client, k, commands):
			ops = append(ops, rsm.StoreOp{Kind: rsm.Get, Key: "k"})
		case k%2 == 1:
			ops = append(ops, rsm.StoreOp{Kind: rsm.Swap, Key: "k", Old: ops[k-1].Value, Value: value})
		default:
			ops = append(ops, rsm.StoreOp{Kind: rsm.Put, Key: "k", Value: value})
		}
	}
	return ops
}
