package checker_test
import ("testing";"time";"os";"syscall";"runtime/debug";"runtime/pprof";"synod/internal/reference";"synod/checker")
func cpuNow() time.Duration { var u syscall.Rusage; syscall.Getrusage(0,&u); return time.Duration(u.Utime.Nano()+u.Stime.Nano()) }
func TestZZ(t *testing.T) {
	for _, s := range spreads(os.Getenv("SMALL")=="") {
		if w := os.Getenv("ONLY"); w != "" && w != s.name { continue }
		var rt time.Duration; var rb float64
		if os.Getenv("NOREF")=="" {
		debug.FreeOSMemory()
		before, most := heapNow(), int64(0)
		ended := make(chan int)
		go func() { for { select { case <-ended: return; case <-time.After(2*time.Millisecond): most = max(most, heapNow()) } } }()
		c0 := cpuNow()
		r := s.plain(reference.Options{FinishWhen: reference.Exhausted, MaxStates: 1_500_000})
		rt = cpuNow()-c0
		close(ended)
		rb = float64(most-before)/float64(r.Unique)
		t.Log(s.name, "plain", r.Unique, r.Generated, r.Exhausted)
		}
		debug.FreeOSMemory()
		before, most := heapNow(), int64(0)
		c0 := cpuNow()
		if p := os.Getenv("PROF"); p != "" { f, _ := os.Create(p); pprof.StartCPUProfile(f) }
		g := checker.BFS(t.Context(), s.src, checker.Options{Workers:1, FinishWhen: checker.Exhausted, MaxStates: 1_500_000, Timeout: 60*time.Second,
			Interval: 2*time.Millisecond, Progress: func(p checker.Progress) { most = max(most, p.Memory) }})
		pprof.StopCPUProfile()
		gt := cpuNow()-c0
		most = max(most, g.Memory)
		gb := float64(most-before)/float64(g.Unique)
		t.Logf("%s: %d states %d generated; engine %v %.0f B/state; plain %v %.0f B/state; time ratio %.2f; %v %v", s.name, g.Unique, g.Generated, gt, gb, rt, rb, float64(gt)/float64(rt+1), g.Stopped, g.Err)
		if os.Getenv("SLOTS") != "" { for _, sl := range g.Space.Slots { t.Log("   ", sl.Name, sl.Parts, sl.Of) } }
		g.Close()
	}
}
