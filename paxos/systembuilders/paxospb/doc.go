package paxospb

//go:generate go -C ../../.. tool -modfile=tools/go.mod buf generate
