package actor

// Untyped erases the types of an actor, for code that handles actors of any protocol. The states and messages passed
// to it must still be of the types S and M. Nil handlers stay nil.
func Untyped[S, M any](a Typed[S, M]) Typed[any, any] {
	u := Typed[any, any]{
		Value: a.Value,
		Start: func(self ID, out *Out[any]) any {
			return within(out, func(o *Out[M]) S { return a.Start(self, o) })
		},
		Receive: func(self ID, st any, from ID, msg any, out *Out[any]) any {
			return within(out, func(o *Out[M]) S { return a.Receive(self, st.(S), from, msg.(M), o) })
		},
	}
	if f := a.Timeout; f != nil {
		u.Timeout = func(self ID, st any, timer Timer, out *Out[any]) any {
			return within(out, func(o *Out[M]) S { return f(self, st.(S), timer, o) })
		}
	}
	if f := a.Chosen; f != nil {
		u.Chosen = func(self ID, st any, option Option, out *Out[any]) any {
			return within(out, func(o *Out[M]) S { return f(self, st.(S), option, o) })
		}
	}
	if f := a.Keep; f != nil {
		u.Keep = func(st any) any { return f(st.(S)) }
	}
	if f := a.Recover; f != nil {
		u.Recover = func(self ID, kept any, out *Out[any]) any {
			return within(out, func(o *Out[M]) S { return f(self, kept, o) })
		}
	}
	if f := a.Forget; f != nil {
		u.Forget = func(self ID, st any) any { return f(self, st.(S)) }
	}
	return u
}

// within calls a handler that commands with messages of type M, and copies its commands to out.
func within[S, M any](out *Out[any], handler func(o *Out[M]) S) any {
	var typed Out[M]
	st := handler(&typed)
	for _, c := range typed.commands {
		u := Command[any]{Kind: c.Kind, To: c.To, Timer: c.Timer, Min: c.Min, Max: c.Max, Options: c.Options}
		if c.Kind == Send {
			u.Message = c.Message
		}
		out.commands = append(out.commands, u)
	}
	return st
}
