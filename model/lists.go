package model

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"synod/actor"
	"synod/internal/intern"
	"synod/model/statespace"
)

var anyWalker = func() *intern.Walker[any] {
	w, err := intern.For[any]()
	if err != nil {
		panic("model: " + err.Error())
	}
	return w
}()

func encodeAny(v any) string { return string(anyWalker.Encode(nil, v)) }

// textAny formats a timer, an option or another value of any type for display: a string as it is if it reads like
// words, or else quoted; any other value with its type, unless the type is obvious. So only a String method can
// produce text that looks like a string.
func textAny(v any) string {
	s, ok := v.(string)
	switch {
	case !ok:
		return anyWalker.Text(v)
	case readsLikeWords(s):
		return s
	}
	return strconv.Quote(s)
}

// readsLikeWords reports whether a string has only letters, digits, spaces, dashes and underscores, begins with a
// letter, and cannot be mistaken for a missing value.
func readsLikeWords(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !strings.ContainsRune(" -_", r)) {
			return false
		}
	}
	return s != "" && s != "nil" && !strings.HasSuffix(s, " ")
}

// timerTexts returns the texts of a set of timers in a fixed order; none for an actor that is down.
func (c *cells) timerTexts(set uint32, show func(any) string) []string {
	if set == isDown {
		return nil
	}
	var all []string
	for _, timer := range c.lists.At(set) {
		all = append(all, show(actor.Timer(c.timers.Value(timer))))
	}
	slices.Sort(all)
	return all
}

// pendingTexts returns the texts of the pending choices in a fixed order.
func (c *cells) pendingTexts(multiset uint32, show func(any) string) []string {
	var all []string
	for _, choice := range c.lists.At(multiset) {
		all = append(all, c.optionTexts(choice, show))
	}
	slices.Sort(all)
	return all
}

// optionTexts returns the text of the options of a choice.
func (c *cells) optionTexts(choice uint32, show func(any) string) string {
	var all [][]byte
	for _, option := range c.lists.At(choice) {
		all = append(all, []byte(show(c.options.Value(option))))
	}
	slices.SortFunc(all, bytes.Compare)
	return string(appendList(nil, all))
}

// appendList appends items in brackets. An item that contains a separator is quoted.
func appendList(dst []byte, items [][]byte) []byte {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, "; "...)
		}
		dst = append(dst, item...)
	}
	return append(dst, ']')
}

// listChanges returns the items added and removed between two sorted lists.
func listChanges(path string, from, to []string) []statespace.Change {
	var all []statespace.Change
	for len(from) > 0 || len(to) > 0 {
		switch {
		case len(to) == 0 || len(from) > 0 && from[0] < to[0]:
			all, from = append(all, statespace.Change{Path: path, Old: from[0]}), from[1:]
		case len(from) == 0 || to[0] < from[0]:
			all, to = append(all, statespace.Change{Path: path, New: to[0]}), to[1:]
		default:
			from, to = from[1:], to[1:]
		}
	}
	return all
}

func changes(found []intern.Change) []statespace.Change {
	all := make([]statespace.Change, len(found))
	for i, c := range found {
		all[i] = statespace.Change(c)
	}
	return all
}
