package intern

import (
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// names gives every type that was ever found in an interface and encoded a name of its own.
var names = struct {
	sync.Mutex
	taken map[string]reflect.Type
}{taken: map[string]reflect.Type{}}

// name returns the name under which the type is encoded: package name and type name, such as register.Put. If two
// types of one process share that, the one that is encoded later gets its full import path, and if that does not
// tell them apart (types declared inside functions), a number.
func (p *plan) name() string {
	if n := p.label.Load(); n != nil {
		return *n
	}
	full := p.typ.String()
	if p.typ.Name() != "" && p.typ.PkgPath() != "" {
		full = p.typ.PkgPath() + "." + p.typ.Name()
	}
	names.Lock()
	defer names.Unlock()
	n := shortName(p.typ.String())
	for i := 1; ; i++ {
		if t, ok := names.taken[n]; !ok || t == p.typ {
			break
		}
		n = full
		if i > 1 {
			n += "·" + strconv.Itoa(i)
		}
	}
	names.taken[n] = p.typ
	p.label.Store(&n)
	return n
}

// shortName drops the directories of import paths, which occur among type arguments, but leaves quoted tags alone.
func shortName(s string) string {
	var out strings.Builder
	start := 0 // of the current run of path characters
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted, err := strconv.QuotedPrefix(s[i:])
			if err != nil {
				quoted = s[i:]
			}
			out.WriteString(s[start:i] + quoted)
			i += len(quoted) - 1
			start = i + 1
		case c == '/':
			start = i + 1
		case strings.IndexByte("[](){}*,; ", c) >= 0:
			out.WriteString(s[start : i+1])
			start = i + 1
		}
	}
	out.WriteString(s[start:])
	return out.String()
}
