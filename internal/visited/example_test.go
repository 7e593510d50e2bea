package visited_test

import (
	"fmt"

	"synod/internal/offheap"
	"synod/internal/visited"
)

// States of 20 bits in four shards of 18 bits each, with a tag of two bits that says when they were found.
func Example() {
	arena := offheap.New()
	defer arena.Close()

	const stateBits, shardBits = 20, 2
	const keyBits = stateBits - shardBits
	var shards [1 << shardBits]*visited.Shard
	for i := range shards {
		shard, err := visited.NewShard(arena, keyBits, 2, visited.Stagger(64, i, len(shards)))
		if err != nil {
			fmt.Println(err)
			return
		}
		shards[i] = shard
	}

	mixer := visited.NewMixer(stateBits)
	for _, state := range []uint64{7, 8, 7, 1 << 19} {
		mixed := mixer.Mix(state)
		fresh, err := shards[mixed>>keyBits].Insert(mixed&(1<<keyBits-1), 1)
		fmt.Println(state, fresh, err)
	}

	sum := uint64(0)
	for i, shard := range shards {
		shard.Each(func(key uint64, _ uint8) bool {
			sum += mixer.Unmix(uint64(i)<<keyBits | key)
			return true
		})
	}
	fmt.Println(sum == 7+8+1<<19)
	// Output:
	// 7 true <nil>
	// 8 true <nil>
	// 7 false <nil>
	// 524288 true <nil>
	// true
}
