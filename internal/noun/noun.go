// Package noun writes numbers of things in English.
package noun

import (
	"fmt"
	"strings"
)

// Count returns a number of things, such as "1 crash" or "2 crashes". Of a thing with a remark behind it, as "event not
// saved" is, the first word gets the plural.
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
