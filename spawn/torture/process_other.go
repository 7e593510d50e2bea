//go:build !unix

package torture

import (
	"errors"
	"os"
	"os/exec"
)

var errNoPause = errors.New("processes cannot be paused on this system: expected a schedule without pauses")

func bind(*exec.Cmd) {}

func pause(*os.Process) error { return errNoPause }

func resume(*os.Process) error { return nil }
