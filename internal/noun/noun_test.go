package noun_test

import (
	"testing"

	"synod/internal/noun"
)

func TestCount(t *testing.T) {
	for _, tt := range []struct {
		n          int
		what, want string
	}{
		{1, "server", "1 server"},
		{0, "server", "0 servers"},
		{2, "crash", "2 crashes"},
		{3, "event not saved", "3 events not saved"},
		{1, "event not saved", "1 event not saved"},
		{2, "torn line", "2 torn lines"},
	} {
		if got := noun.Count(tt.n, tt.what); got != tt.want {
			t.Errorf("Count(%d, %q) = %q, want %q", tt.n, tt.what, got, tt.want)
		}
	}
}
