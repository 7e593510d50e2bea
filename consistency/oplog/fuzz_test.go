package oplog

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// FuzzLoad reads anything. What can be read is written again and read as the same, and can be checked.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"format":"synod.history/1","spec":"kv","initial":null}`+"\n"+
		`{"type":"invoke","process":1,"op":"write","key":"k","value":"\u0041\n"}`+"\n"+
		`{"type":"ok","process":1,"time":3,"value":[1,true,null]}`+"\n"+`{"ty`), uint8(3))
	f.Add([]byte(jepsenText), uint8(0))
	f.Add([]byte("["+jepsenText+"]"), uint8(4))
	f.Add([]byte(`(#_x {:type :ok :f :read :process 1N :value [\a "b\"" -0 ^{} :c] "s" #{1}})`), uint8(2))
	f.Fuzz(func(t *testing.T, text []byte, n uint8) {
		spec := Spec(append(Specs(), "")[int(n)%(len(Specs())+1)])
		h, err := Load(bytes.NewReader(text), ReadConfig{Spec: spec})
		if err != nil {
			if !errors.As(err, new(*LineError)) && !errors.Is(err, ErrNoHistory) && !strings.Contains(err.Error(), "specification") {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		var b bytes.Buffer
		w, err := NewWriter(&b, h.Header, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range h.Events {
			if err := w.Write(e); err != nil {
				t.Fatalf("%+v was read and cannot be written: %v", e, err)
			}
			h.Events[i].Line = i + 2
		}
		again, err := Load(&b, ReadConfig{})
		if err != nil || again.Header != h.Header || len(again.Events) != len(h.Events) {
			t.Fatalf("%v: %+v is not %+v", err, again, h)
		}
		for i, e := range h.Events {
			if !reflect.DeepEqual(e, again.Events[i]) {
				t.Fatalf("%+v became %+v", e, again.Events[i])
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		config := Config{Spec: h.Header.Spec, MaxMemory: 1 << 20}
		for _, check := range []func(context.Context, History, Config) (Result, error){Check, CheckSequential} {
			if _, err := check(ctx, h, config); err != nil && config.Validate() == nil && !errors.As(err, new(*LineError)) {
				t.Fatalf("an error of no kind: %v", err)
			}
		}
	})
}
