package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"synod/internal/mutation"
)

// How the mutants of a family are made of one copy of its sources. A mutant differs from the sound source in the body of
// one function. In the copy that function has a type parameter, Mutant, and begins with a branch for each of its mutants:
// the body that this mutant has. Whatever leads to such a function has the parameter too. Types of handlers have it, so
// that their methods do; a method of a type of data that is only ever called becomes a function. All mutants of a family
// so have the same types of states and messages, and the compiler makes code of the copy once, as all arguments are empty
// structs.

// open reads what the compiler wrote of a package.
func (e exports) open(name string) (io.ReadCloser, error) {
	file := e[name]
	if file == "" {
		return nil, fmt.Errorf("no export data of %s", name)
	}
	return os.Open(file)
}

// merged builds the copy: files by name from the root.
func (f family) merged(root fs.FS, own []mutation.Mutation, all exports) (map[string]string, error) {
	var sources []source
	for _, name := range f.sources {
		text, err := fs.ReadFile(root, path.Clean(name))
		if err != nil {
			return nil, err
		}
		sources = append(sources, source{name: path.Clean(name), text: string(text)})
	}
	sound, err := check(sources, all)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.model, err)
	}
	m := merger{family: f, sound: sound, bodies: make(map[string][]body)}
	m.note(sound)
	for _, mutant := range own {
		if err := m.add(mutant, sources, all); err != nil {
			return nil, err
		}
	}
	m.spread()
	return m.write()
}

// merger builds the copy of a family. Functions, methods and types are keyed by their package, receiver and name.
type merger struct {
	family
	sound  *program
	bodies map[string][]body // of mutated functions

	uses    map[string]map[string]bool // what a function or type refers to
	called  map[string]bool            // methods that are called
	taken   map[string]bool            // methods that are used otherwise
	methods map[string][]string        // of a type
	dynamic map[string]bool            // names of the methods of interfaces
	varied  map[string]bool            // what has the type parameter
}

// body is the body that a mutant gives a function.
type body struct {
	mutant string
	from   *program
	file   source
	decl   *ast.FuncDecl
}

// key names an object of the family that has or may get the type parameter; it is empty for any other.
func (m *merger) key(o types.Object) string {
	if o == nil || o.Pkg() == nil || m.sound.pkgs[o.Pkg().Path()] == nil {
		return ""
	}
	switch o := o.(type) {
	case *types.Func:
		o = o.Origin()
		if recv := o.Signature().Recv(); recv != nil {
			if t := named(recv.Type()); t != nil {
				return m.key(t.Obj()) + "." + o.Name()
			}
			return "" // of an interface
		}
		if o.Parent() != o.Pkg().Scope() {
			return ""
		}
	case *types.TypeName:
		if o.Parent() != o.Pkg().Scope() || o.IsAlias() {
			return ""
		}
	default:
		return ""
	}
	return o.Pkg().Path() + "." + o.Name()
}

// named returns the named type of a receiver, or nil.
func named(t types.Type) *types.Named {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	n, _ := t.(*types.Named)
	if n == nil || types.IsInterface(n) {
		return nil
	}
	return n
}

// note takes notice of what refers to what in a program.
func (m *merger) note(p *program) {
	if m.uses == nil {
		m.uses, m.methods = make(map[string]map[string]bool), make(map[string][]string)
		m.called, m.taken, m.varied = make(map[string]bool), make(map[string]bool), make(map[string]bool)
		m.dynamic = make(map[string]bool)
	}
	for _, f := range p.files {
		for _, d := range f.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				key := m.key(p.info.Defs[d.Name])
				if d.Recv != nil {
					owner := key[:strings.LastIndex(key, ".")]
					if !slices.Contains(m.methods[owner], key) {
						m.methods[owner] = append(m.methods[owner], key)
					}
				}
				m.refer(p, key, d)
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if t, ok := s.(*ast.TypeSpec); ok {
						m.refer(p, m.key(p.info.Defs[t.Name]), t)
					}
				}
			}
		}
	}
}

func (m *merger) refer(p *program, key string, node ast.Node) {
	if m.uses[key] == nil {
		m.uses[key] = make(map[string]bool)
	}
	calls := make(map[*ast.SelectorExpr]bool)
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok {
				calls[s] = true
			}
		case *ast.SelectorExpr:
			if used := m.key(p.info.Uses[n.Sel]); p.info.Selections[n] != nil && used != "" {
				if calls[n] {
					m.called[used] = true
				} else {
					m.taken[used] = true
				}
			}
		case *ast.InterfaceType:
			for _, method := range n.Methods.List {
				for _, name := range method.Names {
					m.dynamic[name.Name] = true
				}
			}
		case *ast.Ident:
			if used := m.key(p.info.Uses[n]); used != "" && used != key {
				m.uses[key][used] = true
			}
		}
		return true
	})
}

// add takes a mutant.
func (m *merger) add(mutant mutation.Mutation, sources []source, all exports) error {
	broken := slices.Clone(sources)
	at := slices.IndexFunc(broken, func(s source) bool { return s.name == mutant.File })
	if at < 0 {
		return fmt.Errorf("mutant %s of %s: file %s: expected one of %s",
			mutant.Name, mutant.Model, mutant.File, strings.Join(m.sources, ", "))
	}
	var err error
	if broken[at].text, err = mutant.Apply(broken[at].text); err != nil {
		return err
	}
	p, err := check(broken, all)
	if err != nil {
		return fmt.Errorf("mutant %s of %s: %w", mutant.Name, mutant.Model, err)
	}
	m.note(p)
	was, is := m.sound.files[at], p.files[at]
	changed := 0
	for i, d := range is.file.Decls {
		if i < len(was.file.Decls) && was.cut(m.sound, was.file.Decls[i]) == is.cut(p, d) {
			continue
		}
		decl, ok := d.(*ast.FuncDecl)
		if changed++; !ok || len(was.file.Decls) != len(is.file.Decls) {
			changed = 0
			break
		}
		key := m.key(p.info.Defs[decl.Name])
		m.bodies[key] = append(m.bodies[key], body{mutant.Name, p, is, decl})
		m.varied[key] = true
	}
	if changed != 1 {
		return fmt.Errorf("mutant %s of %s: must change the body of one function", mutant.Name, mutant.Model)
	}
	return nil
}

// spread finds everything that must have the type parameter.
func (m *merger) spread() {
	for grown := true; grown; {
		grown = false
		grow := func(key string) {
			if !m.varied[key] {
				m.varied[key], grown = true, true
			}
		}
		for key, used := range m.uses {
			for u := range used {
				if m.varied[u] {
					grow(key)
				}
			}
		}
		for owner, methods := range m.methods {
			for _, method := range methods {
				// What nobody calls is called through an interface.
				if m.varied[method] && (m.taken[method] || !m.called[method]) {
					grow(owner)
				}
				if m.varied[owner] {
					grow(method)
				}
			}
		}
	}
}

// loose reports whether a method becomes a function. Of types that have the parameter too it is those methods that are
// called through no interface: the compiler makes code for each method of such a type once a mutant, for functions once.
func (m *merger) loose(key string) bool {
	owner, name := key[:strings.LastIndex(key, ".")], key[strings.LastIndex(key, ".")+1:]
	if !m.varied[key] || !slices.Contains(m.methods[owner], key) {
		return false
	}
	return !m.varied[owner] || !ast.IsExported(name) && !m.dynamic[name] && m.called[key] && !m.taken[key]
}

// edit puts a text in the place of a stretch of a source.
type edit struct {
	from, to int
	text     string
}

// cut returns the text of a node.
func (s source) cut(p *program, n ast.Node) string {
	return s.text[p.fset.Position(n.Pos()).Offset:p.fset.Position(n.End()).Offset]
}

// rewrite returns the text of a node of a program with the type parameter wherever it has to be.
func (m *merger) rewrite(p *program, f source, node ast.Node, more ...edit) string {
	from, to := p.fset.Position(node.Pos()).Offset, p.fset.Position(node.End()).Offset
	edits := more
	offset := func(pos token.Pos) int { return p.fset.Position(pos).Offset }
	insert := func(pos token.Pos, text string) { edits = append(edits, edit{offset(pos), offset(pos), text}) }
	indexed := make(map[ast.Node]token.Pos) // what has type arguments -> the first of them
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IndexExpr:
			indexed[last(n.X)] = n.Index.Pos()
		case *ast.IndexListExpr:
			indexed[last(n.X)] = n.Indices[0].Pos()
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && p.info.Selections[s] != nil && m.loose(m.keyOr(p, s.Sel)) {
				m.loosen(p, n, s, func(e edit) { edits = append(edits, e) }, offset)
			}
		case *ast.Ident:
			key := m.keyOr(p, n)
			_, method := p.info.Uses[n].(*types.Func)
			if method = method && strings.Count(strings.TrimPrefix(key, path.Dir(key)), ".") > 1; !m.varied[key] || method {
				break
			}
			if at, has := indexed[n]; has {
				insert(at, "Mutant, ")
			} else {
				insert(n.End(), "[Mutant]")
			}
		}
		return true
	})
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	for _, e := range edits {
		if e.from < from || e.to > to {
			continue
		}
		b.WriteString(f.text[from:e.from] + e.text)
		from = e.to
	}
	b.WriteString(f.text[from:to])
	return b.String()
}

// last returns the name at the end of what has type arguments.
func last(e ast.Expr) ast.Node {
	if s, ok := e.(*ast.SelectorExpr); ok {
		return s.Sel
	}
	return e
}

func (m *merger) keyOr(p *program, n *ast.Ident) string {
	if key := m.key(p.info.Uses[n]); key != "" {
		return key
	}
	return "."
}

// loosen turns a method call into a function call.
func (m *merger) loosen(
	p *program, call *ast.CallExpr, s *ast.SelectorExpr, add func(edit), offset func(token.Pos) int,
) {
	o := p.info.Uses[s.Sel].(*types.Func).Origin()
	address := ""
	_, pointer := o.Signature().Recv().Type().(*types.Pointer)
	_, isPointer := p.info.Types[s.X].Type.Underlying().(*types.Pointer)
	isPointer = isPointer && len(p.info.Selections[s].Index()) == 1
	switch {
	case pointer && !isPointer:
		address = "&"
	case !pointer && isPointer:
		address = "*"
	}
	comma := ""
	if len(call.Args) > 0 {
		comma = ", "
	}
	name := looseName(o)
	if folder := path.Dir(p.fset.Position(s.Pos()).Filename); o.Pkg().Path() != module+"/"+folder {
		name = o.Pkg().Name() + "." + name
	}
	add(edit{offset(s.Pos()), offset(s.Pos()), name + "[Mutant](" + address})
	add(edit{offset(s.X.End()), offset(call.Lparen) + 1, embedded(p.info.Selections[s]) + comma})
}

// embedded returns the embedded fields between a value and one whose method is selected, each behind a dot.
func embedded(s *types.Selection) string {
	path := ""
	t := s.Recv()
	for _, i := range s.Index()[:len(s.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		field := t.Underlying().(*types.Struct).Field(i)
		path += "." + field.Name()
		t = field.Type()
	}
	return path
}

// looseName is the name of the function that a method becomes, exported if both are.
func looseName(o *types.Func) string {
	owner := named(o.Signature().Recv().Type()).Obj().Name()
	if !o.Exported() {
		owner = strings.ToLower(owner[:1]) + owner[1:]
	}
	return owner + "_" + o.Name()
}

// write returns the files of the copy.
func (m *merger) write() (map[string]string, error) {
	files := make(map[string]string)
	for _, f := range m.sound.files {
		text := m.copy(f)
		formatted, err := format.Source([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", f.name, err, text)
		}
		files[m.place(f.name)] = string(formatted)
	}
	return files, nil
}

// place is where the copy of a source is.
func (f family) place(name string) string {
	dir := path.Join(variants, f.plain())
	if folder := path.Dir(name); folder != path.Dir(path.Clean(f.sources[0])) {
		dir = path.Join(dir, path.Base(folder))
	}
	return path.Join(dir, path.Base(name))
}

// copy returns the copy of a file.
func (m *merger) copy(f source) string {
	p := m.sound
	var edits []edit
	offset := func(pos token.Pos) int { return p.fset.Position(pos).Offset }
	replace := func(n ast.Node, text string) { edits = append(edits, edit{offset(n.Pos()), offset(n.End()), text}) }
	for _, d := range f.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			replace(d, m.function(f, d))
		case *ast.GenDecl:
			if d.Tok == token.VAR && m.mentions(d) {
				// A variable has no type parameters. None that the copies need is of such a type.
				from := d.Pos()
				if d.Doc != nil {
					from = d.Doc.Pos()
				}
				edits = append(edits, edit{offset(from), offset(d.End()), ""})
				continue
			}
			for _, s := range d.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					replace(t, m.typeSpec(f, t))
				}
			}
		}
	}
	for _, i := range f.file.Imports {
		for _, other := range m.sources {
			if dir := path.Dir(path.Clean(other)); i.Path.Value == importOf(dir) {
				replace(i.Path, importOf(path.Dir(m.place(path.Clean(other)))))
				break
			}
		}
	}
	var b strings.Builder
	at := offset(f.file.Name.End())
	fmt.Fprintf(&b, "%s\n%s\n\nimport %s\n", header, strings.TrimSpace(f.text[:at]), importOf(variants+"/variant"))
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	for _, e := range edits {
		b.WriteString(f.text[at:e.from] + e.text)
		at = e.to
	}
	b.WriteString(f.text[at:])
	text := b.String()
	if !strings.Contains(text, "variant.") {
		text = strings.Replace(text, "\n\nimport "+importOf(variants+"/variant")+"\n", "\n", 1)
	}
	return text
}

// mentions reports whether something in a node has the type parameter.
func (m *merger) mentions(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && m.varied[m.key(m.sound.info.Uses[id])] {
			found = true
		}
		return !found
	})
	return found
}

const parameter = "Mutant variant.Mutant"

func (m *merger) typeSpec(f source, t *ast.TypeSpec) string {
	if !m.varied[m.key(m.sound.info.Defs[t.Name])] {
		return f.cut(m.sound, t)
	}
	return m.rewrite(m.sound, f, t, m.declare(t.Name, t.TypeParams))
}

// declare puts the parameter behind a name.
func (m *merger) declare(name *ast.Ident, list *ast.FieldList) edit {
	at := m.sound.fset.Position(name.End()).Offset
	if list.NumFields() == 0 {
		return edit{at, at, "[" + parameter + "]"}
	}
	at = m.sound.fset.Position(list.Opening).Offset + 1
	return edit{at, at, parameter + ", "}
}

// function returns a function of the copy, with the bodies of its mutants.
func (m *merger) function(f source, d *ast.FuncDecl) string {
	p := m.sound
	key := m.key(p.info.Defs[d.Name])
	if !m.varied[key] {
		return f.cut(p, d)
	}
	offset := func(pos token.Pos) int { return p.fset.Position(pos).Offset }
	var edits []edit
	switch {
	case m.loose(key):
		recv := d.Recv.List[0]
		name := "_"
		if len(recv.Names) > 0 {
			name = recv.Names[0].Name
		}
		comma := ""
		if d.Type.Params.NumFields() > 0 {
			comma = ", "
		}
		o := p.info.Defs[d.Name].(*types.Func)
		edits = append(edits, edit{
			offset(d.Recv.Pos()), offset(d.Type.Params.Opening) + 1,
			looseName(o) + "[" + parameter + receiverParameters(o) + "](" + name + " " + m.rewrite(p, f, recv.Type) + comma,
		})
	case d.Recv == nil:
		edits = append(edits, m.declare(d.Name, d.Type.TypeParams))
	}
	edits = append(edits, m.parameters(d, key)...)
	var branches strings.Builder
	for _, b := range m.bodies[key] {
		text := m.rewrite(b.from, b.file, b.decl.Body)
		if d.Type.Results == nil && !endless(b.decl.Body) {
			text = strings.TrimSuffix(text, "}") + "\nreturn\n}"
		}
		fmt.Fprintf(&branches, "\nif variant.Of[Mutant]() == %q %s", b.mutant, text)
	}
	at := offset(d.Body.Lbrace) + 1
	if branches.Len() > 0 {
		branches.WriteString("\n")
	}
	edits = append(edits, edit{at, at, branches.String()})
	return m.rewrite(p, f, d, edits...)
}

// endless reports whether a body never comes to its end, but returns or goes on for ever.
func endless(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch last := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.ForStmt:
		return last.Cond == nil
	}
	return false
}

// receiverParameters returns the type parameters of a method's receiver, as those of a function behind another one.
func receiverParameters(o *types.Func) string {
	var b strings.Builder
	list := o.Signature().RecvTypeParams()
	constraints := named(o.Signature().Recv().Type()).Origin().TypeParams()
	for i := range list.Len() {
		short := func(p *types.Package) string { return p.Name() }
		fmt.Fprintf(&b, ", %s %s", list.At(i).Obj().Name(), types.TypeString(constraints.At(i).Constraint(), short))
	}
	return b.String()
}

// parameters returns names to parameters and receivers that only mutants use.
func (m *merger) parameters(d *ast.FuncDecl, key string) []edit {
	var edits []edit
	names := func(d *ast.FuncDecl) (all []*ast.Ident) {
		for _, list := range []*ast.FieldList{d.Recv, d.Type.Params} {
			if list != nil {
				for _, field := range list.List {
					all = append(all, field.Names...)
				}
			}
		}
		return all
	}
	own := names(d)
	for i, name := range own {
		for _, b := range m.bodies[key] {
			if theirs := names(b.decl); len(theirs) == len(own) && name.Name == "_" && theirs[i].Name != "_" {
				at := m.sound.fset.Position(name.Pos()).Offset
				edits = append(edits, edit{at, at + 1, theirs[i].Name})
				break
			}
		}
	}
	return edits
}
