package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"synod/internal/needs"
	"synod/spawn"
)

// TestReadmeCommands runs the commands of README.md that start servers and talk to them, as they stand there. If one of
// the ports is in use, other ones take their place.
func TestReadmeCommands(t *testing.T) {
	needs.Program(t, "nc")
	needs.Program(t, "sh")
	data, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "\npaxos spawn\n") {
		t.Error("README.md does not have the command paxos spawn")
	}
	args, port := []string{}, 3000
	for i := range 3 {
		conn, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", 3000+i))
		if err != nil {
			port = 0
			continue
		}
		_ = conn.Close()
	}
	if port == 0 {
		t.Log("the ports of the README are in use")
		args = []string{"--port", "0"}
	}
	// Where a machine is so busy that nc has given up after its second, that is no wrong answer.
	for attempt := 1; !readme(t, string(data), port == 3000, args); attempt++ {
		if attempt == 5 {
			t.Fatal("there are no answers within a second")
		}
	}
}

// readme starts servers and gives them the commands of a text. It tells whether all were answered.
func readme(t *testing.T, data string, usual bool, args []string) bool {
	t.Helper()
	commands := []struct{ line, answer string }{
		{`echo '{"Put":[1,"X"]}' | nc -u -w1 127.0.0.1 3000`, `{"PutOk":1}`},
		{`echo '{"Get":2}' | nc -u -w1 127.0.0.1 3001`, `{"GetOk":[2,"X"]}`},
	}
	s := startSpawn(t, args...)
	answered := true
	for _, c := range commands {
		if !strings.Contains(data, "\n"+c.line+"\n") {
			t.Errorf("README.md does not have the command %s", c.line)
		}
		if usual && !strings.Contains(s.greeting, "\n  "+c.line+"\n") {
			t.Errorf("the greeting does not have the command %s", c.line)
		}
		line := c.line
		for i, address := range s.addresses {
			line = strings.ReplaceAll(line, fmt.Sprintf(" %d", 3000+i), address[strings.Index(address, ":"):])
		}
		line = strings.ReplaceAll(line, "127.0.0.1:", "127.0.0.1 ")
		out, err := exec.Command("sh", "-c", line).Output()
		if len(out) == 0 {
			t.Logf("%s: no answer, %v\n%s", line, err, s.stderr)
			answered = false
			break
		}
		if err != nil || string(out) != c.answer {
			t.Errorf("%s: %q, %v; want %q\n%s", line, out, err, c.answer, s.stderr)
		}
	}
	if code := s.stop(os.Interrupt); code != 0 {
		t.Errorf("after Ctrl-C the exit code is %d\n%s", code, s.stderr)
	}
	return answered
}

// TestSpawn starts servers, stops them in order, and starts them again from their data.
func TestSpawn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := startSpawn(t, "--port", "0", "--data-dir", dir)
	if len(s.addresses) != 3 || s.dir != dir || !strings.HasPrefix(s.greeting, "single-decree: 3 servers on UDP\n") {
		t.Fatalf("greeting:\n%s", s.greeting)
	}
	if got := ask(t, s.addresses[0], `{"Get":1}{`, 100*time.Millisecond); got != "" {
		t.Errorf("what is no request was answered: %s", got)
	}
	if got := request(t, s.addresses[0], `{"Put":[18446744073709551615,"<"]}`); got != `{"PutOk":18446744073709551615}` {
		t.Fatalf("put: %q\n%s", got, s.stderr)
	}
	if code := s.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
	if line, ok := <-s.rest; !ok || line != "Stopped." {
		t.Errorf("last line %q", line)
	}
	again := peersAgain(t, s, dir)
	for _, r := range again {
		if got := request(t, r.addresses[0], `{"Get":2}`); got != `{"GetOk":[2,"<"]}` {
			t.Errorf("after a restart: %q\n%s", got, r.stderr)
		}
	}
}

// peersAgain starts the servers of a cluster again from their data, each in a process of its own.
func peersAgain(t *testing.T, s *spawned, dir string) []*spawned {
	t.Helper()
	var all []*spawned
	for i := range s.addresses {
		all = append(all, only(t, i, s.addresses, "--data-dir", dir))
	}
	return all
}

// TestKilled kills three servers once a put is acknowledged, and starts them again: each of them answers its value, though
// the others may not have heard of the decision.
func TestKilled(t *testing.T) {
	addresses := peers(t, 3)
	dir := t.TempDir()
	start := func(i int) *spawned { return only(t, i, addresses, "--data-dir", dir) }
	var all []*spawned
	for i := range addresses {
		all = append(all, start(i))
	}
	if got := request(t, addresses[0], `{"Put":[1,"X"]}`); got != `{"PutOk":1}` {
		t.Fatalf("put: %q", got)
	}
	for _, s := range all {
		s.kill()
	}
	for i := range all {
		all[i] = start(i)
	}
	for i, address := range addresses {
		if got := request(t, address, `{"Get":5}`); got != `{"GetOk":[5,"X"]}` {
			t.Errorf("server %d answers %q\n%s", i, got, all[i].stderr)
		}
		if got := request(t, address, `{"Put":[6,"Y"]}`); got != `{"PutFail":6}` {
			t.Errorf("server %d answers %q to another put\n%s", i, got, all[i].stderr)
		}
	}
}

// TestEarlyPut puts and gets at a server whose peers are not up yet: it is decided once they are.
func TestEarlyPut(t *testing.T) {
	addresses := peers(t, 3)
	first := only(t, 0, addresses, "--ephemeral")
	for _, early := range []string{`{"Put":[1,"X"]}`, `{"Get":2}`} {
		if got := ask(t, addresses[0], early, 100*time.Millisecond); got != "" {
			t.Errorf("a server alone answers %s", got)
		}
	}
	only(t, 1, addresses, "--ephemeral")
	// Nobody asks for that put again, but for the server.
	for got := ""; got != `{"GetOk":[3,"X"]}`; {
		if got = request(t, addresses[1], `{"Get":3}`); got != `{"GetOk":[3,"X"]}` && got != `{"GetOk":[3,"\u0000"]}` {
			t.Fatalf("%q\n%s", got, first.stderr)
		}
	}
}

// TestUnset gets what nobody has put: every server says that there is nothing, and may be put at afterwards.
func TestUnset(t *testing.T) {
	s := startSpawn(t, "--port", "0", "--ephemeral")
	for _, address := range s.addresses {
		if got := request(t, address, `{"Get":1}`); got != `{"GetOk":[1,"\u0000"]}` {
			t.Errorf("%q\n%s", got, s.stderr)
		}
	}
	out, code := asks(t, "put", "X", "--server", "0", "--retries", "100", "--servers", strings.Join(s.addresses, ","))
	if !strings.Contains(out, "has stored X") || code != 0 {
		t.Errorf("put: %q, exit code %d", out, code)
	}
	if out, code = asks(t, "put", "Y", "--server", "1", "--retries", "100", "--servers", strings.Join(s.addresses, ",")); out != "" || code != 1 {
		t.Errorf("another put: %q, exit code %d", out, code)
	}
}

// TestTwoOfThree kills two servers that voted for a value and do not know that it was decided, as only the third one
// does, which is gone. Started again neither answers, as they do not learn, and a put makes both decide the old value. The test speaks for
// the third one.
func TestTwoOfThree(t *testing.T) {
	addresses := peers(t, 3)
	dir := t.TempDir()
	third, err := net.ListenPacket("udp4", addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	id, err := spawn.IDOf(netip.MustParseAddrPort(addresses[0]))
	if err != nil {
		t.Fatal(err)
	}
	var all []*spawned
	for i := 1; i < 3; i++ {
		s := only(t, i, addresses, "--data-dir", dir, "--retry=0", "--learn=false", "--heartbeat=0")
		all = append(all, s)
		for _, exchange := range []struct{ message, answer string }{
			{`{"Internal":{"Prepare":{"ballot":[1,%d]}}}`, `{"Internal":{"Prepared":{"ballot":[1,%d],"last_accepted":null}}}`},
			{`{"Internal":{"Accept":{"ballot":[1,%d],"proposal":[5,6,"X"]}}}`, `{"Internal":{"Accepted":{"ballot":[1,%d]}}}`},
		} {
			if got := say(t, third, addresses[i], fmt.Sprintf(exchange.message, id)); got != fmt.Sprintf(exchange.answer, id) {
				t.Fatalf("server %d answers %s to %s\n%s", i, got, exchange.message, s.stderr)
			}
		}
	}
	for _, s := range all {
		s.kill()
	}
	_ = third.Close()
	for i := 1; i < 3; i++ {
		only(t, i, addresses, "--data-dir", dir, "--retry=0", "--learn=false", "--heartbeat=0")
		if got := ask(t, addresses[i], `{"Get":6}`, 200*time.Millisecond); got != "" {
			t.Errorf("server %d knows what it cannot know: %s", i, got)
		}
	}
	// The answer to the put goes to whom the old value belongs.
	if got := ask(t, addresses[1], `{"Put":[7,"Y"]}`, 200*time.Millisecond); got != "" {
		t.Errorf("put: %s", got)
	}
	for i := 1; i < 3; i++ {
		if got := request(t, addresses[i], `{"Get":8}`); got != `{"GetOk":[8,"X"]}` {
			t.Errorf("server %d: %q", i, got)
		}
	}
}

// say sends a message from a socket, and gives the next one that comes to it.
func say(t *testing.T, from net.PacketConn, to, message string) string {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := from.WriteTo([]byte(message), addr); err != nil {
		t.Fatal(err)
	}
	if err := from.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1000)
	n, _, err := from.ReadFrom(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer[:n])
}

// commanded returns a command to the control socket of the first server of a process.
func commanded(t *testing.T, s *spawned, text string) string {
	t.Helper()
	sockets, err := filepath.Glob(filepath.Join(s.dir, "*.control"))
	if err != nil || len(sockets) == 0 {
		t.Fatalf("no control socket in %s", s.dir)
	}
	m := regexp.MustCompile(`(?m)^Control \S+ by (.*)$`).FindStringSubmatch(s.greeting)
	if m == nil || !slices.Contains(sockets, m[1]) {
		t.Fatalf("no control socket of %v in the greeting\n%s", sockets, s.greeting)
	}
	conn, err := net.Dial("unix", m[1])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintln(conn, text)
	answer := make([]byte, 10_000)
	n, err := conn.Read(answer)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(answer[:n]), "\n")
}

// TestDiskFails makes fsync fail: the server stops before it answers, and says so by its exit code.
func TestDiskFails(t *testing.T) {
	for _, disk := range []string{"full", "failing"} {
		addresses := peers(t, 3)
		s := only(t, 0, addresses, "--control", "--data-dir", t.TempDir(), "--heartbeat=0")
		if got := commanded(t, s, "disk "+disk); got != "ok" {
			t.Fatalf("disk: %q", got)
		}
		peer, err := net.ListenPacket("udp4", addresses[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, addresses[0], `{"Put":[1,"X"]}`, 300*time.Millisecond); got != "" {
			t.Errorf("answered %s", got)
		}
		if code := s.wait(); code != 1 || !strings.Contains(s.stderr.String(), "cannot save") {
			t.Errorf("exit code %d\n%s", code, s.stderr)
		}
		if err := peer.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, _, err := peer.ReadFrom(make([]byte, 100)); err == nil {
			t.Errorf("%d bytes were sent, though nothing was saved", n)
		}
		_ = peer.Close()
	}
}

// TestMetrics reads the metrics of a server that got one request and something else.
func TestMetrics(t *testing.T) {
	s := startSpawn(t, "--port", "0", "--metrics", "127.0.0.1:0", "--model", "single-copy", "--servers", "1")
	client, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if got := say(t, client, s.addresses[0], `{"Put":[1,"X"]}`); got != `{"PutOk":1}` {
		t.Fatalf("put: %q", got)
	}
	ask(t, s.addresses[0], `hello`, 100*time.Millisecond)
	url := regexp.MustCompile(`http://\S+`).FindString(s.greeting)
	lines := []string{
		fmt.Sprintf("synod_messages_sent_total{server=%q} 1\n", s.addresses[0]),
		fmt.Sprintf("synod_messages_rejected_total{server=%q,reason=\"not_JSON\"} 1\n", s.addresses[0]),
	}
	text := ""
	missing := func(line string) bool { return !strings.Contains(text, line) }
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if text = page(t, url); !slices.ContainsFunc(lines, missing) {
			return
		}
	}
	t.Errorf("expected the lines %q in\n%s", lines, text)
}

// page fetches a page.
func page(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLosses runs single-copy servers whose network loses and repeats requests: those who ask again get their answer.
func TestLosses(t *testing.T) {
	s := startSpawn(t, "--port", "0", "--model", "single-copy", "--servers", "1", "--drop", "0.3", "--duplicate", "0.3",
		"--delay", "1ms..5ms", "--seed", "7")
	if !strings.Contains(s.greeting, "Faults on every message: drop 0.3, duplicate 0.3, delay 1ms..5ms, seed 7\n") {
		t.Errorf("greeting:\n%s", s.greeting)
	}
	for i := range 20 {
		if got := request(t, s.addresses[0], `{"Put":[%d,"X"]}`, i); !strings.HasPrefix(got, `{"PutOk":`) {
			t.Fatalf("put %d: %q", i, got)
		}
	}
}

// TestLogs looks for what is logged, in both formats.
func TestLogs(t *testing.T) {
	s := startSpawn(t, "--port", "0", "-vv", "--log-format", "json")
	request(t, s.addresses[0], `{"Put":[1,"X"]}`)
	s.stop(os.Interrupt)
	for _, want := range []string{
		`"level":"INFO","msg":"receive"`, `"level":"INFO","msg":"send"`, `"level":"DEBUG","msg":"save"`,
		`"message":"{\"PutOk\":1}"`,
	} {
		if !strings.Contains(s.stderr.String(), want) {
			t.Errorf("no %s in\n%s", want, s.stderr)
		}
	}
	s = startSpawn(t, "--port", "0", "-v", "--ephemeral")
	request(t, s.addresses[0], `{"Put":[1,"X"]}`)
	s.stop(os.Interrupt)
	if log := s.stderr.String(); !strings.Contains(log, "msg=send") || strings.Contains(log, "msg=save") {
		t.Errorf("log:\n%s", log)
	}
	if s.dir != "" || !strings.Contains(s.greeting, "State is not persisted") {
		t.Errorf("greeting:\n%s", s.greeting)
	}
}
