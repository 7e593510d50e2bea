package statespace

import "fmt"

// Shows reports whether a path is a witness for a property: an example of Sometimes, or a violation of any other. For
// properties of paths, the path must be Maximal or have a Loop, which are taken on trust. An unfair loop violates no
// property; see Justify.
func Shows(space Space, p Property, path Path) (shown bool, err error) {
	defer Caught(&err, fmt.Sprintf("the property %q", p.Name), func() string { return "judging a path" })
	reading := NewReading(space)
	ask := func(predicate func(*Reading) bool, steps int) bool {
		answer, _ := reading.Judge(predicate, path.At(steps))
		return answer
	}
	last := len(path.Steps)
	switch p.Expect {
	case Always, Sometimes:
		return ask(p.Holds, last) == (p.Expect == Sometimes), nil
	case Quiescent:
		return path.Maximal && !ask(p.Holds, last), nil
	case Refines:
		return showsNoStep(reading, p, path)
	case Eventually, LeadsTo:
	}
	if !path.Maximal && path.Loop == 0 {
		return false, nil
	}
	due := p.Expect == Eventually
	for steps := range last + 1 {
		due = due || ask(p.When, steps)
		if due && ask(p.Holds, steps) {
			if p.Expect == Eventually {
				return false, nil
			}
			due = false
		}
	}
	// An obligation that arises within the loop is met in its next iteration, if at all.
	for steps := path.Loop; path.Loop > 0 && due && steps <= last; steps++ {
		due = !ask(p.Holds, steps)
	}
	if !due {
		return false, nil
	}
	fair, err := IsFair(space, path)
	return fair, err
}

// showsNoStep reports whether the last transition of a path, or its initial state if it has none, does not exist in
// the abstract model.
func showsNoStep(reading *Reading, p Property, path Path) (bool, error) {
	abstract, err := p.Refinement.Open()
	if err != nil {
		return false, err
	}
	defer abstract.Close()
	image := func(state []PartID) (number uint32) {
		reading.Judge(func(r *Reading) bool {
			number, err = abstract.Image(r)
			return false
		}, state)
		return number
	}
	to := image(path.Last())
	if err != nil {
		return false, err
	}
	if len(path.Steps) == 0 {
		initial, err := abstract.Initial(to)
		return !initial, err
	}
	from := image(path.At(len(path.Steps) - 1))
	if err != nil || from == to {
		return false, err
	}
	ok, err := abstract.Step(from, to)
	return !ok, err
}
