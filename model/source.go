package model

import "synod/model/statespace"

// Source is what a check takes. System and Plain are sources.
type Source = statespace.Source
