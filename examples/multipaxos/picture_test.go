package multipaxos_test

import (
	"context"
	"slices"
	"testing"

	"synod/checker"
	"synod/examples/multipaxos"
	"synod/model"
	"synod/model/statespace"
)

// The logs of replicas are drawn slot by slot, as far as they are proposed, decided and executed.
func TestPictureOfLogs(t *testing.T) {
	for name, sys := range map[string]interface {
		Space() (statespace.Space, error)
	}{
		"servers": multipaxos.System(multipaxos.Default), "roles": multipaxos.RolesSystem(multipaxos.DefaultRoles),
	} {
		r := checker.BFS(context.Background(), sys, checker.Options{MaxStates: 60_000})
		defer r.Close()
		drawn, voted := false, false
		for _, p := range r.Properties {
			if p.Path == nil || p.Verdict != checker.Example {
				continue
			}
			all, err := model.Pictures(r.Model(), *p.Path)
			if err != nil || len(all) != 2 {
				t.Fatalf("%s: %d pictures, %v", name, len(all), err)
			}
			for _, row := range all[0].Rows {
				drawn = drawn || slices.ContainsFunc(row.Cells, func(c model.PictureCell) bool {
					return c.Mark == model.Applied && c.Text != "" && c.Column == 0
				})
			}
			voted = voted || slices.ContainsFunc(all[1].Rows, func(row model.PictureRow) bool { return len(row.Cells) > 0 })
		}
		if !drawn || !voted {
			t.Errorf("%s: no example shows a slot that is executed (%v), or a vote (%v)", name, drawn, voted)
		}
	}
}
