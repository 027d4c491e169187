package country

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// memorySize bounds a memory: twice as many answers are remembered at most, some 40 bytes each.
const memorySize = 1 << 15

// memory remembers answers about addresses, but not the addresses: a hash stands for each, with a key that is made anew for
// each memory and told to nobody. When the young are many, they are the old, and the old are forgotten. A lock is its owner's.
type memory struct {
	key        maphash.Seed
	young, old map[uint64]noted
}

type noted struct {
	code [2]byte // zeros: none
	at   int64   // Unix time
}

func newMemory() memory { return memory{key: maphash.MakeSeed(), young: map[uint64]noted{}} }

func (m *memory) put(a netip.Addr, code string, at time.Time) {
	n := noted{at: at.Unix()}
	copy(n.code[:], code)
	m.note(maphash.Comparable(m.key, a), n)
}

func (m *memory) note(hash uint64, n noted) {
	if len(m.young) >= memorySize {
		m.old, m.young = m.young, map[uint64]noted{}
	}
	m.young[hash] = n
}

func (m *memory) get(a netip.Addr) (code string, at time.Time, ok bool) {
	hash := maphash.Comparable(m.key, a)
	n, ok := m.young[hash]
	if !ok {
		if n, ok = m.old[hash]; !ok {
			return "", time.Time{}, false
		}
		m.note(hash, n) // who is asked for stays
	}
	if n.code != ([2]byte{}) {
		code = string(n.code[:])
	}
	return code, time.Unix(n.at, 0), true
}
