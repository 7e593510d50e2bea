// Package noun formats counts of things in English.
package noun

import (
	"fmt"
	"strings"
)

// Count returns a count with a noun, such as "1 crash" or "2 crashes". In a phrase such as "event not saved" the
// first word gets the plural.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	word, remark, followed := strings.Cut(what, " not ")
	if strings.HasSuffix(word, "sh") {
		word += "e"
	}
	word += "s"
	if followed {
		word += " not " + remark
	}
	return fmt.Sprintf("%d %s", n, word)
}
