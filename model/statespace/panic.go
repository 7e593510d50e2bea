package statespace

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"synod/internal/offheap"
)

// Caught is deferred around calls of a model's functions. It turns a panic into an error.
func Caught(err *error, who string, event func() string) {
	if v := recover(); v != nil {
		*err = panicked(v, who, event())
	}
}

// panicked returns an error for the value that a function of the model panicked with. Running out of memory is not
// the model's fault, so that panic continues.
func panicked(v any, who, event string) error {
	cause, _ := v.(error)
	if errors.Is(cause, offheap.ErrLimit) {
		panic(v)
	}
	e := &ImpureError{Actor: who, Event: event, What: fmt.Sprintf("panic: %v", v), Stack: stack(), Cause: cause}
	var deeper *ImpureError
	if asymmetry := new(AsymmetryError); errors.As(cause, &asymmetry) {
		return cause
	}
	var foreign *ForeignError
	switch {
	case errors.As(cause, &deeper): // for example, of a projection that a property reads
		return fmt.Errorf("%s: %w", e.where(), cause)
	case errors.As(cause, &foreign):
		e.What = cause.Error()
	}
	return e
}

// Try is like Judge, for a predicate that may panic; who names it in the error.
func (r *Reading) Try(who string, predicate func(*Reading) bool, state []PartID) (answer bool, reads []Read, err error) {
	defer Caught(&err, who, func() string { return "" })
	answer, reads = r.Judge(predicate, state)
	return answer, reads, nil
}

// maxFrames bounds the frames of a stack.
const maxFrames = 64

// stack returns the origin of a panic that is being recovered: the model's functions on the stack with their lines,
// innermost first. The result is the same in every run.
func stack() string {
	pcs := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var all []runtime.Frame
	for more := true; more; {
		var f runtime.Frame
		if f, more = frames.Next(); f.Function != "" {
			all = append(all, f)
		}
	}
	var b strings.Builder
	for _, f := range ofModel(all) {
		fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
	}
	return b.String()
}

// ofModel removes the frames of recovery, and those of the search that called the model.
func ofModel(all []runtime.Frame) []runtime.Frame {
	isRuntime := func(f runtime.Frame) bool { return strings.HasPrefix(f.Function, "runtime.") }
	for i, f := range all {
		if f.Function == "runtime.gopanic" {
			for i < len(all) && isRuntime(all[i]) {
				i++
			}
			all = all[i:]
			break
		}
	}
	user := false
	for i, f := range all {
		ours := strings.HasPrefix(f.Function, "synod/model.") || strings.HasPrefix(f.Function, "synod/model/") || strings.HasPrefix(f.Function, "synod/checker.") ||
			strings.HasPrefix(f.Function, "synod/internal/")
		if user && (ours || isRuntime(f)) {
			return all[:i]
		}
		user = user || !ours
	}
	return all
}
