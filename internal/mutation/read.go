package mutation

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Read reads all files of a folder, which has a folder per model with a file per mutant, named after the mutant with
// the extension .txt. The result is ordered by model and name.
func Read(fsys fs.FS, folder string) ([]Mutation, error) {
	var all []Mutation
	names, err := fs.Glob(fsys, path.Join(folder, "*", "*"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		short, ok := strings.CutSuffix(path.Base(name), ".txt")
		if !ok {
			return nil, fmt.Errorf("%s: the name of a mutant must end in .txt", name)
		}
		m, err := Parse(path.Base(path.Dir(name)), short, string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}
