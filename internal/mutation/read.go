package mutation

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Read reads all files of a folder: one folder in it for each model, and in that one file for each mutant, with the name
// of the mutant and .txt. They come in order of model and name.
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
