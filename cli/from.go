package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"

	"github.com/spf13/pflag"

	"synod/catalog"
	"synod/trace"
)

// start is a path from whose end a check starts.
type start struct {
	file  string
	path  trace.Trace
	model string            // of the file
	words map[string]string // settings in the file
}

// readStart reads the path to start from: the first violation in the file, or else the first path. It keeps only the
// first steps, unless steps is 0.
func readStart(file string, steps int) (*start, error) {
	f, err := os.Open(file)
	if err != nil {
		var inner *os.PathError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("--from %q cannot be read (%w); pass a JSON file written by --trace-out", file, err)
	}
	d, err := trace.ReadJSON(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("--from %q: %w", file, err)
	}
	path, ok := d.Primary()
	switch {
	case !ok:
		return nil, fmt.Errorf("--from %q: the file holds no path", file)
	case steps > len(path.Steps):
		return nil, fmt.Errorf("--from-steps %d: the path in %q has %d", steps, file, len(path.Steps))
	case steps > 0:
		path.Steps = path.Steps[:steps]
	}
	return &start{file: file, path: path, model: d.Model, words: d.Config}, nil
}

// startOf reads the path of --from, if given, and uses the model of the file unless --model is set.
func (f *flags) startOf(set *pflag.FlagSet) (*start, error) {
	if !set.Changed("from") {
		if f.fromSteps > 0 {
			return nil, errors.New("--from-steps requires --from")
		}
		return nil, nil
	}
	s, err := readStart(f.from, int(f.fromSteps))
	if err == nil && !set.Changed("model") {
		f.model = s.model
	}
	return s, err
}

// under returns the settings of the file, overridden by those that were set explicitly.
func (s *start) under(asked catalog.Settings, e catalog.Entry) (catalog.Settings, error) {
	if s == nil || s.model != e.Name {
		return asked, nil
	}
	words := maps.Clone(s.words)
	if words == nil {
		words = make(map[string]string)
	}
	maps.Copy(words, asked.Words())
	merged, err := e.Parse(words)
	if err != nil {
		return asked, fmt.Errorf("--from %q: %w", s.file, err)
	}
	return merged, nil
}

// String returns a description of the start.
func (s *start) String() string {
	if len(s.path.Steps) == 1 {
		return "after 1 step of " + s.file
	}
	return fmt.Sprintf("after %d steps of %s", len(s.path.Steps), s.file)
}
