package model

import "synod/model/statespace"

// Source is the input of a check. System and Plain are sources.
type Source = statespace.Source
