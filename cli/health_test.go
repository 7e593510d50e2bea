package cli

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// state fetches a page until it has a status.
func state(t *testing.T, url string, status int) string {
	t.Helper()
	text := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if text = string(data); err == nil && response.StatusCode == status {
			return text
		}
	}
	t.Fatalf("%s: the last answer is %q, and never the status %d", url, text, status)
	return ""
}

// TestHealth asks a server how it is while the other one is away, comes, goes, and comes again.
func TestHealth(t *testing.T) {
	addresses := peers(t, 2)
	common := []string{"--data-dir", t.TempDir(), "--heartbeat", "50ms"}
	s := only(t, 0, addresses, append(common, "--metrics", "127.0.0.1:0", "--control")...)
	url := strings.TrimSuffix(regexp.MustCompile(`http://\S+`).FindString(s.greeting), "/metrics")
	if text := state(t, url+"/healthz", http.StatusOK); text != addresses[0]+" runs\n" {
		t.Errorf("health: %q", text)
	}
	if text := state(t, url+"/readyz", http.StatusServiceUnavailable); text != addresses[0]+" waiting for other servers: 1 of 2 servers up, 2 needed\n" {
		t.Errorf("not ready: %q", text)
	}
	other := only(t, 1, addresses, common...)
	if text := state(t, url+"/readyz", http.StatusOK); text != addresses[0]+" is ready\n" {
		t.Errorf("ready: %q", text)
	}
	if got := request(t, addresses[0], `{"Put":[1,"X"]}`); got != `{"PutOk":1}` {
		t.Fatalf("put: %q", got)
	}
	text := page(t, url+"/metrics")
	for _, line := range []string{
		"synod_servers_up{server=%q} 2", "synod_servers{server=%q} 2", "synod_quorum{server=%q} 1",
		"synod_requests_pending{server=%q} 0", "synod_request_seconds_count{server=%q,kind=\"Put\"} 1",
		"synod_save_steps_bucket{server=%q,le=\"256\"} ",
	} {
		if line = fmt.Sprintf(line, addresses[0]); !strings.Contains(text, "\n"+line) {
			t.Errorf("expected the line %s in\n%s", line, text)
		}
	}
	for _, name := range []string{"synod_build_info{version=", "process_start_time_seconds ", "go_goroutines "} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("expected %s in\n%s", name, text)
		}
	}
	other.kill()
	state(t, url+"/readyz", http.StatusServiceUnavailable)
	logged := func(text string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !strings.Contains(s.stderr.String(), text); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%q is not logged:\n%s", text, s.stderr)
			}
		}
	}
	logged("too few servers are up")
	only(t, 1, addresses, common...)
	state(t, url+"/readyz", http.StatusOK)
	logged("enough servers are up again")
}

// folders lists the temporary folders of a process.
func folders(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestNobodyReads starts servers whose output nobody reads: they stop, and leave no folder.
func TestNobodyReads(t *testing.T) {
	path, err := exec.LookPath("paxos")
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	dir := t.TempDir()
	cmd := exec.Command(path, "spawn", "--port", "0")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.Stdout = w
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("it ended with %v", err)
	}
	_ = w.Close()
	if left := folders(t, dir); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

// TestHangup closes the terminal of servers: they stop in order, and their temporary folder goes. Under nohup they go on.
func TestHangup(t *testing.T) {
	path, err := exec.LookPath("paxos")
	if err != nil {
		t.Fatal(err)
	}
	for _, ignored := range []bool{false, true} {
		if !ignored && signal.Ignored(syscall.SIGHUP) {
			t.Log("only with SIGHUP ignored: whoever started the tests ignores it, as nohup does")
			continue
		}
		dir := t.TempDir()
		line := "exec " + path + " spawn --port 0"
		if ignored {
			line = "trap '' HUP; " + line
		}
		cmd := exec.Command("sh", "-c", line)
		cmd.Env = append(os.Environ(), "TMPDIR="+dir)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		for lines.Scan() && lines.Text() != "Ctrl-C stops." {
		}
		if left := folders(t, dir); len(left) != 1 {
			t.Errorf("folders %q while it runs", left)
		}
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if ignored {
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
		last := ""
		for lines.Scan() {
			last = lines.Text()
		}
		if err := cmd.Wait(); err != nil || last != "Stopped." {
			t.Errorf("ignored %t: %v, last line %q", ignored, err, last)
		}
		if left := folders(t, dir); len(left) > 0 {
			t.Errorf("left %q", left)
		}
	}
}
