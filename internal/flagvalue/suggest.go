package flagvalue

import "strings"

// Nearest returns the known name most similar to a misspelt one, or an empty string.
func Nearest(name string, known []string) string {
	const longest = 64 // length of names that are compared; all our names are shorter
	if name == "" || len(name) > longest {
		return ""
	}
	best, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		d := distance(strings.ToLower(name), k)
		if d >= len(k) { // They have nothing in common.
			continue
		}
		if len(name) > 1 && strings.HasPrefix(k, strings.ToLower(name)) {
			d = 0
		}
		if d < least {
			best, least = k, d
		}
	}
	return best
}

// distance returns the Levenshtein distance of two strings (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
