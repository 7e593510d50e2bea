package strictjson

import (
	"strings"
	"testing"
)

// FuzzFits holds the quick answer against the reader.
func FuzzFits(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `{"a":1}`, `{"a":[1,-2.5e3,true,false,null,"x"],"b":{"c":"\u00e9\n"}}`, `[[1],{"a":{}}]`, `{"ü":"é"}`,
		`[01]`, `[-]`, `[1,]`, `{"a"}`, `{"a":1,}`, `[1 2]`, `["\ud800"]`, `["\\"]`, `["\""]`, `["a\"b\\"]`, `[1}`, `{"a":1]`, `[`, `["`, `[1]2`,
		"[\n]", "[\"\x01\"]", "[\"\xff\"]", strings.Repeat("[", 56) + strings.Repeat("]", 56), `[tru]`, `[1.]`, `["\`, `["\u12"]`,
		`{"a":1} `, ` [1]`, "[1234567\t]", "[\"1234567\x7f\"]", `["123456789é"]`, `"1234567890"`, `[1234567890,1]`,
		strings.Repeat("[", 57) + strings.Repeat("]", 57), `[[ ]]`, `{"a":{ }, "b" : [ 1 , 2 ] }`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(data)
		r.Skip()
		valid := r.End() == nil
		s := strings.TrimSpace(string(data))
		control := strings.ContainsFunc(string(data), func(c rune) bool { return c < ' ' })
		closed := len(s) == len(data) && len(s) > 1 && (s[0] == '{' || s[0] == '[')
		deep := strings.Count(s, "[")+strings.Count(s, "{") > maxFit
		if known, fits := FitsKnown(data), Fits(data); valid && known != fits {
			t.Errorf("%q is JSON; that it fits, which is %v, is taken for %v", data, fits, known)
		}
		switch fits := Fits(data); {
		case fits && !(valid && closed && !control):
			t.Errorf("%q fits", data)
		case !fits && valid && closed && !control && !deep:
			t.Errorf("%q does not fit", data)
		}
	})
}
