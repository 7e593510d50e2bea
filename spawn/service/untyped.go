package service

import "synod/consistency"

// Untyped is a service with its types erased. Values must still be of the service's own types.
type Untyped = Config[any, any, any, any]

// Untyped returns the configuration without its types and without the fields for encodings: Wire, History and Unions.
func (s *typed[S, I, O, M]) Untyped() Untyped {
	c, equal := s.Config, s.Object.Equal()
	u := Untyped{
		Object: consistency.Spec[any, any, any]{
			Name: c.Object.Name, Init: c.Object.Init,
			Step: func(state, in any) (any, any) {
				next, out := c.Object.Step(state.(S), in.(I))
				return next, out
			},
			SameState: func(a, b any) bool { return equal(a.(S), b.(S)) },
		},
		Operations: make([]Operation[any], len(c.Operations)),
		Request:    func(number uint64, in any) any { return c.Request(number, in.(I)) },
		Answer:     reading(c.Answer),
	}
	if same := c.Object.SameOutput; same != nil {
		u.Object.SameOutput = func(a, b any) bool { return same(a.(O), b.(O)) }
	}
	for i, o := range c.Operations {
		u.Operations[i] = o.untyped()
	}
	if c.Asked != nil {
		u.Asked = reading(c.Asked)
	}
	if c.Fits != nil {
		u.Fits = func(in, out any) bool { return c.Fits(in.(I), out.(O)) }
	}
	if c.Expired != nil {
		u.Expired = func(m any) (number, floor uint64, ok bool) {
			message, ok := m.(M)
			if !ok {
				return 0, 0, false
			}
			return c.Expired(message)
		}
	}
	if c.Print != nil {
		u.Print = func(server string, in, out any) string { return c.Print(server, in.(I), out.(O)) }
	}
	if c.Key != nil {
		u.Key = func(in any) string { return c.Key(in.(I)) }
	}
	return u
}

// reading returns a function that reads messages of any type, and those of other types not.
func reading[M, T any](read func(m M) (uint64, T, bool)) func(m any) (uint64, any, bool) {
	return func(m any) (uint64, any, bool) {
		message, ok := m.(M)
		if !ok {
			return 0, nil, false
		}
		number, value, ok := read(message)
		return number, value, ok
	}
}

// untyped returns the operation with its types erased. A nil Draw or Parse returns the zero input.
func (o Operation[I]) untyped() Operation[any] {
	u := Operation[any]{Name: o.Name, Doc: o.Doc, Arguments: o.Arguments, Reads: o.Reads, Administers: o.Administers}
	u.Draw = func(d Draw) any {
		var in I
		if o.Draw != nil {
			in = o.Draw(d)
		}
		return in
	}
	u.Parse = func(args []string) (any, error) {
		var in I
		if o.Parse == nil {
			return in, nil
		}
		return o.Parse(args)
	}
	return u
}
