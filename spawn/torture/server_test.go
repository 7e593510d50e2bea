package torture

import (
	"os"
	"os/exec"
	"testing"
)

// TestSignalToWhoEnded signals a process that has ended by itself, and whose end was not noticed yet.
func TestSignalToWhoEnded(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	s := &server{cluster: new(Cluster), process: &process{cmd: cmd, ended: make(chan struct{})}}
	if err := s.pause(); err != nil {
		t.Errorf("pause: %v", err)
	}
	if err := s.resume(); err != nil {
		t.Errorf("resume: %v", err)
	}
}
