//go:build !unix

package subprocess

import (
	"errors"
	"os"
	"os/exec"
)

var errNoPause = errors.New("processes cannot be paused on this system: use a schedule without pauses")

func bind(*exec.Cmd) {}

// Pause lets a process stand still.
func Pause(*os.Process) error { return errNoPause }

// Resume lets it go on.
func Resume(*os.Process) error { return nil }
