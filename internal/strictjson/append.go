package strictjson

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

// AppendChar appends a string of one character. Only quotes, backslashes and control characters are escaped; an
// invalid rune becomes U+FFFD.
func AppendChar(dst []byte, c rune) []byte {
	dst = append(dst, '"')
	switch c {
	case '"', '\\':
		dst = append(dst, '\\', byte(c))
	case '\b':
		dst = append(dst, '\\', 'b')
	case '\f':
		dst = append(dst, '\\', 'f')
	case '\n':
		dst = append(dst, '\\', 'n')
	case '\r':
		dst = append(dst, '\\', 'r')
	case '\t':
		dst = append(dst, '\\', 't')
	default:
		if 0 <= c && c < ' ' {
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		} else {
			dst = utf8.AppendRune(dst, c)
		}
	}
	return append(dst, '"')
}
