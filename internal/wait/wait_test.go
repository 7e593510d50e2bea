package wait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"synod/internal/wait"
)

func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			wait, end, took time.Duration
			goesOn          bool
		}{
			{time.Second, time.Hour, time.Second, true},
			{time.Hour, time.Second, time.Second, false},
			{0, time.Hour, 0, true},
			{-time.Second, time.Hour, 0, true},
			{-time.Second, -time.Second, 0, false},
			{time.Second, -time.Second, 0, false},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), tt.end)
			began := time.Now()
			goesOn := wait.For(ctx, tt.wait)
			if took := time.Since(began); goesOn != tt.goesOn || took != tt.took {
				t.Errorf("%v in a context of %v: %v after %v", tt.wait, tt.end, goesOn, took)
			}
			cancel()
		}
	})
}
