package intern

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// The encoded name of a type depends on the type alone: neither on the types that were encountered before it nor on
// the process. Two types have the same name only if they are of the same package of this module, or of a copy of it.
//
// The name of a type of this module is its package name and type name, such as register.Put: the names in a test
// package must differ from it, and mutants, which are copies of packages under an internal folder, must have the
// names of the originals, so that their traces can be compared. Other types are named by import path:
// example.com/me/proto.Ping. An import path of one element that is not in the standard library is written ./proto, to
// distinguish it from a package of this module. A type declared in a function is followed by the compiler's number
// for it: main.state·2.

// module is the import path of this module with a trailing slash. Packages below it have short names.
var module = func() string {
	of := reflect.TypeFor[plan]().PkgPath()
	return strings.TrimSuffix(of, "internal/intern")
}()

// name returns the encoded name of the type.
func (p *plan) name() string {
	if n := p.label.Load(); n != nil {
		return *n
	}
	n := string(appendName(nil, p.typ))
	p.label.Store(&n)
	return n
}

// textName returns the display name of the type: package name and type name. Several types may share it.
func (p *plan) textName() string { return shortName(p.typ.String()) }

// appendName appends the name of a type, or spells out an unnamed type.
func appendName(dst []byte, t reflect.Type) []byte {
	if t.Name() != "" {
		return appendDeclared(dst, t)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return appendName(append(dst, '*'), t.Elem())
	case reflect.Slice:
		return appendName(append(dst, "[]"...), t.Elem())
	case reflect.Array:
		return appendName(fmt.Appendf(dst, "[%d]", t.Len()), t.Elem())
	case reflect.Map:
		dst = appendName(append(dst, "map["...), t.Key())
		return appendName(append(dst, ']'), t.Elem())
	case reflect.Struct:
		return appendStruct(dst, t)
	case reflect.Interface:
		return appendMethods(dst, t)
	case reflect.Func:
		return appendSignature(append(dst, "func"...), t)
	default: // Channels, which are not valid in a state.
		return append(dst, shortName(t.String())...)
	}
}

// appendDeclared appends the name of a declared or predeclared type.
func appendDeclared(dst []byte, t reflect.Type) []byte {
	name, from := t.Name(), t.PkgPath()
	if from == "" {
		return append(dst, name...)
	}
	plain, arguments, generic := strings.Cut(name, "[")
	dst = append(append(append(dst, packageName(t)...), '.'), plain...)
	if generic {
		dst = append(append(dst, '['), abbreviate(arguments)...)
	}
	if n := local(t); n != 0 {
		dst = append(append(dst, "·"...), strconv.FormatUint(n, 10)...)
	}
	return dst
}

// packageName returns the part before the dot in the name of a declared type.
func packageName(t reflect.Type) string {
	short, _, _ := strings.Cut(t.String(), ".")
	// In the binary of its own tests, package main of a program is named by its import path.
	if from := t.PkgPath(); short != "main" {
		return shortPath(from, short)
	}
	return short
}

// shortPath returns the written form of an import path, given the package's name.
func shortPath(from, name string) string {
	switch {
	case strings.HasPrefix(from, module):
		return name
	case strings.Contains(from, "/") || from == "main" || from == "time":
		return from
	}
	return "./" + from
}

func appendStruct(dst []byte, t reflect.Type) []byte {
	if t.NumField() == 0 {
		return append(dst, "struct {}"...)
	}
	dst = append(dst, "struct { "...)
	for i := range t.NumField() {
		f := t.Field(i)
		if i > 0 {
			dst = append(dst, "; "...)
		}
		if !f.Anonymous {
			dst = append(appendForeign(dst, f.PkgPath), f.Name...)
			dst = append(dst, ' ')
		}
		dst = appendName(dst, f.Type)
		if f.Tag != "" {
			dst = strconv.AppendQuote(append(dst, ' '), string(f.Tag))
		}
	}
	return append(dst, " }"...)
}

// appendForeign appends the package of an unexported name, unless it is in this module.
func appendForeign(dst []byte, from string) []byte {
	if from == "" || strings.HasPrefix(from, module) {
		return dst
	}
	return append(append(dst, from...), '.')
}

func appendMethods(dst []byte, t reflect.Type) []byte {
	if t.NumMethod() == 0 {
		return append(dst, "interface {}"...)
	}
	dst = append(dst, "interface { "...)
	for i := range t.NumMethod() {
		m := t.Method(i)
		if i > 0 {
			dst = append(dst, "; "...)
		}
		dst = append(appendForeign(dst, m.PkgPath), m.Name...)
		dst = appendSignature(dst, m.Type)
	}
	return append(dst, " }"...)
}

func appendSignature(dst []byte, t reflect.Type) []byte {
	dst = append(dst, '(')
	for i := range t.NumIn() {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if in := t.In(i); t.IsVariadic() && i == t.NumIn()-1 {
			dst = appendName(append(dst, "..."...), in.Elem())
		} else {
			dst = appendName(dst, in)
		}
	}
	dst = append(dst, ')')
	if t.NumOut() == 0 {
		return dst
	}
	dst = append(dst, " ("...)
	for i := range t.NumOut() {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendName(dst, t.Out(i))
	}
	return append(dst, ')')
}

// local returns the number, from 1, of a type declared in a function, and 0 for any other type. The compiler
// distinguishes such types only in the string from which it computes the type's hash.
func local(t reflect.Type) uint64 {
	const most = 1 << 16 // Handwritten packages do not have more function-local types of one name.
	from := linkPath(t.PkgPath()) + "." + t.Name()
	hash := typeHashOf(t)
	if !knowsLocal || linkHash(from) == hash {
		return 0
	}
	for n := uint64(1); n < most; n++ {
		if linkHash(from+"·"+strconv.FormatUint(n, 10)) == hash {
			return n
		}
	}
	return most + uint64(hash)
}

// knowsLocal reports whether the compiler hashes types as this package assumes. If not, types of one name that are
// declared in several functions of a package share an encoding; a test detects that.
var knowsLocal = func() bool {
	t := reflect.TypeFor[plan]()
	return linkHash(linkPath(t.PkgPath())+"."+t.Name()) == typeHashOf(t)
}()

// typeHashOf returns the compiler's hash of a type.
func typeHashOf(t reflect.Type) uint32 {
	type header struct { // the beginning of internal/abi.Type
		size, pointers uintptr
		hash           uint32
	}
	return (*header)((*iface)(unsafe.Pointer(&t)).data).hash
}

// linkHash is cmd/compile/internal/types.TypeHash for a type with this link string.
func linkHash(link string) uint32 {
	sum := sha256.Sum256([]byte(link))
	sum[0] ^= 0xff
	return binary.LittleEndian.Uint32(sum[:4])
}

// linkPath returns an import path as written in link strings: cmd/internal/objabi.PathToPrefix.
func linkPath(from string) string {
	var out strings.Builder
	slash := strings.LastIndexByte(from, '/')
	for i := range len(from) {
		if c := from[i]; c <= ' ' || c == '.' && i > slash || c == '%' || c == '"' || c >= 0x7F {
			fmt.Fprintf(&out, "%%%02x", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

// abbreviate shortens the import paths in type arguments as shortPath does.
func abbreviate(s string) string {
	return eachPath(s, func(from string) string {
		slash := strings.LastIndexByte(from, '/')
		pkg, name, qualified := strings.Cut(from[slash+1:], ".")
		if !qualified {
			return from
		}
		return shortPath(from[:slash+1]+pkg, path.Base(pkg)) + "." + name
	})
}

// shortName removes the directories from import paths, which occur in type arguments, but not from quoted tags.
func shortName(s string) string {
	return eachPath(s, func(from string) string { return from[strings.LastIndexByte(from, '/')+1:] })
}

// eachPath replaces the runs of path characters in the text of a type.
func eachPath(s string, replace func(string) string) string {
	var out strings.Builder
	start := 0 // of the current run
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted, err := strconv.QuotedPrefix(s[i:])
			if err != nil {
				quoted = s[i:]
			}
			out.WriteString(replace(s[start:i]) + quoted)
			i += len(quoted) - 1
			start = i + 1
		case strings.IndexByte("[](){}*,; ", c) >= 0:
			out.WriteString(replace(s[start:i]))
			out.WriteByte(c)
			start = i + 1
		}
	}
	out.WriteString(replace(s[start:]))
	return out.String()
}
